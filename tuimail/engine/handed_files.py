"""Files of messages that are handed to other programs: read-only, each in a private folder of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from tuimail.compose.file_name import stored_name
from tuimail.durable import storage_error
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KEPT = 24 * 3600.0
"""Seconds after which a file handed out earlier is removed: its program has read it by then."""


def hand_out(pieces: Iterable[bytes], name: str, folder: Path) -> Path:
    """A file that its owner may read, under a safe form of ``name``, in a new folder below ``folder``. Blocks.

    What was handed out more than a day ago is removed.

    Raises:
        StorageError: it cannot be written.
    """
    private_dir(folder)
    _remove_old(folder)
    path = private_dir(folder / secrets.token_hex(8)) / stored_name(name)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        take_back(path)
        raise storage_error(path, error) from error
    return path


def take_back(path: Path) -> None:
    """Remove a file that was handed out, and its folder. Blocks."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _remove_old(folder: Path) -> None:
    oldest = time.time() - KEPT
    with contextlib.suppress(OSError):
        for each in folder.iterdir():
            if each.lstat().st_mtime < oldest:
                shutil.rmtree(each, ignore_errors=True)
