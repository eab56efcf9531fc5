"""engine.mail.transfer: messages moved and copied to other accounts, on Maildirs and on a real IMAP server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import deliver, new_account, other_client
from tests.engine.mail_support import Changes, entries, make_maildir, put_message, subjects, with_maildir
from tests.support.cut_link import cut_link
from tests.ui.scene import config
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy, Server
from tuimail.engine import Engine
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.mail_source import NotKeptError
from tuimail.errors import IllegalTransitionError, UsageError
from tuimail.journal.action import ActionState
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.paths import Paths
from tuimail.sync import imap_refusal, reconnect

if TYPE_CHECKING:
    import imaplib
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Config
    from tuimail.engine.mail_index import MessageIndex
    from tuimail.mail.message_ref import MessageRef

WORK, HOME = IndexRequest("work"), IndexRequest("home")
KEPT, TRASH = IndexRequest("home", "Archive"), IndexRequest("work", "Trash")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "user")


@pytest.fixture
def maildirs(tmp_path: Path) -> Config:
    """The account "work" with two messages and a trash, and "home" with none."""
    settings = config()
    for account, folders in {"work": ("Trash",), "home": ("Archive",)}.items():
        settings = with_maildir(settings, make_maildir(tmp_path / account, *folders), account)
    put_message(tmp_path / "work", "one", flags="FS", arrived=1_700_000_000)
    put_message(tmp_path / "work", "two")
    return settings


@asynccontextmanager
async def running(settings: Config, paths: Paths) -> AsyncIterator[Changes]:
    engine = Engine(settings, paths)
    changes = Changes(engine)
    await engine.start(run_outbox=False)
    try:
        yield changes
    finally:
        await engine.stop()


def has(*names: str) -> Callable[[MessageIndex], bool]:
    return lambda index: subjects(index) == [*names]


def states(paths: Paths) -> list[ActionState]:
    with closing(ActionJournal(paths.journal)) as journal:
        return [each.state for each in journal.actions()]


def letters(paths: Paths) -> list[Path]:
    return list((paths.journal / "letters").glob("*"))


async def refs(mail: Changes, request: IndexRequest, *names: str) -> list[MessageRef]:
    index = await mail.until(lambda it: set(names) <= set(subjects(it)), request)
    return [each.ref for each in entries(index) if each.row.subject in names]


async def test_a_message_is_moved_with_flags_and_date_and_back_by_undo(maildirs: Config, paths: Paths) -> None:
    async with running(maildirs, paths) as mail:
        moved = await refs(mail, WORK, "one")
        await refs(mail, KEPT)
        commands = await mail.engine.mail.transfer.move(moved, "home", "archive")
        (entry,) = entries(await mail.until(has("one"), KEPT))
        assert (entry.row.flags & (SEEN | FLAGGED), entry.row.arrived) == (SEEN | FLAGGED, 1_700_000_000)
        await mail.until(has("two"), WORK)
        await mail.until(has("one"), TRASH)
        assert (states(paths), letters(paths)) == ([ActionState.DONE] * 2, [])
        (place,) = await mail.engine.mail.undo(commands)
        assert (place.account, place.folder) == ("work", "INBOX")
        await mail.until(has("one", "two"), WORK)
        await mail.until(has(), KEPT)
        await mail.until(has(), TRASH)
        with pytest.raises(IllegalTransitionError, match="undone already"):
            await mail.engine.mail.undo(commands)


async def test_messages_of_several_accounts_are_copied_to_one_folder(
    maildirs: Config, paths: Paths, tmp_path: Path
) -> None:
    put_message(tmp_path / "home", "three")
    async with running(maildirs, paths) as mail:
        chosen = [*await refs(mail, WORK, "one", "two"), *await refs(mail, HOME, "three")]
        commands = await mail.engine.mail.transfer.copy(chosen, "home", "Archive")
        await mail.until(lambda it: sorted(subjects(it)) == ["one", "three", "two"], KEPT)
        assert subjects(await mail.index(WORK)) == ["one", "two"]
        assert len(commands) == 1
        await mail.engine.mail.undo(commands)
        await mail.until(has(), KEPT)


async def test_nothing_is_done_where_the_target_is_not_there(maildirs: Config, paths: Paths) -> None:
    async with running(maildirs, paths) as mail:
        chosen = await refs(mail, WORK, "one")
        await refs(mail, KEPT)
        with pytest.raises(UsageError, match="no folder"):
            await mail.engine.mail.transfer.move(chosen, "home", "Nowhere")
        assert subjects(await mail.index(WORK)) == ["one", "two"]
        assert letters(paths) == []


async def test_a_refused_append_lets_the_message_stay_and_dropping_it_drops_the_removal(
    maildirs: Config, paths: Paths, tmp_path: Path
) -> None:
    async with running(maildirs, paths) as mail:
        chosen = await refs(mail, WORK, "one")
        await refs(mail, KEPT)
        broken = tmp_path / "home" / ".Archive" / "tmp"
        broken.rmdir()
        broken.symlink_to("/proc/1/nowhere")
        await mail.engine.mail.transfer.move(chosen, "home", "Archive")
        journal = mail.engine.mail.journal
        await mail.engine.mail.replay()
        found = [each.action for each in await journal.entries()]
        append = next(each for each in found if each.letter)
        removal = next(each for each in found if each.after)
        assert f"It waits for change {append.id}" in removal.words
        await journal.drop(append)
        await mail.until(has("one", "two"), WORK)
        assert states(paths) == [ActionState.DROPPED] * 2


# -- a real server


@pytest.fixture
def server(dovecot: Dovecot) -> Iterator[Server]:
    with new_account(dovecot, "home") as made:
        yield made


def with_server(settings: Config, server: Server, policy: KeepPolicy = KeepPolicy.ALL) -> Config:
    account = replace(settings.accounts["home"], maildir=None, imap=server, policy={"*": policy})
    return replace(settings, accounts={**settings.accounts, "home": account})


def on_the_server(client: imaplib.IMAP4_SSL, folder: str) -> list[bytes]:
    _, (count,) = client.select(folder)
    if count == b"0":
        return []
    _, found = client.fetch("1:*", "(FLAGS INTERNALDATE)")
    return [each for each in found if isinstance(each, bytes)]


async def test_a_message_goes_to_a_server_and_comes_back(
    dovecot: Dovecot, server: Server, maildirs: Config, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        client.create("Archive")
        client.create("Trash")
        async with running(with_server(maildirs, server), paths) as mail:
            await refs(mail, KEPT)
            await mail.engine.mail.transfer.move(await refs(mail, WORK, "one"), "home", "Archive")
            await mail.until(has("one"), KEPT)
            await mail.until(has("one"), TRASH)
            (line,) = on_the_server(client, "Archive")
            assert b"\\Flagged" in line
            assert b"-Nov-2023" in line
            client.store("1", "+FLAGS", "(Work)")
            client.select("INBOX")
            back = await refs(mail, KEPT, "one")
            await mail.engine.mail.transfer.move(back, "work", "INBOX")
            await mail.until(lambda it: sorted(subjects(it)) == ["one", "two"], WORK)
            await mail.until(has("one"), IndexRequest("home", "Trash"))
            assert on_the_server(client, "Archive") == []


async def test_keywords_are_kept_between_servers(
    dovecot: Dovecot, server: Server, maildirs: Config, paths: Paths
) -> None:
    other = replace(server, username=dovecot.new_user())
    secrets.remember(other, "work", dovecot.password)
    settings = with_server(maildirs, server)
    work = replace(settings.accounts["work"], maildir=None, imap=other, policy={"*": KeepPolicy.ALL})
    settings = replace(settings, accounts={**settings.accounts, "work": work})
    with other_client(dovecot, other) as theirs, other_client(dovecot, server) as client:
        deliver(theirs, 1, flags="\\Answered Work")
        async with running(settings, paths) as mail:
            await refs(mail, HOME)
            chosen = await refs(mail, WORK, "Letter 1")
            assert await mail.engine.mail.transfer.without_trash(chosen, "home") == ["work"]
            commands = await mail.engine.mail.transfer.move(chosen, "home", "INBOX")
            await mail.until(has("Letter 1"), HOME)
            await mail.until(has(), WORK)
            assert b"\\Answered Work" in on_the_server(client, "INBOX")[0]
            async with asyncio.timeout(20):
                while states(paths) != [ActionState.DONE] * 2:
                    await mail.engine.mail.replay()
            with pytest.raises(IllegalTransitionError, match="for good"):
                await mail.engine.mail.undo(commands)
    secrets.forget("work")


async def test_the_removal_waits_while_the_server_is_out_of_reach(
    dovecot: Dovecot, server: Server, maildirs: Config, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.05,))
    monkeypatch.setattr(imap_refusal, "FIRST_BREAK", 0.05)
    with other_client(dovecot, server) as client:
        client.create("Archive")
        async with cut_link(dovecot.imaps) as link:
            through = replace(server, port=link.port)
            secrets.remember(through, "home", dovecot.password)
            async with running(with_server(maildirs, through), paths) as mail:
                await refs(mail, KEPT)
                chosen = await refs(mail, WORK, "one", "two")
                link.cut()
                first = await mail.engine.mail.transfer.move(chosen[:1], "home", "Archive")
                await mail.engine.mail.transfer.move(chosen[1:], "home", "Archive")
                await mail.until(has(), WORK)
                await mail.engine.mail.replay()
                assert subjects(await mail.index(TRASH)) == []
                await mail.engine.mail.undo(first)
                await mail.until(has("one"), WORK)
            link.mend()
            async with running(with_server(maildirs, through), paths) as mail:
                await mail.until(has("two"), KEPT)
                await mail.until(has("two"), TRASH)
                assert subjects(await mail.index(WORK)) == ["one"]
            assert len(on_the_server(client, "Archive")) == 1


async def test_the_link_of_the_source_is_cut_between_the_two(
    dovecot: Dovecot, server: Server, maildirs: Config, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.05,))
    monkeypatch.setattr(imap_refusal, "FIRST_BREAK", 0.05)
    with other_client(dovecot, server) as client:
        client.create("Trash")
        deliver(client, 1, flags="\\Seen")
        async with cut_link(dovecot.imaps) as link:
            through = replace(server, port=link.port)
            secrets.remember(through, "home", dovecot.password)
            settings = with_server(maildirs, through)
            async with running(settings, paths) as mail:
                chosen = await refs(mail, HOME, "Letter 1")
                (await mail.engine.mail.open(chosen[0])).close()
                await refs(mail, WORK, "one")
                link.cut()
                await mail.engine.mail.transfer.move(chosen, "work", "INBOX")
                await mail.until(lambda it: "Letter 1" in subjects(it), WORK)
                await mail.engine.mail.replay()
                assert states(paths)[0] is ActionState.DONE
                assert len(on_the_server(client, "INBOX")) == 1
                assert subjects(await mail.index(HOME)) == []
            link.mend()
            async with running(settings, paths) as mail:
                await mail.until(has("Letter 1"), IndexRequest("home", "Trash"))
                assert subjects(await mail.index(WORK)).count("Letter 1") == 1
            assert on_the_server(client, "INBOX") == []


async def test_what_is_only_at_a_server_out_of_reach_is_not_half_moved(
    dovecot: Dovecot, server: Server, maildirs: Config, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 1)
    async with cut_link(dovecot.imaps) as link:
        through = replace(server, port=link.port)
        secrets.remember(through, "home", dovecot.password)
        async with running(with_server(maildirs, through, KeepPolicy.HEADERS), paths) as mail:
            chosen = [*await refs(mail, WORK, "one"), *await refs(mail, HOME, "Letter 1")]
            link.cut()
            with pytest.raises(NotKeptError, match="not on this machine"):
                await mail.engine.mail.transfer.move(chosen, "work", "Trash")
            assert subjects(await mail.index(HOME)) == ["Letter 1"]
            assert (states(paths), letters(paths)) == ([], [])
