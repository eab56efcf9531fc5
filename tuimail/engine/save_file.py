"""Writing what was received to files of the user's: private, complete or not at all, never through a link."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

from tuimail.compose.file_name import stored_name
from tuimail.durable import fsync_folder, storage_error
from tuimail.engine.export import export
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAMES = 1000
"""Files of one name that one folder takes."""


def target_of(path: Path, name: str) -> Path:
    """``path``, or the file for ``name`` (a stranger's) in it if it is a folder. Blocks."""
    return path / stored_name(name) if path.is_dir() else path


def is_taken(path: Path) -> bool:
    """Whether there is anything at ``path``, a broken link too. Blocks."""
    return os.path.lexists(path)


def save_file(pieces: Iterable[bytes], path: Path, *, replace: bool = False) -> Path:
    """Write a file; when this returns, it survives a power cut. Blocks.

    ``replace``: a file that is there is replaced, once the new one is complete.

    Raises:
        StorageError: there is something already, or the disk refuses; nothing was changed.
    """
    if not replace or not is_taken(path):
        return export(pieces, path, "")
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise StorageError(f"{path} is no plain file, so it is not replaced.", hint="Give another name.")
        beside = export(pieces, path.parent / f".{path.name[:80]}.{secrets.token_hex(6)}", "")
        try:
            beside.replace(path)
            fsync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise storage_error(path, error) from error
    return path


def save_into(pieces: Iterable[bytes], folder: Path, name: str) -> Path:
    """Write a file into ``folder`` under a safe form of ``name``, numbered if that is taken. Blocks.

    Raises:
        StorageError: the disk refuses, or there are too many of that name.
    """
    stem, dot, ending = stored_name(name).rpartition(".")
    if not stem:
        stem, dot, ending = stem + dot + ending, "", ""
    for number in range(1, NAMES):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{dot}{ending}"
        if not is_taken(path):
            return export(pieces, path, "")
    raise StorageError(f"There are too many files called {stem} in {folder}.", hint="Name another folder.")
