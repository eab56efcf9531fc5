"""engine.mail: what is done to received mail is durable, shown at once, carried out and undone."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, entries, make_maildir, put_message, running_mail, subjects
from tuimail.engine import mail_account, mailbox_watch
from tuimail.engine.index_request import IndexRequest, SortOrder
from tuimail.errors import NoSuchItemError, TuimailError
from tuimail.journal.action import ActionKind
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import DELETED, FLAGGED, OLD, SEEN
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.pattern import parse
from tuimail.mailboxes.watch import FileWatch

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.engine.mail_reader import MailReader
    from tuimail.paths import Paths

INBOX = IndexRequest("work")
NOON = 1_790_000_000
TRASH = IndexRequest("work", "Trash")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Trash", "Archive")
    for number in range(3):
        put_message(made, f"m{number}", f"Letter {number}", flags="S" if number == 0 else "", arrived=NOON + number)
    return made


def files(folder: Path) -> list[str]:
    return sorted(each.name for part in ("new", "cur") for each in (folder / part).iterdir())


async def test_folders_and_an_index_of_what_is_in_the_maildir(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        assert subjects(index) == ["Letter 0", "Letter 1", "Letter 2"]
        assert entries(index)[0].ref == MessageRef("work", "INBOX", "m0")
        assert (index.counts.total, index.counts.unread) == (3, 2)
        folders = await mail.engine.mail.folders()
        assert [(each.name, each.special_use) for each in folders] == [
            ("INBOX", ""),
            ("Archive", "archive"),
            ("Trash", "trash"),
        ]
        with await mail.engine.mail.open(MessageRef("work", "INBOX", "m1")) as file:
            assert b"Subject: Letter 1" in file.read()


async def test_a_new_message_is_found_without_being_asked_for(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        put_message(root, "late", new=True, arrived=NOON + 9)
        await mail.engine.mail.look()
        index = await mail.until(lambda it: it.count == 4, INBOX)
        assert entries(index)[-1].ref.key == "late"


def still(root: Path) -> None:
    """Nobody has changed the folders for a while, so nothing is in doubt."""
    for folder in (root, *root.glob(".*")):
        for part in ("new", "cur"):
            os.utime(folder / part, (NOON, NOON))


async def test_what_other_programs_do_is_told_by_the_system(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_watch, "WATCHED", 3600.0)
    still(root)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        await mail.engine.mail.look()
        put_message(root, "late", new=True, arrived=NOON + 9)
        await mail.until(lambda it: it.count == 4, INBOX)
        (root / "new" / "late").rename(root / "cur" / "late:2,S")
        await mail.until(lambda it: bool(entries(it)[-1].row.flags & SEEN), INBOX)
        make_maildir(root, "Late")
        put_message(root / ".Late", "later", new=True)
        await mail.until(lambda it: it.count == 1, IndexRequest("work", "Late"))


@pytest.mark.parametrize("gone", ["system", "folder"])
async def test_where_the_system_tells_nothing_the_mailbox_is_looked_at_now_and_then(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(mailbox_watch, "WATCHED", 3600.0)
    monkeypatch.setattr(mailbox_watch, "POLLED", 0.01)
    monkeypatch.setattr(mail_account, "PAUSE", 0.01)
    if gone == "system":
        monkeypatch.setattr(FileWatch, "open", lambda _: False)
    still(root)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        if gone == "folder":
            aside = root.with_name("aside")
            shutil.move(root, aside)
            put_message(aside, "late", new=True, arrived=NOON + 9)
            shutil.move(aside, root)
        else:
            put_message(root, "late", new=True, arrived=NOON + 9)
        await mail.until(lambda it: it.count == 4, INBOX)


async def test_flags_are_shown_at_once_and_reach_the_maildir(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        ref = entries(index)[1].ref
        commands = await mail.engine.mail.flag([ref], add=FLAGGED | SEEN)
        index = await mail.index(INBOX)
        assert entries(index)[1].row.flags & (FLAGGED | SEEN) == FLAGGED | SEEN
        assert index.counts.unread == 1
        await mail.engine.mail.undo(commands)
        index = await mail.index(INBOX)
        assert entries(index)[1].row.flags & (FLAGGED | SEEN) == 0
    assert files(root) == ["m0:2,S", "m1:2,", "m2:2,"]


async def test_a_moved_message_is_gone_at_once_and_comes_back_when_undone(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        commands = await mail.engine.mail.move([entries(index)[0].ref], "Archive")
        assert subjects(await mail.index(INBOX)) == ["Letter 1", "Letter 2"]
        archive = IndexRequest("work", "Archive")
        index = await mail.until(lambda it: it.count == 1, archive)
        assert subjects(index) == ["Letter 0"]
        (back,) = await mail.engine.mail.undo(commands)
        assert back.folder == "INBOX"
        index = await mail.until(lambda it: it.count == 3, INBOX)
        assert back in [each.ref for each in entries(index)]
        assert (await mail.index(archive)).count == 0
    assert files(root / ".Archive") == []


async def test_a_mark_of_deletion_outlives_the_program_and_the_cache(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        await mail.engine.mail.mark_deleted([entries(index)[1].ref])
        index = await mail.index(INBOX)
        assert [bool(each.row.flags & DELETED) for each in entries(index)] == [False, True, False]
    assert files(root) == ["m0:2,S", "m1:2,", "m2:2,"], "the Maildir does not know of it"
    for file in paths.cache.rglob("index.db*"):
        file.unlink()
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: any(each.row.flags & DELETED for each in entries(it)), INBOX)
        assert [bool(each.row.flags & DELETED) for each in entries(index)] == [False, True, False]
        await mail.engine.mail.mark_deleted([entries(index)[1].ref], marked=False)
        index = await mail.index(INBOX)
        assert not any(each.row.flags & DELETED for each in entries(index))


async def test_what_is_deleted_goes_to_the_trash_and_loses_its_mark(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        refs = [each.ref for each in entries(index)[:2]]
        await mail.engine.mail.mark_deleted(refs)
        await mail.engine.mail.delete(refs)
        index = await mail.until(lambda it: it.count == 2, TRASH)
        assert subjects(index) == ["Letter 0", "Letter 1"]
        assert not any(each.row.flags & DELETED for each in entries(index))
        await mail.engine.mail.delete([each.ref for each in entries(index)])
        await mail.until(lambda it: it.count == 0, TRASH)
    assert files(root) == ["m2:2,"]
    assert files(root / ".Trash") == []


async def test_a_message_that_is_gone_is_refused_and_nothing_is_changed(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        with pytest.raises(NoSuchItemError):
            await mail.engine.mail.flag([MessageRef("work", "INBOX", "none")], add=FLAGGED)
        with pytest.raises(TuimailError, match="no folder 'Nowhere'"):
            await mail.engine.mail.move([MessageRef("work", "INBOX", "m0")], "Nowhere")


async def test_a_waiting_action_is_carried_out_when_the_program_starts(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        ref = entries(index)[0].ref
    with_journal = ActionJournal(paths.journal)
    from tuimail.journal.action import ActionMessage, MailAction

    with_journal.add([MailAction("work", ActionKind.MOVE, ref.folder, (ActionMessage(ref.key),), target="Archive")])
    with_journal.close()
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 1, IndexRequest("work", "Archive"))
    assert len(files(root / ".Archive")) == 1


@pytest.mark.parametrize("order", SortOrder)
@pytest.mark.parametrize("reverse", [False, True])
async def test_every_order_lists_every_message(paths: Paths, root: Path, order: SortOrder, reverse: bool) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        index = await mail.index(IndexRequest("work", order=order, reverse=reverse))
        assert sorted(subjects(index)) == ["Letter 0", "Letter 1", "Letter 2"]


async def test_the_inboxes_of_all_accounts_are_one_index(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, IndexRequest())
        assert index.request.unified
        assert [each.ref.account for each in entries(index)] == ["work"] * 3
        rows = [each.row_id for each in entries(index)]
        ask = mail.engine.mail.query
        assert await ask(lambda at: at.first_unread(index)) == rows[1]
        assert await ask(lambda at: at.first_unread(index, rows[2])) is None
        assert await ask(lambda at: at.first_unread(index, rows[2], backwards=True)) == rows[1]


async def test_changes_go_on_while_another_process_writes_the_cache(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as first:
        index = await first.until(lambda it: it.count == 3, INBOX)
        async with running_mail(paths, root) as second:
            await second.engine.mail.flag([entries(index)[0].ref], add=FLAGGED)
            await first.engine.mail.look()
            await first.until(lambda it: bool(entries(it)[0].row.flags & FLAGGED), INBOX)
        assert isinstance(first, Changes)
    assert files(root)[0] == "m0:2,FS"


async def test_texts_are_indexed_in_the_background(paths: Paths, root: Path) -> None:
    put_message(root, "rare", body="A word that is rare: quokka", arrived=NOON + 5)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 4, INBOX)
        async with asyncio.timeout(20):
            while await mail.engine.mail.query(_missing):
                await mail.engine.mail.look()
        pattern = parse("quokka", 1_800_000_000.0)
        rows = await mail.engine.mail.search.matching(INBOX, pattern)
        index = await mail.index(replace(INBOX, limit=pattern))
        assert rows == [each.row_id for each in entries(index)]
        assert subjects(index) == ["rare"]


def _missing(reader: MailReader) -> int:
    with reader.mail("work").cache.reading() as db:
        return int(db.execute("SELECT count(*) FROM message WHERE text IS NULL").fetchone()[0])


async def test_a_command_whose_caller_is_gone_is_carried_out_and_the_next_one_too(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        refs = [each.ref for each in entries(index)]
        for waiting in (mail.engine.mail.flag(refs[:1], add=FLAGGED), mail.engine.mail.look()):
            task = asyncio.ensure_future(waiting)
            for _ in range(3):
                await asyncio.sleep(0)
            task.cancel()
        await mail.engine.mail.flag(refs[1:2], add=FLAGGED)
        await mail.engine.mail.look()
    assert "m1:2,F" in files(root)


async def test_what_is_new_is_old_when_the_folder_was_left(paths: Paths, root: Path) -> None:
    put_message(root, "fresh", new=True, arrived=NOON + 5)
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 4, INBOX)
        assert not entries(index)[3].row.flags & OLD
        assert entries(index)[1].row.flags & OLD
        mail.engine.mail.mailboxes.leave(INBOX)
        await mail.engine.mail.look()
        index = await mail.index(INBOX)
        assert entries(index)[3].row.flags & (OLD | SEEN) == OLD
    assert "fresh:2," in [each.name for each in (root / "cur").iterdir()]
