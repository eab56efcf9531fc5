"""The cache is deleted or damaged while the program runs, or before it starts: it is filled again, nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import disagreements
from tests.engine.mail_support import entries, make_maildir, put_message, running_mail, subjects
from tuimail.engine.account_cache import MADE_ANEW
from tuimail.engine.index_request import IndexRequest
from tuimail.errors import NoSuchItemError, StorageError
from tuimail.mail.flags import DELETED, FLAGGED
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.pattern import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine.mail_support import Changes
    from tuimail.paths import Paths

INBOX = IndexRequest("work")
COUNT = 60
NAMES = [f"Letter {number:02}" for number in range(COUNT)]
MARKED, MOVED = MessageRef("work", "INBOX", "m07"), MessageRef("work", "INBOX", "m09")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Trash", "Archive")
    for number in range(COUNT):
        put_message(made, f"m{number:02}", f"Letter {number:02}", arrived=1_790_000_000 + number)
    return made


def database(paths: Paths) -> Path:
    (path,) = paths.cache.rglob("index.db")
    return path


def remove(paths: Paths) -> None:
    shutil.rmtree(paths.cache)


def truncate(paths: Paths) -> None:
    os.truncate(database(paths), 5000)


def flip(paths: Paths) -> None:
    """Every page but those with the tables' definitions."""
    path = database(paths)
    with path.open("r+b") as file:
        for page in range(4, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def no_database(paths: Paths) -> None:
    with database(paths).open("r+b") as file:
        file.write(b"This is no database. " * 200)


def other_version(paths: Paths) -> None:
    path = database(paths)
    beside = path.with_name("other")
    with closing(sqlite3.connect(beside)) as db:
        db.execute("CREATE TABLE message (id)")
        db.execute("PRAGMA user_version = 99")
    beside.replace(path)


def odd_text(paths: Paths) -> None:
    """What SQLite itself takes for sound."""
    with closing(sqlite3.connect(database(paths))) as db:
        db.execute("UPDATE message SET subject = CAST(x'ff' AS TEXT)")
        db.commit()


HARMS = [remove, truncate, flip, no_database, other_version, odd_text]


def checkpoint(paths: Paths) -> None:
    """What was committed is in the file and not beside it, so that damage to the file matters."""
    with closing(sqlite3.connect(database(paths))) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def check(paths: Paths, root: Path) -> None:
    """In the end the cache is sound."""
    with closing(sqlite3.connect(database(paths))) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert disagreements(db) == []
        assert db.execute("SELECT count(*) FROM message").fetchone() == (COUNT,)
    assert len([*root.glob("cur/*"), *root.glob("new/*"), *root.glob(".*/cur/*"), *root.glob(".*/new/*")]) == COUNT


async def filled_again(mail: Changes) -> None:
    """Until the index is as before: one message moved, one marked."""
    await mail.engine.mail.look()
    index = await mail.until(
        lambda it: it.count == COUNT - 1 and any(e.row.flags & DELETED for e in entries(it)), INBOX
    )
    assert subjects(index) == [each for each in NAMES if each != "Letter 09"]
    assert [each.ref for each in entries(index) if each.row.flags & DELETED] == [MARKED]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
async def test_while_it_runs(paths: Paths, root: Path, harm: Callable[[Paths], None]) -> None:
    async with running_mail(paths, root) as mail:
        drawn = await mail.until(lambda it: it.count == COUNT, INBOX)
        await mail.engine.mail.mark_deleted([MARKED])
        await mail.engine.mail.move([MOVED], "Archive")
        checkpoint(paths)
        harm(paths)
        # What was drawn before is acted on, or it is said that it cannot be.
        ref = entries(drawn)[30].ref
        try:
            await mail.engine.mail.flag([ref], add=FLAGGED)
        except (StorageError, NoSuchItemError):
            await filled_again(mail)
            await mail.engine.mail.flag([ref], add=FLAGGED)
        await filled_again(mail)
        index = await mail.until(lambda it: any(each.row.flags & FLAGGED for each in entries(it)), INBOX)
        assert [each.ref for each in entries(index) if each.row.flags & FLAGGED] == [MessageRef("work", "INBOX", "m30")]
        assert mail.told.count(f"work: {MADE_ANEW}") <= 1
    check(paths, root)
    assert (root / "cur" / "m30:2,F").is_file()
    assert (root / "cur" / "m07:2,").is_file()


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
async def test_before_it_starts(paths: Paths, root: Path, harm: Callable[[Paths], None]) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == COUNT, INBOX)
        await mail.engine.mail.mark_deleted([MARKED])
        await mail.engine.mail.move([MOVED], "Archive")
    harm(paths)
    async with running_mail(paths, root) as mail:
        await filled_again(mail)
    check(paths, root)


@pytest.mark.parametrize("harm", [b"no database" * 1000, b"", None], ids=["overwritten", "emptied", "removed"])
async def test_the_full_text_index(paths: Paths, root: Path, harm: bytes | None) -> None:
    pattern = parse("~b text", 1_800_000_000.0)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == COUNT, INBOX)
        assert len(await mail.engine.mail.search.matching(INBOX, pattern)) == COUNT
    paths.cache.mkdir(exist_ok=True)
    for path in paths.cache.rglob("fulltext-*.db"):
        if harm is None:
            path.unlink()
        else:
            path.write_bytes(harm)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == COUNT, INBOX)
        assert len(await mail.engine.mail.search.matching(INBOX, pattern)) == COUNT
        put_message(root, "late", "Late", new=True, arrived=1_790_001_000)
        await mail.engine.mail.look()
        await mail.until(lambda it: it.count == COUNT + 1, INBOX)
        assert len(await mail.engine.mail.search.matching(INBOX, pattern)) == COUNT + 1
