"""The cache's database: opened, read beside its writer, damaged, lost."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import Letter, disagreements, written
from tuimail.cache import database, folders, summaries
from tuimail.cache.database import NoCacheError, ReadableCache, WritableCache, check, is_on_network, set_aside
from tuimail.cache.writer_lock import WriterLock
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.errors import ForeignStoreError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def fill(cache: WritableCache, count: int = 10) -> None:
    with cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        summaries.insert(db, inbox, [summaries.NewMessage(Letter(), uid=uid) for uid in range(1, count + 1)])


def total(cache: ReadableCache) -> int:
    with cache.reading() as db:
        return int(db.execute("SELECT count(*) FROM message").fetchone()[0])


def test_readers_see_what_is_committed(tmp_path: Path) -> None:
    with pytest.raises(NoCacheError):
        ReadableCache(tmp_path / "cache")
    with written(tmp_path) as cache:
        reader = ReadableCache(tmp_path / "cache")
        version = reader.version()
        assert total(reader) == 0
        fill(cache)
        assert total(reader) == 10
        assert reader.version() != version
        with reader.snapshot() as db:
            before = db.execute("SELECT count(*) FROM message").fetchone()
            fill(cache, 20)
            assert db.execute("SELECT count(*) FROM message").fetchone() == before
        assert total(reader) == 20
        cache.checkpoint()
        with pytest.raises(StorageError, match="read-only"), reader.reading() as db:
            db.execute("DELETE FROM message")
    assert total(reader) == 20
    reader.close()
    after = ReadableCache(tmp_path / "cache")
    assert total(after) == 20
    assert check(after)
    after.close()


def test_files_are_private(tmp_path: Path) -> None:
    os.umask(old := os.umask(0))
    os.umask(0)
    try:
        with written(tmp_path) as cache:
            fill(cache)
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "cache").iterdir()}
    finally:
        os.umask(old)
    assert modes == {"index.db": 0o600, "index.db-wal": 0o600, "index.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_one_writer(tmp_path: Path) -> None:
    lock, other = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    assert lock.acquire()
    assert lock.acquire()
    assert not other.acquire()
    with pytest.raises(ValueError, match="not held"):
        WritableCache(tmp_path / "cache", other)
    lock.release()
    assert other.acquire()
    other.release()
    other.release()


def test_a_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    def fail(db: sqlite3.Connection) -> None:
        summaries.vanish(db, [1, 2])
        raise KeyError

    with written(tmp_path) as cache:
        fill(cache)
        with pytest.raises(KeyError), cache.writing() as db:
            fail(db)
        with cache.writing() as db:
            assert disagreements(db) == []
            assert db.execute("SELECT total FROM mailbox").fetchone() == (10,)


@pytest.mark.parametrize(
    "content", [b"no database at all, but longer than a header " * 50, b"SQLite format 3\0" + b"x" * 5000]
)
def test_what_is_no_database_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / "index.db").write_bytes(content)
    with pytest.raises(DamagedDatabaseError):
        ReadableCache(tmp_path / "cache")
    with written(tmp_path) as cache:
        assert cache.set_aside == tmp_path / "cache" / "index.db.damaged"
        assert cache.set_aside.read_bytes() == content
        fill(cache)


def test_another_version_is_thrown_away(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache)
        cache.db.execute("PRAGMA user_version = 99")
    with pytest.raises(NoCacheError):
        ReadableCache(tmp_path / "cache")
    with written(tmp_path) as cache, cache.writing() as db:
        assert db.execute("SELECT count(*) FROM message").fetchone() == (0,)


def test_an_empty_file_and_one_without_tables_are_no_cache_yet(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / "index.db").touch(mode=0o600)
    with pytest.raises(NoCacheError):
        ReadableCache(tmp_path / "cache")
    with written(tmp_path) as cache:
        assert cache.set_aside is None
        fill(cache)


def flip_pages(path: Path, first: int) -> None:
    """Overwrite all pages from ``first`` on; the lowest ones have the tables' names and beginnings."""
    content = bytearray(path.read_bytes())
    for page in range(first, len(content) // 4096):
        content[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(content)


@pytest.mark.on_disk
def test_damage_found_on_opening_is_set_aside(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache, 2000)
    flip_pages(tmp_path / "cache" / "index.db", 1)
    with written(tmp_path) as cache:
        assert cache.set_aside is not None
        fill(cache)


@pytest.mark.on_disk
def test_damage_found_later_is_said(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache, 2000)
    flip_pages(tmp_path / "cache" / "index.db", 40)
    reader = ReadableCache(tmp_path / "cache")
    assert not check(reader)
    with pytest.raises(DamagedDatabaseError, match="The cache is damaged"):
        total(reader)
    with written(tmp_path) as cache:
        assert cache.set_aside is None
        with pytest.raises(DamagedDatabaseError), cache.writing() as db:
            summaries.vanish(db, range(1, 2000))
    set_aside(tmp_path / "cache")
    assert reader.is_lost()
    reader.close()
    with written(tmp_path) as cache:
        fill(cache)


def test_a_torn_file_never_shows_wrong_rows(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache, 500)
    path = tmp_path / "cache" / "index.db"
    os.truncate(path, path.stat().st_size // 2 + 100)
    with pytest.raises(StorageError):
        total(ReadableCache(tmp_path / "cache"))
    with written(tmp_path) as cache:
        try:
            fill(cache)
        except DamagedDatabaseError:
            cache.close()
            assert set_aside(tmp_path / "cache").exists()


def test_deleted_while_running(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache)
        reader = ReadableCache(tmp_path / "cache")
        assert not cache.is_lost()
        assert not reader.is_lost()
        for each in (tmp_path / "cache").iterdir():
            each.unlink()
        assert cache.is_lost()
        assert reader.is_lost()
        reader.close()
    with written(tmp_path) as cache:
        fill(cache, 3)
        again = ReadableCache(tmp_path / "cache")
        assert total(again) == 3
        again.close()


def test_an_unclean_end_is_known(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        assert cache.ended_cleanly
    with written(tmp_path) as cache:
        assert cache.ended_cleanly
    program = (
        "import os, sys; from pathlib import Path; from tests.cache.support import written\n"
        "with written(Path(sys.argv[1])): os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    with written(tmp_path) as cache:
        assert not cache.ended_cleanly
    with written(tmp_path) as cache:
        assert cache.ended_cleanly


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / "index.db").symlink_to("/etc/passwd")
    with pytest.raises(ForeignStoreError), written(tmp_path):
        pass


def test_interrupted(tmp_path: Path) -> None:
    with written(tmp_path):
        reader = ReadableCache(tmp_path / "cache")
        timer = threading.Timer(0.2, reader.interrupt)
        timer.start()
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        with pytest.raises(sqlite3.OperationalError, match="interrupted"), reader.reading() as db:
            db.execute(endless).fetchall()
        assert total(reader) == 0
        timer.join()
        reader.close()


def test_on_a_network_disk_there_is_no_wal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda folder: True)
    with written(tmp_path) as cache:
        fill(cache)
        assert cache.db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert not (tmp_path / "cache" / "index.db-wal").exists()
        reader = ReadableCache(tmp_path / "cache")
        assert total(reader) == 10
        fill(cache, 12)
        assert total(reader) == 12
        reader.close()


def test_network_disks_are_told_by_the_mounts(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    line = f"36 35 {os.major(device)}:{os.minor(device)} / /home rw - {{}} server:/home rw\n"
    for kind, expected in (("nfs4", True), ("ext4", False)):
        mounts.write_text("30 1 254:254 / / rw - nfs server rw\n" + line.format(kind))
        assert is_on_network(tmp_path, str(mounts)) is expected
    mounts.write_text("odd\n")
    assert not is_on_network(tmp_path, str(mounts))
    assert not is_on_network(tmp_path, str(tmp_path / "none"))


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with written(tmp_path) as cache:
        fill(cache, 100)
        pages = cache.db.execute("PRAGMA page_count").fetchone()[0]
        cache.db.execute(f"PRAGMA max_page_count = {pages + 2}")
        reader = ReadableCache(tmp_path / "cache")
        for _ in range(2):
            with pytest.raises(StorageError, match="The disk is full"):
                fill(cache, 5000)
            assert total(reader) == 100
        cache.db.execute("PRAGMA max_page_count = 1000000")
        fill(cache, 5000)
        assert total(reader) == 5000
        with reader.reading() as db:
            assert disagreements(db) == []
        reader.close()
