"""A large index is checked when it may be damaged, and not at every opening."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, store_in
from tuimail.outbox.store import index_check
from tuimail.outbox.store.database import Database
from tuimail.outbox.store.enqueue import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that were checked; every index is large."""
    found: list[str] = []
    check = Database._check

    def counted(database: Database) -> None:
        found.append(database.path.name)
        check(database)

    monkeypatch.setattr(Database, "_check", counted)
    monkeypatch.setattr(index_check, "SMALL", 0)
    return found


def opened(folder: Path, *, letter: int = 0) -> None:
    """Open the outbox, put a letter into it, close it."""
    store = store_in(folder, SetClock())
    if letter:
        store.enqueue(Incoming(message(letter), composing=str(letter)))
    store.close()


def test_an_index_that_is_as_it_was_left_is_not_checked_again(folder: Path, checks: list[str]) -> None:
    opened(folder, letter=1)
    checks.clear()
    opened(folder)
    opened(folder, letter=2)
    opened(folder)
    assert checks == []


def _touch(folder: Path) -> None:
    with (folder / "index.db").open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(byte)


def _a_day_ago(folder: Path) -> None:
    index_check.note_state(folder / "index.db", checked_at=time.time() - index_check.VALID_FOR)


def _copy(folder: Path) -> None:
    data = (folder / "index.db").read_bytes()
    (folder / "copy").write_bytes(data)
    (folder / "copy").replace(folder / "index.db")


def _cut_off(folder: Path) -> None:
    (folder / "index.db-journal").write_bytes(b"x")


def _no_stamp(folder: Path) -> None:
    (folder / "index.checked").unlink()


def _damaged_stamp(folder: Path) -> None:
    (folder / "index.checked").write_bytes(b"{")


@pytest.mark.parametrize("what", [_touch, _a_day_ago, _copy, _cut_off, _no_stamp, _damaged_stamp])
def test_it_is_checked_when_anything_else_may_have_happened(
    folder: Path, checks: list[str], what: Callable[[Path], None]
) -> None:
    opened(folder, letter=1)
    checks.clear()
    what(folder)
    opened(folder)
    assert checks == ["index.db"]


def test_one_that_another_process_left_in_the_middle_is_checked(folder: Path, checks: list[str]) -> None:
    opened(folder, letter=1)
    first, killed = store_in(folder, SetClock()), store_in(folder, SetClock())
    first.close()
    killed.enqueue(Incoming(message(2), composing="2"))
    checks.clear()
    opened(folder)
    assert checks == ["index.db"]
    killed.close()


def test_a_small_index_is_always_checked(folder: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_check, "SMALL", 1 << 30)
    opened(folder, letter=1)
    checks.clear()
    opened(folder)
    assert checks == ["index.db"]


def test_damage_found_by_a_check_is_not_noted_as_healthy(folder: Path, checks: list[str]) -> None:
    opened(folder, letter=1)
    path = folder / "index.db"
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(4096)
    path.write_bytes(data)
    store = store_in(folder, SetClock())
    assert "rebuilt" in store.notice
    store.close()
    checks.clear()
    opened(folder)
    assert checks == []
