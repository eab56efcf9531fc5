"""Durable file writes: after a power cut either the old or the new content is there, never a part."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from tuimail.errors import StorageError
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"
STALE_AFTER = 3600.0
"""Seconds after which a temporary file counts as left behind by a killed process."""

_WORDS = {
    errno.ENOSPC: ("The disk is full", "Make room on it and try again."),
    errno.EDQUOT: ("Your disk quota is used up", "Delete something of yours and try again."),
    errno.EROFS: ("The disk is read-only", "Mount it writable and try again."),
    errno.EACCES: ("Permission denied", "Check who owns the folder and its permissions."),
    errno.EPERM: ("Permission denied", "Check who owns the folder and its permissions."),
    errno.ENOENT: ("The folder is gone", "Make it again, or start tuimail again."),
    errno.EIO: ("The disk has a fault", "Save your work elsewhere and check the disk."),
}


def write_durably(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Make ``data`` the content of ``path``, mode 0600; when it returns, that survives a power cut.

    Writes a temporary file in the same folder, fsyncs it, renames it over ``path`` and fsyncs the folder: a power cut
    can undo a rename alone. On any error the temporary file is removed and ``path`` keeps its old content.

    Raises:
        StorageError: the disk refuses (full, read-only, quota, permission).
    """
    temporary = write_aside(path, data)
    put_in_place(temporary, path)
    fsync_folder(path.parent)


def write_aside(path: Path, data: bytes | Iterable[bytes]) -> Path:
    """Step 1 of ``write_durably``: write ``data`` durably to a temporary file beside ``path``. Returns its path.

    Raises:
        StorageError: the disk refuses; the temporary file is gone.
    """
    temporary = path.parent / f".{path.name[:40]}.{os.urandom(6).hex()}{TEMPORARY_SUFFIX}"
    chunks = (data,) if isinstance(data, bytes) else data
    try:
        descriptor = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_error(path, error) from error
    return temporary


def put_in_place(temporary: Path, path: Path) -> None:
    """Step 2: rename the temporary file to ``path``. Only ``fsync_folder`` makes that durable.

    Raises:
        StorageError: the disk refuses; the temporary file is gone.
    """
    try:
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(path, error) from error


def fsync_folder(folder: Path) -> None:
    """Step 3: make new, renamed and deleted names in ``folder`` durable.

    Raises:
        StorageError: the disk refuses.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some network file systems have no fsync for folders; nothing more can be done there.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
                raise
        finally:
            os.close(descriptor)
    except OSError as error:
        raise storage_error(folder, error) from error


def remove_stale(folder: Path, *, older_than: float = STALE_AFTER) -> None:
    """Delete temporary files that a killed process left in ``folder`` more than ``older_than`` seconds ago.

    Never raises: what cannot be deleted now is deleted another time.
    """
    limit = time.time() - older_than
    try:
        found = [each for each in folder.iterdir() if each.name.startswith(".") and each.suffix == TEMPORARY_SUFFIX]
    except OSError:
        return
    for temporary in found:
        try:
            if temporary.lstat().st_mtime <= limit:
                temporary.unlink(missing_ok=True)
        except OSError:
            continue


def storage_error(path: Path, error: OSError) -> StorageError:
    """A StorageError for ``error``: what the disk refused, for which file, and what to do."""
    said = error.strerror or str(error)
    words, hint = _WORDS.get(error.errno or 0, (said[:1].upper() + said[1:], "Check the disk and its permissions."))
    return StorageError(f"{words}: {path} could not be written.", hint=hint)
