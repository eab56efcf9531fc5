"""Whether the pages of the index must be checked when it is opened.

The check reads the whole database: 0.2 s at 50,000 letters, growing with the history. A small index is always checked.
A large one is checked once a day, and whenever it is not as the last process left it that closed it in good order: a
stamp beside it holds its size and its times. What a check would find is also noticed later: SQLite
refuses a damaged page when it is read, and every row that can still be sent is compared with its checksum at each
opening (store/rebuild).
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from tuimail.private_files import open_private, read_private

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 4 * 1024 * 1024
"""Bytes up to which an index is always checked."""

VALID_FOR = 86_400.0
"""Seconds after a check in which a large index need not be checked again."""


def needs_check(path: Path) -> bool:
    """The index must be checked before it is used. Call it before the database is opened."""
    try:
        if path.stat().st_size <= SMALL or _journal_size(path):
            return True
        stamp = json.loads(read_private(_stamp(path), 1000))
        age = time.time() - stamp["checked_at"]
        return not (0 <= age < VALID_FOR and stamp["index"] == _state(path))
    except (OSError, ValueError, KeyError, TypeError):
        return True


def note_state(path: Path, *, checked_at: float | None) -> None:
    """Note the index as it is now, closed in good order. Never raises: without a stamp it is checked.

    ``checked_at``: when it was last checked, seconds since the epoch; None: as the stamp says.
    """
    try:
        if path.stat().st_size <= SMALL or _journal_size(path):
            return
        state = _state(path)
        if checked_at is None:
            before = json.loads(read_private(_stamp(path), 1000))
            checked_at = before["checked_at"]
            if before["index"] == state:
                return
        descriptor = open_private(_stamp(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(descriptor, json.dumps({"checked_at": checked_at, "index": state}).encode())
        finally:
            os.close(descriptor)
    except (OSError, ValueError, KeyError, TypeError):
        return


def _state(path: Path) -> list[int]:
    # By its status alone: to open and close the file would drop SQLite's locks on it (fcntl(2)).
    info = path.stat()
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]


def _journal_size(path: Path) -> int:
    """More than 0: a transaction is being written, or a crash cut it off."""
    journal = path.with_name(f"{path.name}-journal")
    return journal.stat().st_size if journal.exists() else 0


def _stamp(path: Path) -> Path:
    return path.with_name("index.checked")
