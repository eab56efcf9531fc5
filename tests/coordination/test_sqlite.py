"""What SQLite and the disk say about a store, in sentences."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tuimail.coordination.sqlite import DamagedDatabaseError, storage_errors
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (sqlite3.SQLITE_BUSY, "Another tuimail holds the box."),
        (sqlite3.SQLITE_LOCKED, "Another tuimail holds the box."),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Another tuimail holds the box."),
        (sqlite3.SQLITE_FULL, "The disk is full: the box could not be written."),
        (sqlite3.SQLITE_READONLY, "The box is read-only."),
        (sqlite3.SQLITE_CANTOPEN, "The box cannot be opened."),
        (sqlite3.SQLITE_IOERR_WRITE, "The disk has a fault: the box could not be written."),
    ],
)
def test_a_sound_database_that_cannot_be_used(code: int, sentence: str) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    with pytest.raises(StorageError) as found, storage_errors("the box", DamagedDatabaseError):
        raise error
    assert str(found.value) == sentence
    assert found.value.hint
    assert not isinstance(found.value, DamagedDatabaseError)
    assert found.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [sqlite3.DatabaseError("x"), sqlite3.OperationalError("x"), sqlite3.IntegrityError("x")]
)
def test_anything_else_is_damage(error: Exception) -> None:
    with pytest.raises(DamagedDatabaseError, match="x"), storage_errors("the box", DamagedDatabaseError):
        raise error


def test_the_disk_and_an_interrupted_query(tmp_path: Path) -> None:
    said = pytest.raises(StorageError, match="The box cannot be used: No such file")
    with said, storage_errors("the box", DamagedDatabaseError):
        (tmp_path / "none").read_bytes()
    error = sqlite3.OperationalError("interrupted")
    error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
    with pytest.raises(sqlite3.OperationalError), storage_errors("the box", DamagedDatabaseError):
        raise error
