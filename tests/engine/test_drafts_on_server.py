# ruff: noqa: F811 - fixtures of another module
r"""Postponed drafts in \Drafts of a real IMAP server: put there, replaced, sent, dropped; offline, changed twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, entries
from tests.engine.test_imap_account import other_client, paths, server, settings  # noqa: F401 - fixtures
from tests.support.cut_link import cut_link
from tuimail.compose.draft import Draft
from tuimail.config import secrets
from tuimail.config.model import SentCopy, SubmissionCommand
from tuimail.engine import Engine
from tuimail.engine.index_request import IndexRequest
from tuimail.journal.action import UNDECIDED
from tuimail.outbox.model.states import ItemState
from tuimail.sync import reconnect

if TYPE_CHECKING:
    import imaplib
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Config, Server
    from tuimail.paths import Paths

DRAFTS = IndexRequest("work", "Drafts")
LETTER = Draft(
    id="d1", account="work", to="kim@example.net, bo", bcc="eve@example.net", subject="Mill", body="One", postponed=True
)
THEIRS = (
    b"From: ada@example.org\r\nTo: kim@example.net\r\nSubject: Mill\r\nMessage-ID: <p%d@phone.example>\r\n"
    b"X-Tuimail-Draft: d1\r\n\r\nFrom the phone\r\n"
)


def in_drafts(client: imaplib.IMAP4_SSL) -> list[bytes]:
    """The messages there, by uid."""
    client.select("Drafts")
    _, (uids,) = client.search(None, "ALL")
    return [client.fetch(uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in uids.split()]  # type: ignore[index, misc]


def sending(server: Server, command: Path) -> Config:
    command.write_text("#!/bin/sh\ncat > /dev/null\n")
    command.chmod(0o700)
    made = settings(server)
    account = made.accounts["work"]
    account = replace(account, submission=SubmissionCommand((str(command), "-oi")), sent_copy=SentCopy.NONE)
    return replace(made, accounts={"work": account}, outbox=replace(made.outbox, undo_seconds=0))


@asynccontextmanager
async def running(paths: Paths, settings: Config) -> AsyncIterator[Changes]:
    engine = Engine(settings, paths)
    await engine.start(run_outbox=False)
    try:
        mail = Changes(engine)
        await mail.until(lambda _: True, DRAFTS)
        yield mail
    finally:
        await engine.stop()


async def postponed(mail: Changes, draft: Draft) -> Draft:
    await mail.engine.drafts.save(draft)
    await mail.engine.drafts.postpone(draft)
    return await opened(mail, draft)


async def carried_out(mail: Changes) -> None:
    """Nothing waits in the journal any more."""
    async with asyncio.timeout(30):
        while await mail.engine.mail.ask_journal("work", lambda journal: journal.actions(UNDECIDED)):
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
