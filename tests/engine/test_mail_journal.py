"""engine.mail.journal: what waits and what was refused, of a Maildir and at a real IMAP server."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.mail_support import entries, make_maildir, put_message, running_mail, subjects
from tuimail.engine import mailbox_watch
from tuimail.engine.cache_place import action_lock
from tuimail.engine.index_request import IndexRequest
from tuimail.errors import IllegalTransitionError, LeaseLostError, NoSuchItemError, UsageError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.journal.tally import JournalTally
from tuimail.mail.flags import FLAGGED
from tuimail.sync import maildir_replay

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.engine.mail_support import Changes
    from tuimail.engine.mail_journal import JournalEntry, MailJournal
    from tuimail.paths import Paths

INBOX = IndexRequest("work")
ARCHIVE = IndexRequest("work", "Archive")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Archive")
    for number in range(3):
        put_message(made, f"m{number}", f"Letter {number}", arrived=1_790_000_000 + number)
    return made


def files(folder: Path) -> list[str]:
    return sorted(path.name for part in ("cur", "new") for path in (folder / part).iterdir())


def states(listed: Sequence[JournalEntry]) -> list[tuple[str, str]]:
    return [(str(each.action.state), each.subject) for each in listed]


async def refused(mail: Changes, root: Path, count: int = 1) -> MailJournal:
    """Moves to a folder that another program deletes before they are carried out."""
    index = await mail.until(lambda it: it.count == 3, INBOX)
    refs = [each.ref for each in entries(index)][:count]
    deleted = threading.Event()

    def delete(_reader: object) -> None:
        shutil.rmtree(root / ".Archive")
        deleted.set()

    # The reader takes them in this order: all moves are planned while the folder is known. None is stored before it is
    # deleted, for the thread that stores them waits.
    waited, *_commands = await asyncio.gather(
        mail.engine.mail.ask_journal("work", lambda _journal: deleted.wait(10)),
        *(mail.engine.mail.move([ref], "Archive") for ref in refs),
        mail.engine.mail.query(delete),
    )
    assert waited
    await mail.engine.mail.look()
    return mail.engine.mail.journal


async def test_nothing_waits(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = mail.engine.mail.journal
        assert await journal.entries() == []
        assert await journal.count() == journal.counted("work") == JournalTally()
        index = await mail.until(lambda it: it.count == 3, INBOX)
        await mail.engine.mail.flag([entries(index)[0].ref], add=FLAGGED)
        await mail.engine.mail.look()
        assert await journal.entries() == []


async def test_what_was_refused_stays_and_is_tried_again(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = await refused(mail, root, 2)
        assert subjects(await mail.index(INBOX)) == ["Letter 0", "Letter 1", "Letter 2"]
        assert mail.told[0] == ("work: There is no folder Archive.  Changes waiting: try it again there, or drop it.")
        listed = await journal.entries()
        assert states(listed) == [("refused", "Letter 0"), ("refused", "Letter 1")]
        assert await journal.count() == journal.counted("work") == JournalTally(refused=2)
        assert journal.counted("home") == JournalTally()
        # Again while it cannot be done: it is there as before, and that is told.
        told = len(mail.told)
        await journal.retry(listed[0].action)
        await mail.engine.mail.look()
        assert states(await journal.entries()) == [("refused", "Letter 0"), ("refused", "Letter 1")]
        assert len(mail.told) == told + 1
        make_maildir(root, "Archive")
        await journal.retry(listed[0].action)
        # Shown at once, before the mailbox is looked at.
        assert subjects(await mail.index(INBOX)) == ["Letter 1", "Letter 2"]
        await mail.until(lambda it: it.count == 1, ARCHIVE)
        assert states(await journal.entries()) == [("refused", "Letter 1")]
    async with running_mail(paths, root) as mail:
        assert states(await mail.engine.mail.journal.entries()) == [("refused", "Letter 1")], "it is durable"


async def test_a_drop_and_its_undo(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = await refused(mail, root)
        (entry,) = await journal.entries()
        before = await journal.drop(entry.action)
        assert before == entry.action
        assert states(await journal.entries()) == [("dropped", "Letter 0")]
        assert await journal.count() == JournalTally()
        for decide in (journal.drop, journal.retry):
            with pytest.raises(IllegalTransitionError):
                await decide(entry.action)
        await journal.restore(before)
        assert states(await journal.entries()) == [("refused", "Letter 0")]
        make_maildir(root, "Archive")
        await mail.engine.mail.look()
        assert files(root / ".Archive") == [], "the user has not asked for it"
        await journal.retry(entry.action)
        await mail.until(lambda it: it.count == 1, ARCHIVE)
        with pytest.raises(IllegalTransitionError):
            await journal.restore(before)


async def test_what_waits_is_dropped_and_shown_as_it_is(paths: Paths, root: Path) -> None:
    """Another process carries out actions, so that what is given here waits."""
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        journal, ref = mail.engine.mail.journal, entries(index)[0].ref
        with closing(ActionJournal(paths.journal)) as other:
            moved = MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage(ref.key),), target="Archive")
            (given,) = other.add([moved])
            with other.writing():
                other.put(_later(given))
        await mail.until(lambda it: it.count == 2, INBOX)
        (entry,) = await journal.entries()
        assert (entry.action.state, entry.subject) == (ActionState.WAITING, "Letter 0")
        assert await journal.count() == JournalTally(waiting=1)
        before = await journal.drop(entry.action)
        assert len(subjects(await mail.index(INBOX))) == 3
        await journal.restore(before)
        assert len(subjects(await mail.index(INBOX))) == 2
        await journal.retry(before)
        await mail.until(lambda it: it.count == 1, ARCHIVE)
        assert len(files(root / ".Archive")) == 1


async def test_what_another_process_is_at_cannot_be_dropped(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = await refused(mail, root)
        (entry,) = await journal.entries()
        lock = action_lock(mail.engine.mail.accounts[0], paths)
        assert lock.acquire()
        with closing(ActionJournal(paths.journal)) as other, other.writing():
            other.put(_later(other.get(entry.action.id), state=ActionState.SENT))
        with pytest.raises(LeaseLostError, match="under way"):
            await journal.drop(entry.action)
        lock.release()
        await journal.drop(entry.action)
        assert [each.action.state for each in await journal.entries()] == [ActionState.DROPPED]


async def test_what_is_left_of_an_account_is_dropped(paths: Paths, root: Path) -> None:
    with closing(ActionJournal(paths.journal)) as other:
        (given,) = other.add([MailAction("left", ActionKind.DELETE, "INBOX", (ActionMessage("x"),))])
    async with running_mail(paths, root) as mail:
        journal = mail.engine.mail.journal
        assert states(await journal.entries()) == [("waiting", "")]
        with pytest.raises(UsageError, match="left"):
            await journal.retry(given)
        before = await journal.drop(given)
        assert states(await journal.entries()) == [("dropped", "")]
        with pytest.raises(UsageError, match="left"):
            await journal.restore(before)


async def test_what_is_forgotten(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = await refused(mail, root)
        (entry,) = await journal.entries()
        with closing(ActionJournal(paths.journal)) as other, other.writing() as db:
            db.execute("DELETE FROM action")
        for decide in (journal.retry, journal.drop, journal.restore):
            with pytest.raises(NoSuchItemError):
                await decide(entry.action)
        assert await journal.entries() == []


async def test_what_was_put_off_is_tried_again_when_it_is_time(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else happens, so that nobody has a reason to look."""
    tries: list[str] = []

    def full_once(source: Any, target: Any, rename: Any = os.rename, **named: Any) -> None:
        if ".Archive" in os.fspath(target):
            tries.append(os.fspath(target))
            if len(tries) == 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(source, target, **named)

    monkeypatch.setattr(maildir_replay, "PAUSE", 0.2)
    for name in ("WATCHED", "POLLED"):
        monkeypatch.setattr(mailbox_watch, name, 1000.0)
    for folder in (root, root / ".Archive"):  # one that was changed just now is looked at again
        for part in ("cur", "new"):
            os.utime(folder / part, (1_790_000_000, 1_790_000_000))
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        monkeypatch.setattr(os, "rename", full_once)
        await mail.engine.mail.move([entries(index)[0].ref], "Archive")
        await mail.until(lambda _: len(files(root / ".Archive")) == 1, INBOX)
        await mail.until(lambda it: it.count == 1, ARCHIVE)
    assert len(tries) == 2


async def test_a_journal_that_cannot_be_read_is_counted_as_before(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        journal = await refused(mail, root)
        assert await journal.count() == JournalTally(refused=1)
        with closing(ActionJournal(paths.journal)) as other, other.writing() as db:
            db.execute("PRAGMA user_version = 999")
        assert await journal.count() == JournalTally(refused=1)


def _later(action: MailAction, **fields: object) -> MailAction:
    return replace(action, next_at=4_000_000_000.0, **fields)  # type: ignore[arg-type]
