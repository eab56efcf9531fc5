"""The disk is full for some writes while a real account is synced and changed; then there is room again.

Nothing is lost or doubled, what was shown stays readable, and the command says what is wrong. Some of the writes each
time; all of them with ``-m slow``.
"""

from __future__ import annotations

import errno
import itertools
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import changed_account
from tests.support.changed_account import WAYS
from tests.support.imap_gate import imap_gate
from tests.support.slow import most_slow
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail import private_files
from tuimail.cache import bodies
from tuimail.cache.database import ReadableCache
from tuimail.config import secrets
from tuimail.engine.cache_place import cache_of
from tuimail.errors import StorageError
from tuimail.sync import imap_proof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.changed_account import Wrong
    from tests.support.dovecot import Dovecot
    from tests.support.imap_gate import ImapGate

pytestmark = pytest.mark.real_servers

EVERY = 23
"""Writes from one at which the disk is full to the next."""
FOR_GOOD = 1 << 30
LENGTHS = (FOR_GOOD, 1, 20)
"""Writes for which there is no room, by turns."""
HARMFUL = range(6, 20)
"""Writes about a COPY: at some of them the server has copied, and that is not stored."""
NEEDS_NO_ROOM = ("SELECT", "PRAGMA", "ROLLBACK", "BEGIN", "WITH")


class Disk:
    """Counts what writes to databases and what makes files; refuses those with numbers in ``refused``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes = 0
        self.refused = range(0)
        disk = self

        class Watched(sqlite3.Connection):
            def execute(self, *args: Any) -> sqlite3.Cursor:
                if not args[0].lstrip().startswith(NEEDS_NO_ROOM) and disk.refuses():
                    error = sqlite3.OperationalError("database or disk is full")
                    error.sqlite_errorcode = sqlite3.SQLITE_FULL
                    raise error
                return super().execute(*args)

        connect, opened = sqlite3.connect, private_files.open_private

        def making(path: Path, flags: int) -> int:
            if flags & os.O_CREAT and self.refuses():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return opened(path, flags)

        monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, factory=Watched, **named))
        monkeypatch.setattr(bodies, "open_private", making)

    def refuses(self) -> bool:
        self.writes += 1
        return self.writes - 1 in self.refused


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[None]:
    set_clock(monkeypatch, now)
    yield
    secrets.forget("work")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def shown(user: SyncedUser) -> list[tuple[str, str]]:
    """Folder and key of every row."""
    with closing(ReadableCache(cache_of(user.account, user.paths)[0])) as cache, cache.reading() as db:
        found: list[tuple[str, str]] = db.execute(
            "SELECT box.name, m.emailid FROM message m JOIN mailbox box ON box.id = m.mailbox"
        ).fetchall()
    return found


def refused_at(user: SyncedUser, disk: Disk, writes: range) -> tuple[int, Wrong]:
    """Change the account while those ``writes`` are refused; how many there were, and what is wrong in the end."""
    gate = user.gate
    changed_account.prepare(gate.target, user.name)
    assert user.sync().error is None
    with closing(user.journal()) as journal:
        changed_account.act(gate.target, user.name, journal)
    disk.writes, disk.refused = 0, writes
    report = user.sync()
    count, disk.refused = disk.writes, range(0)
    if report.error is not None:
        assert isinstance(report.error, StorageError), report
        assert str(report.error).startswith("The disk is full"), report
    else:
        # Where the last one alone is refused, the closing remark in the cache, all was done.
        assert len(writes) <= 1 or writes.start >= count - 1, "it says so"
    assert shown(user)
    user.sync_to_the_end()
    expunged = b"UIDPLUS" not in gate.hidden
    return count, changed_account.wrong(gate.target, user.account, user.paths, expunged=expunged)


def refused_at_each(
    gate: ImapGate, folder: Path, now: list[float], disk: Disk, first: int, every: int, lengths: tuple[int, ...]
) -> None:
    """Try every so many-th write, each on an account of its own."""
    count, problems = refused_at(SyncedUser(gate, folder / "whole", now), disk, range(0))
    assert problems == (0, 0, ())
    for number, length in zip(range(first, count, every), itertools.cycle(lengths), strict=False):
        writes = range(number, number + length)
        _, problems = refused_at(SyncedUser(gate, folder / str(number), now), disk, writes)
        assert problems == (0, 0, ()), writes


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_is_full_for_a_while_loses_and_doubles_nothing(
    dovecot: Dovecot, tmp_path: Path, now: list[float], disk: Disk, way: str
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        refused_at_each(gate, tmp_path, now, disk, 3 * list(WAYS).index(way), EVERY, LENGTHS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_is_full_at_any_write_loses_and_doubles_nothing(
    dovecot: Dovecot, tmp_path: Path, now: list[float], disk: Disk, way: str, length: int
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        refused_at_each(gate, tmp_path, now, disk, 0, 1, (length,))


@pytest.mark.parametrize("first", most_slow(range(18), 1))
def test_a_disk_that_is_full_at_the_first_sync_costs_nothing(
    dovecot: Dovecot, tmp_path: Path, now: list[float], disk: Disk, first: int
) -> None:
    with imap_gate(dovecot) as gate:
        for number in range(first, 64, 18):
            user = SyncedUser(gate, tmp_path / str(number), now)
            changed_account.prepare(dovecot, user.name)
            disk.writes, disk.refused = 0, range(number, FOR_GOOD)
            report = user.sync()
            disk.refused = range(0)
            assert isinstance(report.error, StorageError), number
            user.sync_to_the_end()
            with closing(user.journal()) as journal:
                changed_account.act(dovecot, user.name, journal)
            user.sync_to_the_end()
            problems = changed_account.wrong(dovecot, user.account, user.paths, expunged=False)
            assert problems == (0, 0, ()), number


def test_without_the_proof_a_full_disk_does_harm(
    dovecot: Dovecot, tmp_path: Path, now: list[float], disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above can fail."""
    monkeypatch.setattr(imap_proof, "matched", lambda *_: {})
    with imap_gate(dovecot, *WAYS["COPY"]) as gate:
        assert any(
            refused_at(SyncedUser(gate, tmp_path / f"{number}", now), disk, range(number, FOR_GOOD))[1].doubled
            for number in HARMFUL
        )
