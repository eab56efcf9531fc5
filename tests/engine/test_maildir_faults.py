"""The Maildir, or the disk, fails while the program runs: what can be read is read, what cannot be done is told."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from tests.engine.mail_support import entries, make_maildir, put_message, running_mail, subjects
from tuimail.cache.fulltext import WritableFulltext
from tuimail.engine import text_indexer
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.received_mail import ReceivedMail
from tuimail.errors import StorageError, UsageError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import FLAGGED
from tuimail.mail.pattern import parse
from tuimail.mailboxes.maildir_folder import MessageGoneError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from tests.engine.mail_support import Changes
    from tuimail.cache.fulltext import NewText
    from tuimail.engine.received_mail import FoundMessage
    from tuimail.paths import Paths

INBOX, ARCHIVE, TRASH = (IndexRequest("work", name) for name in ("INBOX", "Archive", "Trash"))
NOON = 1_790_000_000
LONG_AGO = 1_700_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Trash", "Archive")
    for number in range(3):
        put_message(made, f"m{number}", f"Letter {number}", arrived=NOON + number)
        put_message(made / ".Archive", f"a{number}", f"Old {number}", arrived=NOON + number)
    return made


def still(root: Path) -> None:
    """Nobody has changed the folders for a while, so that what is not listed counts as gone."""
    for part in root.rglob("cur"):
        os.utime(part, (LONG_AGO, LONG_AGO))
        os.utime(part.with_name("new"), (LONG_AGO, LONG_AGO))


def files(folder: Path) -> list[str]:
    return sorted(each.name for part in ("new", "cur") for each in (folder / part).iterdir())


async def opened(mail: Changes, count: int = 3) -> Any:
    return await mail.until(lambda it: it.count == count, INBOX)


# -- folders and files
@pytest.mark.parametrize("where", ["removed", "renamed"])
async def test_a_folder_goes_while_it_is_open(paths: Paths, root: Path, where: str) -> None:
    async with running_mail(paths, root) as mail:
        await opened(mail)
        drawn = await mail.until(lambda it: it.count == 3, ARCHIVE)
        ref = entries(drawn)[1].ref
        if where == "removed":
            shutil.rmtree(root / ".Archive")
        else:
            (root / ".Archive").rename(root / ".Attic")
        with pytest.raises(StorageError):
            (await mail.engine.mail.open(ref)).close()
        await mail.engine.mail.look()
        with pytest.raises(UsageError, match="has no folder 'Archive'"):
            await mail.index(ARCHIVE)
        assert subjects(await mail.index(INBOX)) == ["Letter 0", "Letter 1", "Letter 2"]
        if where == "renamed":
            index = await mail.until(lambda it: it.count == 3, IndexRequest("work", "Attic"))
            assert subjects(index) == ["Old 0", "Old 1", "Old 2"]
        make_maildir(root, "Archive")
        put_message(root / ".Archive", "again", "Again", arrived=NOON)
        await mail.engine.mail.look()
        assert subjects(await mail.until(lambda it: it.count == 1, ARCHIVE)) == ["Again"]


def forbid(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """What is below ``folder`` cannot be read: as chmod does it for whoever is not root."""

    def refusing(call: Any) -> Any:
        def refused(path: Any = ".", *args: Any, **named: Any) -> Any:
            name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
            if f"{folder}{os.sep}" in f"{name}{os.sep}" and (call is not stat or name != str(folder)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
            return call(path, *args, **named)

        return refused

    stat = os.stat
    for name in ("stat", "listdir", "open", "rename"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


async def test_a_folder_that_cannot_be_read_keeps_its_rows_and_the_others_go_on(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_mail(paths, root) as mail:
        await opened(mail)
        drawn = await mail.until(lambda it: it.count == 3, ARCHIVE)
        forbid(monkeypatch, root / ".Archive")
        put_message(root, "late", "Late", arrived=NOON + 9)
        await mail.engine.mail.look()
        assert subjects(await opened(mail, 4))[-1] == "Late"
        assert subjects(await mail.index(ARCHIVE)) == ["Old 0", "Old 1", "Old 2"]
        with pytest.raises(StorageError, match="cannot be read: Permission denied"):
            await mail.engine.mail.open(entries(drawn)[0].ref)
        monkeypatch.undo()
        put_message(root / ".Archive", "late", "Old 3", arrived=NOON + 9)
        await mail.engine.mail.look()
        assert len(subjects(await mail.until(lambda it: it.count == 4, ARCHIVE))) == 4


def unmount(root: Path) -> Path:
    """Where the Maildir is now, for ``mount``; an empty folder is in its place."""
    elsewhere = root.with_name("elsewhere")
    root.rename(elsewhere)
    root.mkdir()
    return elsewhere


def mount(elsewhere: Path, root: Path) -> None:
    if root.exists():
        root.rmdir()
    elsewhere.rename(root)


async def test_a_maildir_that_is_not_mounted_loses_nothing(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        drawn = await opened(mail)
        elsewhere = unmount(root)
        await mail.engine.mail.look()
        await mail.engine.mail.look()
        assert len([each for each in mail.told if "There is no Maildir in" in each]) == 1
        assert subjects(await mail.index(INBOX)) == subjects(drawn), "the cached rows stay"
        await mail.engine.mail.move([entries(drawn)[0].ref], "Archive")
        mount(elsewhere, root)
        await mail.engine.mail.look()
        await mail.until(lambda it: it.count == 4, ARCHIVE)
    assert len(files(root)) == 2


async def test_a_maildir_that_appears_later_is_read(paths: Paths, root: Path) -> None:
    elsewhere = unmount(root)
    shutil.rmtree(root)
    async with running_mail(paths, root) as mail:
        await mail.engine.mail.look()
        await mail.engine.mail.look()
        assert len([each for each in mail.told if "cannot be read: No such file" in each]) == 1
        mount(elsewhere, root)
        await mail.engine.mail.look()
        await opened(mail)


async def test_a_file_is_closed_if_who_asked_for_it_is_gone(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on, given = threading.Event(), threading.Event(), list[BinaryIO]()
    opens = ReceivedMail.open

    def slow(self: ReceivedMail, found: FoundMessage) -> BinaryIO:
        entered.set()
        go_on.wait(20)
        given.append(opens(self, found))
        return given[0]

    async with running_mail(paths, root) as mail:
        ref = entries(await opened(mail))[0].ref
        monkeypatch.setattr(ReceivedMail, "open", slow)
        asked = asyncio.create_task(mail.engine.mail.open(ref))
        assert await asyncio.to_thread(entered.wait, 20)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        go_on.set()
        await mail.engine.mail.folders()  # on the same thread, so after it
        assert given[0].closed


async def test_a_file_that_is_removed_or_cut_before_it_is_opened(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        refs = [each.ref for each in entries(await opened(mail))]
        (root / "cur" / "m0:2,").unlink()
        os.truncate(root / "cur" / "m1:2,", 20)
        with pytest.raises(MessageGoneError, match="another program moved or deleted it"):
            await mail.engine.mail.open(refs[0])
        with await mail.engine.mail.open(refs[1]) as file:
            assert file.read() == b"From: Ada Lovelace <"
        await mail.engine.mail.move(refs[:2], "Archive")
        still(root)
        await mail.engine.mail.look()
        assert subjects(await opened(mail, 1)) == ["Letter 2"]
        assert any("1 of 2 letters is gone" in each for each in mail.told) or len(files(root / ".Archive")) == 4
    assert files(root) == ["m2:2,"]
    assert len(files(root / ".Archive")) == 4


async def test_a_file_that_cannot_be_read_at_first_is_listed_once_it_can(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_message(root, "shy", "Shy", arrived=NOON + 5)
    forbid(monkeypatch, root / "cur" / "shy:2,")
    async with running_mail(paths, root) as mail:
        await opened(mail)
        monkeypatch.undo()
        put_message(root, "late", "Late", arrived=NOON + 9)
        await mail.engine.mail.look()
        assert subjects(await opened(mail, 5)) == ["Letter 0", "Letter 1", "Letter 2", "Shy", "Late"]


# -- a full disk
def full(db: sqlite3.Connection) -> None:
    """No page more; SQLite says what it says when the disk is full."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")


def free(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA max_page_count = 1000000")


async def test_the_text_index_cannot_be_written_is_told_once_and_it_goes_on_when_there_is_room(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_indexer, "AGAIN", 0.02)
    add, refused, is_full = WritableFulltext.add, threading.Semaphore(0), threading.Event()

    def add_to_a_full_disk(index: WritableFulltext, texts: Sequence[NewText]) -> dict[bytes, int]:
        (full if is_full.is_set() else free)(index._db)
        try:
            return add(index, texts)
        except StorageError:
            refused.release()
            raise

    fill, filled = text_indexer.TextIndexer._try_to_fill, threading.Event()

    def fill_and_tell(indexer: text_indexer.TextIndexer) -> None:
        fill(indexer)
        filled.set()

    monkeypatch.setattr(WritableFulltext, "add", add_to_a_full_disk)
    monkeypatch.setattr(text_indexer.TextIndexer, "_try_to_fill", fill_and_tell)
    async with running_mail(paths, root) as mail:
        await opened(mail)
        is_full.set()
        words = " ".join(f"quokka{number}" for number in range(4000))
        put_message(root, "long", "Long", body=words, arrived=NOON + 10)
        await mail.engine.mail.look()
        for _ in range(3):
            assert await asyncio.to_thread(refused.acquire, timeout=20)
        await mail.engine.mail.query(lambda _mail: None)
        assert [each for each in mail.told if "full" in each] == [
            (
                "work: The disk is full: the full-text index could not be written.  "
                "New letters are found by their words once that is mended."
            )
        ]
        assert await mail.engine.mail.search.matching(INBOX, parse("quokka17", 0.0)) == []
        filled.clear()
        is_full.clear()
        assert await asyncio.to_thread(filled.wait, 20)
        assert len(await mail.engine.mail.search.matching(INBOX, parse("quokka17", 0.0))) == 1


async def test_the_cache_cannot_be_written(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        drawn = await opened(mail)
        thread = mail.engine.mail._threads.writer("work")
        thread.write(full).result()
        for number in range(200):
            put_message(root, f"new{number}", "Long " * 50, arrived=NOON + 10 + number)
        await mail.engine.mail.look()
        await mail.engine.mail.look()
        assert [each for each in mail.told if "full" in each] == [
            "work: The disk is full: the cache could not be written.  Make room on it and try again."
        ]
        assert set(subjects(drawn)) <= set(subjects(await mail.index(INBOX))), "the older rows stay"
        await mail.engine.mail.flag([entries(drawn)[0].ref], add=FLAGGED)
        await mail.engine.mail.look()
        assert "m0:2,F" in files(root), "what the user does is carried out"
        thread.write(free).result()
        await mail.engine.mail.look()
        index = await opened(mail, 203)
        assert [each.ref.key for each in entries(index) if each.row.flags & FLAGGED] == ["m0"]


async def test_a_cache_that_cannot_be_made_holds_up_no_action(paths: Paths, root: Path) -> None:
    journal = ActionJournal(paths.journal)
    journal.add([MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage("m0"),), target="Archive")])
    journal.close()
    paths.cache.parent.mkdir(parents=True, exist_ok=True)
    paths.cache.write_bytes(b"")
    async with running_mail(paths, root) as mail:
        await mail.engine.mail.look()
        assert len(files(root / ".Archive")) == 4
        assert len(mail.told) == 1
        paths.cache.unlink()
        await mail.engine.mail.look()
        assert len(subjects(await mail.until(lambda it: it.count == 4, ARCHIVE))) == 4


async def test_the_journal_cannot_be_written(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        refs = [each.ref for each in entries(await opened(mail))]
        thread = mail.engine.mail._threads.writer("work")
        journal = thread._work.journal.database
        thread._jobs.submit(lambda: full(journal.db)).result()
        many = [each for each in refs for _ in range(200)]
        for command in (mail.engine.mail.move(many, "Archive"), mail.engine.mail.flag(many, add=FLAGGED)):
            with pytest.raises(StorageError, match="The disk is full: the journal could not be written"):
                await command
        assert subjects(await mail.index(INBOX)) == ["Letter 0", "Letter 1", "Letter 2"]
        put_message(root, "late", "Late", arrived=NOON + 9)
        await mail.engine.mail.look()
        await opened(mail, 4)
        thread._jobs.submit(lambda: free(journal.db)).result()
        await mail.engine.mail.move(refs, "Archive")
        assert subjects(await mail.index(INBOX)) == ["Late"]
    assert len(files(root / ".Archive")) == 6


async def test_what_was_done_cannot_be_undone_while_the_journal_cannot_be_written(paths: Paths, root: Path) -> None:
    for number in range(40):  # what undoes it does not fit into what is left of a page
        put_message(root, f"{'long' * 40}{number}", arrived=NOON + 10 + number)
    async with running_mail(paths, root) as mail:
        index = await opened(mail, 43)
        command = await mail.engine.mail.move([each.ref for each in entries(index)][3:], "Archive")
        await mail.engine.mail.look()
        shown = subjects(await opened(mail, 3))
        thread = mail.engine.mail._threads.writer("work")
        journal = thread._work.journal
        thread._jobs.submit(lambda: journal.database.db.execute("VACUUM")).result()  # no page is left over inside
        thread._jobs.submit(lambda: full(journal.database.db)).result()
        before = thread._jobs.submit(journal.actions).result()
        with pytest.raises(StorageError, match="The disk is full: the journal could not be written"):
            await mail.engine.mail.undo(command)
        await mail.engine.mail.look()
        assert subjects(await mail.index(INBOX)) == shown
        assert thread._jobs.submit(journal.actions).result() == before
        assert len(files(root / ".Archive")) == 43
        thread._jobs.submit(lambda: free(journal.database.db)).result()
        await mail.engine.mail.undo(command)
        await opened(mail, 43)
    assert (len(files(root)), len(files(root / ".Archive"))) == (43, 3)


@pytest.mark.parametrize(("number", "comes_back"), [(errno.ENOSPC, False), (errno.EACCES, True)])
@pytest.mark.parametrize("kind", ["move", "copy"])
async def test_the_maildir_refuses(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch, number: int, comes_back: bool, kind: str
) -> None:
    """A full disk may get room; what is forbidden is refused, and the next command is not held up by it."""
    real = {name: getattr(os, name) for name in ("rename", "link")}

    def refusing(name: str) -> Any:
        def refuse(source: Any, target: Any, **named: Any) -> None:
            if ".Archive" in os.fspath(target):
                raise OSError(number, os.strerror(number))
            real[name](source, target, **named)

        return refuse

    async with running_mail(paths, root) as mail:
        refs = [each.ref for each in entries(await opened(mail))]
        for name in real:
            monkeypatch.setattr(os, name, refusing(name))
        do = mail.engine.mail.move if kind == "move" else mail.engine.mail.copy
        await do(refs[:1], "Archive")
        await mail.engine.mail.flag(refs[1:2], add=FLAGGED)
        await mail.engine.mail.look()
        assert len(mail.told) == 1
        assert mail.told[0].startswith("work: ")
        assert ("It is tried again later." in mail.told[0]) is not comes_back
        assert ("Changes waiting" in mail.told[0]) is comes_back
        assert "m1:2,F" in files(root)
        stays = comes_back or kind == "copy"
        assert len(subjects(await mail.index(INBOX))) == (3 if stays else 2)
        assert "m0:2," in files(root)
        monkeypatch.undo()
        if comes_back:
            await do(refs[:1], "Archive")
            await mail.engine.mail.look()
            assert len(files(root / ".Archive")) == 4
    with_journal = ActionJournal(paths.journal)
    refused = [each for each in with_journal.actions() if each.state is ActionState.REFUSED]
    assert len(refused) == comes_back, "it waits for the user"
    with_journal.close()
