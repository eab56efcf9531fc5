"""A letter of the outbox as a file of the user's: its exact bytes, never over another file."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from tuimail.compose.file_name import stored_name
from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


SUFFIX = ".eml"
NAMES = 1000
"""Letters of one subject that one folder holds."""


def export(chunks: Iterable[bytes], path: Path, subject: str) -> Path:
    """Write ``chunks`` into a new file; when it returns, that survives a power cut.

    Raises:
        StorageError: the file is there already, or the disk refuses; no part of it is left.
    """
    path = path.expanduser().absolute()
    try:
        path, descriptor = _in_folder(path, subject) if path.is_dir() else (path, _made(path))
    except FileExistsError as error:
        raise StorageError(f"{path} is there already.", hint="Give another name.") from error
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            fsync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
    except OSError as error:
        raise storage_error(path, error) from error
    return path


def _in_folder(folder: Path, subject: str) -> tuple[Path, int]:
    stem = stored_name(subject.replace("/", "-") or "letter")
    for number in range(1, NAMES):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        with contextlib.suppress(FileExistsError):
            return path, _made(path)
    raise FileExistsError(str(folder / f"{stem}{SUFFIX}"))


def _made(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
