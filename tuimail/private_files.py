"""Opens the program's own files and creates its folders: private, and owned by the user. No other module does.

Files that the user names (attachments, exports, settings) are opened elsewhere, by other rules.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from tuimail.errors import ForeignStoreError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


def open_private(path: Path, flags: int) -> int:
    """Open a file of tuimail; returns its descriptor. ``flags`` are those of ``os.open``.

    Does not follow a symlink, does not block on a FIFO or a device, and the descriptor is not inherited. Sets the
    file's mode to 0600, whatever the umask and the old mode.

    Raises:
        OSError: it cannot be opened, is not a regular file or belongs to another user.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, PRIVATE_FILE)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if info.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "it belongs to another user", str(path))
        if stat.S_IMODE(info.st_mode) != PRIVATE_FILE:
            try:
                os.fchmod(descriptor, PRIVATE_FILE)
            except OSError as error:
                # On a file system without modes, or a read-only one, the mode stays.
                if error.errno not in (errno.EROFS, errno.ENOTSUP, errno.EPERM):
                    raise
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_private(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a file of tuimail. Raises OSError as ``open_private`` does."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        return file.read(limit)


def make_private(path: Path) -> None:
    """Create the folder ``path`` and its missing parents with mode 0700, whatever the umask.

    An existing folder is not changed, whatever its owner.

    Raises:
        OSError: it cannot be created.
    """
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_private(path.parent)
    try:
        path.mkdir(mode=PRIVATE_DIR)
    except FileExistsError:
        if path.is_dir():
            return  # another process created it
        raise
    path.chmod(PRIVATE_DIR)


def private_dir(path: Path) -> Path:
    """Create ``path`` and its missing parents with mode 0700; refuse a folder that another user owns or can write to.

    Raises:
        ForeignStoreError: the folder belongs to another user, or others may write to it.
        StorageError: it cannot be created.
    """
    try:
        make_private(path)
        info = path.stat()
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be made: {error.strerror}.", hint="Check the disk and its permissions."
        ) from error
    if info.st_uid != os.geteuid():
        raise ForeignStoreError(
            f"The folder {path} belongs to another user.", hint="Name another folder with the XDG variables."
        )
    if stat.S_IMODE(info.st_mode) & 0o022:
        raise ForeignStoreError(f"Others may write to the folder {path}.", hint=f"Run: chmod go-w {path}")
    return path
