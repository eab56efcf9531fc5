r"""Postponed drafts in \Drafts of a real IMAP server: put there, replaced, sent, dropped; offline, changed twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.engine.imap_program import other_client, settings
from tests.engine.mail_support import Changes, entries
from tests.support.cut_link import cut_link
from tuimail.compose.draft import Draft
from tuimail.config import secrets
from tuimail.config.model import Security, SentCopy, Server, SpecialUse, SubmissionCommand
from tuimail.engine import Engine
from tuimail.engine.index_request import IndexRequest
from tuimail.events import Notice
from tuimail.journal.action import UNDECIDED, ActionState
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.sync import reconnect

if TYPE_CHECKING:
    import imaplib
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cut_link import CutLink
    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Config
    from tuimail.paths import Paths


class Queued(NamedTuple):
    """What ``queued`` gives."""

    mail: Changes
    link: CutLink
    client: imaplib.IMAP4_SSL
    item_id: str


INBOX = IndexRequest("work")
DRAFTS = IndexRequest("work", "Drafts")
LETTER = Draft(
    id="d1", account="work", to="kim@example.net, bo", bcc="eve@example.net", subject="Mill", body="One", postponed=True
)
THEIRS = (
    b"From: ada@example.org\r\nTo: kim@example.net\r\nSubject: Mill\r\nMessage-ID: <p%d@phone.example>\r\n"
    b"X-Tuimail-Draft: d1\r\n\r\nFrom the phone\r\n"
)


def in_drafts(client: imaplib.IMAP4_SSL, folder: str = "Drafts") -> list[bytes]:
    """The messages there, by uid."""
    client.select(folder)
    _, (uids,) = client.search(None, "ALL")
    return [client.fetch(uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in uids.split()]  # type: ignore[index, misc]


def without_drafts(dovecot: Dovecot, kind: str) -> Server:
    """The server of a user who has no folder for drafts."""
    made = Server(
        dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.user_without_drafts(kind), ca_file=dovecot.ca_file
    )
    secrets.remember(made, "work", dovecot.password)
    return made


def with_folder(made: Config, name: str) -> Config:
    """The user says which folder is for drafts; an empty ``name``: nothing."""
    folders = {SpecialUse.DRAFTS: name} if name else {}
    return replace(made, accounts={"work": replace(made.accounts["work"], folders=folders)})


def listed(client: imaplib.IMAP4_SSL, command: str) -> set[str]:
    """The names of LIST or LSUB."""
    lines = getattr(client, command)()[1]
    return {each.decode().rpartition(" ")[2].strip('"') for each in lines if each}


def sending(server: Server, command: Path) -> Config:
    command.write_text("#!/bin/sh\ncat > /dev/null\n")
    command.chmod(0o700)
    made = settings(server)
    account = made.accounts["work"]
    account = replace(account, submission=SubmissionCommand((str(command), "-oi")), sent_copy=SentCopy.NONE)
    return replace(made, accounts={"work": account}, outbox=replace(made.outbox, undo_seconds=0))


@asynccontextmanager
async def running(paths: Paths, settings: Config, seen: IndexRequest = DRAFTS) -> AsyncIterator[Changes]:
    engine = Engine(settings, paths)
    await engine.start(run_outbox=False)
    try:
        mail = Changes(engine)
        await mail.until(lambda _: True, seen)
        yield mail
    finally:
        await engine.stop()


async def postponed(mail: Changes, draft: Draft) -> Draft:
    await mail.engine.drafts.save(draft)
    await mail.engine.drafts.postpone(draft)
    return await opened(mail, draft)


async def carried_out(mail: Changes, *, but: ActionState | None = None) -> None:
    """Nothing waits in the journal any more, except for what is in the state ``but``."""
    async with asyncio.timeout(30):
        while await mail.engine.mail.ask_journal("work", lambda journal: journal.actions(UNDECIDED - {but})):
            await mail.engine.mail.look()


async def opened(mail: Changes, draft: Draft) -> Draft:
    return await mail.engine.drafts.open(draft.id)


async def test_put_there_replaced_and_gone_when_it_was_accepted(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
    tmp_path: Path,
) -> None:
    with other_client(dovecot, server) as client:
        client.create("Drafts")
        async with running(paths, sending(server, tmp_path / "sendmail")) as mail:
            draft = await postponed(mail, LETTER)
            await carried_out(mail)
            (raw,) = in_drafts(client)
            assert b"X-Tuimail-Draft: d1\r\n" in raw
            assert b"Bcc: eve@example.net\r\n" in raw
            assert b"To: kim@example.net, bo\r\n" in raw, "what cannot be sent to yet is kept as typed"
            draft, words = await mail.engine.drafts.copies.checked(draft)
            assert (words, draft.draft_copy is not None and draft.draft_copy.key != "") == ("", True)
            draft = await postponed(mail, replace(draft, to="kim@example.net", body="Two"))
            await carried_out(mail)
            (raw,) = in_drafts(client)
            assert b"Two" in raw
            index = await mail.until(lambda it: it.count == 1 and entries(it)[0].row.size != 0, DRAFTS)
            await mail.engine.mail.look()
            index = await mail.index(DRAFTS)
            assert (await mail.engine.answers.continue_draft(entries(index)[0].ref)).draft.id == "d1"
            await mail.engine.drafts.enqueue(replace(draft, postponed=False))
            assert len(in_drafts(client)) == 1
            (done,) = await mail.engine.outbox.run_once()
            assert done.state is ItemState.DONE
            await carried_out(mail)
            assert in_drafts(client) == []


@pytest.mark.parametrize("dropped", [False, True])
async def test_offline_it_waits_and_only_the_last_one_is_there_in_the_end(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    dropped: bool,
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    with other_client(dovecot, server) as client:
        client.create("Drafts")
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, sending(behind, tmp_path / "sendmail")) as mail:
                link.cut()
                await mail.engine.mail.look()
                draft = await postponed(mail, replace(LETTER, to="kim@example.net"))
                draft = await postponed(mail, replace(draft, body="Two"))
                assert in_drafts(client) == []
                if dropped:
                    await mail.engine.drafts.drop(draft)
                link.mend()
                await mail.until(lambda _: not mail.engine.mail.offline("work"), DRAFTS)
                await mail.engine.mail.look()
                await carried_out(mail)
                found = in_drafts(client)
                assert [b"Two" in each for each in found] == ([] if dropped else [True])
                if not dropped:
                    await mail.engine.drafts.enqueue(replace(draft, postponed=False))
                    await mail.engine.outbox.run_once()
                    await carried_out(mail)
                    assert in_drafts(client) == []


async def test_changed_in_two_places_both_are_kept_and_it_is_said(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
    tmp_path: Path,
) -> None:
    with other_client(dovecot, server) as client:
        client.create("Drafts")
        async with running(paths, sending(server, tmp_path / "sendmail")) as mail:
            draft = await postponed(mail, LETTER)
            await carried_out(mail)
            await mail.engine.mail.look()
            client.select("Drafts")
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()
            client.append("Drafts", "", "", THEIRS % 1)
            await mail.engine.mail.look()
            index = await mail.until(lambda it: it.count == 1 and entries(it)[0].row.size < 400, DRAFTS)
            theirs = entries(index)[0].ref
            prepared = await mail.engine.answers.continue_draft(theirs)
            assert "Both are kept" in prepared.note
            assert prepared.draft.body == "From the phone"
            assert prepared.draft.id != "d1"
            await mail.engine.drafts.discard(prepared.draft.id)
            draft, words = await mail.engine.drafts.copies.checked(draft)
            assert "changed or deleted elsewhere" in words
            await postponed(mail, replace(draft, body="Mine"))
            await carried_out(mail)
            assert [b"From the phone" in each for each in in_drafts(client)] == [True, False]


@pytest.mark.parametrize(
    ("kind", "wanted", "made"),
    [
        ("bare", "", "Drafts"),
        ("bare", "Kladde", "Kladde"),
        ("below", "", "INBOX.Drafts"),
        ("below", "Über", "INBOX.&ANw-ber"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_where_there_is_no_folder_for_drafts_it_is_made_with_the_first_copy(
    dovecot: Dovecot, paths: Paths, tmp_path: Path, kind: str, wanted: str, made: str, *, at_once: bool
) -> None:
    """``at_once``: it is postponed again before the folder is known here."""
    server = without_drafts(dovecot, kind)
    with other_client(dovecot, server) as client:
        assert listed(client, "list") == {"INBOX"}
        async with running(paths, with_folder(sending(server, tmp_path / "sendmail"), wanted), INBOX) as mail:
            draft = await postponed(mail, replace(LETTER, to="kim@example.net"))
            if not at_once:
                await carried_out(mail)
                await mail.engine.mail.look()
            draft = await postponed(mail, replace(draft, body="Two"))
            await carried_out(mail)
            assert [b"Two" in each for each in in_drafts(client, made)] == [True]
            assert listed(client, "list") == {"INBOX", made}
            assert made in listed(client, "lsub")
            await mail.engine.mail.look()
            uses = {each.name: each.special_use for each in await mail.engine.mail.folders()}
            assert [use for name, use in uses.items() if name != "INBOX"] == ["drafts"]
            await mail.engine.drafts.enqueue(replace(draft, postponed=False))
            await mail.engine.outbox.run_once()
            await carried_out(mail)
            assert in_drafts(client, made) == []


async def test_a_draft_that_is_dropped_before_the_folder_was_made_leaves_nothing_in_it(
    dovecot: Dovecot, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    server = without_drafts(dovecot, "below")
    with other_client(dovecot, server) as client:
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, sending(behind, tmp_path / "sendmail"), INBOX) as mail:
                link.cut()
                await mail.engine.mail.look()
                draft = await postponed(mail, LETTER)
                await mail.engine.drafts.drop(draft)
                link.mend()
                await mail.until(lambda _: not mail.engine.mail.offline("work"), INBOX)
                await carried_out(mail)
                assert in_drafts(client, "INBOX.Drafts") == []


async def test_that_the_folder_cannot_be_made_is_said_once(
    dovecot: Dovecot, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    server = without_drafts(dovecot, "bare")
    async with cut_link(server.port) as link:
        behind = replace(server, port=link.port)
        secrets.remember(behind, "work", dovecot.password)
        async with running(paths, with_folder(sending(behind, tmp_path / "sendmail"), "a//b"), INBOX) as mail:
            said: list[str] = []
            mail.engine.announcer.subscribe(lambda it: said.append(it.text) if isinstance(it, Notice) else None)
            link.cut()
            await mail.engine.mail.look()
            await postponed(mail, LETTER)
            await postponed(mail, replace(LETTER, id="d2"))
            link.mend()
            await mail.until(lambda _: not mail.engine.mail.offline("work"), INBOX)
            await carried_out(mail, but=ActionState.REFUSED)
            actions = await mail.engine.mail.ask_journal("work", lambda journal: journal.actions())
            assert [each.state for each in actions] == [ActionState.REFUSED, ActionState.DROPPED]
            await postponed(mail, replace(LETTER, id="d3"))
            await mail.engine.mail.journal.drop(actions[0])
            await postponed(mail, replace(LETTER, id="d4"))
            assert len(await mail.engine.mail.ask_journal("work", lambda journal: journal.actions())) == 2
            assert ["no folder for drafts" in each for each in said].count(True) == 1
            assert {each.id for each in await mail.engine.drafts.available()} == {"d1", "d2", "d3", "d4"}


@asynccontextmanager
async def queued(dovecot: Dovecot, server: Server, paths: Paths, tmp_path: Path) -> AsyncIterator[Queued]:
    """A letter in the outbox that is also in the folder for drafts, at a server behind a link."""
    with other_client(dovecot, server) as client:
        client.create("Drafts")
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, sending(behind, tmp_path / "sendmail")) as mail:
                draft = await postponed(mail, replace(LETTER, to="kim@example.net"))
                await carried_out(mail)
                item = await mail.engine.drafts.enqueue(replace(draft, postponed=False), held=True)
                assert len(in_drafts(client)) == 1
                yield Queued(mail, link, client, item.id)


async def test_a_letter_that_is_deleted_from_the_outbox_takes_its_copy_along(
    dovecot: Dovecot, server: Server, paths: Paths, tmp_path: Path
) -> None:
    async with queued(dovecot, server, paths, tmp_path) as (mail, _, client, item_id):
        await mail.engine.outbox.apply_many(Verb.DROP, [item_id])
        await carried_out(mail)
        assert in_drafts(client) == []


async def test_one_that_became_a_draft_again_keeps_its_copy(
    dovecot: Dovecot, server: Server, paths: Paths, tmp_path: Path
) -> None:
    async with queued(dovecot, server, paths, tmp_path) as (mail, _, client, item_id):
        await mail.engine.outbox.apply(Verb.CANCEL, item_id)
        await carried_out(mail)
        assert len(in_drafts(client)) == 1


@pytest.mark.parametrize("sent", [False, True])
async def test_deleted_undone_and_gone_on_with_leaves_one_copy(
    dovecot: Dovecot, server: Server, paths: Paths, tmp_path: Path, *, sent: bool
) -> None:
    async with queued(dovecot, server, paths, tmp_path) as (mail, _, client, item_id):
        said: list[str] = []
        mail.engine.announcer.subscribe(lambda it: said.append(it.text) if isinstance(it, Notice) else None)
        for _ in range(2):  # deleted once more, too
            await mail.engine.outbox.apply(Verb.DROP, item_id)
            await carried_out(mail)
            await mail.engine.outbox.apply(Verb.RESTORE, item_id)
        assert in_drafts(client) == []
        if sent:
            await mail.engine.outbox.apply(Verb.SEND_NOW, item_id)
            (done,) = await mail.engine.outbox.run_once()
            assert done.state is ItemState.DONE
            await carried_out(mail)
            assert in_drafts(client) == []
        else:
            draft = await mail.engine.outbox.edit(item_id)
            draft, words = await mail.engine.drafts.copies.checked(draft)
            assert words == "", "nobody else has changed it"
            draft = await postponed(mail, replace(draft, body="Two", postponed=True))
            await carried_out(mail)
            assert [b"Two" in each for each in in_drafts(client)] == [True]
            await postponed(mail, replace(draft, body="Three"))
            await carried_out(mail)
            assert [b"Three" in each for each in in_drafts(client)] == [True]
        assert said == []


async def test_undone_before_anything_was_done_the_copy_stays(
    dovecot: Dovecot, server: Server, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    async with queued(dovecot, server, paths, tmp_path) as (mail, link, client, item_id):
        link.cut()
        await mail.engine.mail.look()
        await mail.engine.outbox.apply(Verb.DROP, item_id)
        await mail.engine.outbox.apply(Verb.RESTORE, item_id)
        link.mend()
        await mail.until(lambda _: not mail.engine.mail.offline("work"), DRAFTS)
        await carried_out(mail)
        assert len(in_drafts(client)) == 1
        draft = await mail.engine.outbox.edit(item_id)
        await postponed(mail, replace(draft, body="Two", postponed=True))
        await carried_out(mail)
        assert [b"Two" in each for each in in_drafts(client)] == [True]
