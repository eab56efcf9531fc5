"""The bytes of messages that were fetched from a server, each in a file of its own.

A file is named by the message's place and by its content, so that neither a cut nor a changed file is ever shown. It is
complete as soon as it has its name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tuimail.durable import storage_error
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PLACE = 32
"""Characters of a file's name that say which message it is."""
_CONTENT = 32
"""Characters behind them, of the hash of its bytes."""
_NOTHING = hashlib.sha256().hexdigest()[:_CONTENT]
"""The same of a message without a byte."""
_PIECE = 256 * 1024
_UNFINISHED = ".part"
_FOLDER = 3
"""Characters that name the folder of a file: few files are in each, for a folder is read to find one of them."""
_STALE = 86_400.0
"""Seconds after which what is unfinished was left by a crash."""


class KeptBody(NamedTuple):
    """A file."""

    place: str
    """Which message it is: ``place_name``."""
    path: Path
    size: int
    used: float
    """When it was opened last, or what ``keep`` was told, in seconds since the epoch."""


class BodyStore:
    """The bodies of one account. Any number of threads and processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made when something is kept."""
        self._folder = folder

    def has(self, mailbox: str, key: str) -> bool:
        """Whether the message is kept; its bytes are not looked at."""
        return self._path(place_name(mailbox, key)) is not None

    def find(self, mailbox: str, key: str) -> KeptBody | None:
        """The file of a message; None: it is not kept. Its bytes are not looked at."""
        place = place_name(mailbox, key)
        path = self._path(place)
        if path is None:
            return None
        try:
            info = path.stat()
        except OSError:
            return None
        return KeptBody(place, path, info.st_size, info.st_mtime)

    def open(self, mailbox: str, key: str) -> BinaryIO | None:
        """The message's bytes, checked; None: it is not kept, or the file is damaged, which is then removed.

        Raises:
            StorageError: the file cannot be read.
        """
        path = self._path(place_name(mailbox, key))
        if path is None:
            return None
        try:
            file = os.fdopen(open_private(path, os.O_RDONLY), "rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            whole = _digest(file) == path.name[_PLACE + 1 :]
        except OSError as error:
            file.close()
            raise storage_error(path, error) from error
        if not whole:
            file.close()
            self._remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        file.seek(0)
        return file

    def keep(
        self,
        mailbox: str,
        key: str,
        fetch: Callable[[Callable[[bytes], object]], bool],
        *,
        used: float | None = None,
    ) -> KeptBody | None:
        """Keep what ``fetch`` hands to the function that it is called with; None: ``fetch`` says it is gone.

        Args:
            mailbox: where the message is.
            key: what it is called there.
            fetch: called at once.
            used: seconds since the epoch when somebody wanted it last; None: now.

        Raises:
            StorageError: the disk refuses. What ``fetch`` raises goes through; nothing is kept then.
        """
        place = place_name(mailbox, key)
        folder = self._folder / place[:_FOLDER]
        unfinished = folder / f"{place}.{secrets.token_hex(8)}{_UNFINISHED}"
        digest = hashlib.sha256()
        try:
            private_dir(folder)
            with os.fdopen(open_private(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:

                def write(piece: bytes) -> None:
                    digest.update(piece)
                    file.write(piece)

                if not fetch(write):
                    return None
                size = file.tell()
            if used is not None:
                os.utime(unfinished, (used, used))
            path = unfinished.rename(folder / f"{place}.{digest.hexdigest()[:_CONTENT]}")
        except OSError as error:
            raise storage_error(unfinished, error) from error
        finally:
            self._remove(unfinished)
        return KeptBody(place, path, size, time.time() if used is None else used)

    def remove(self, mailbox: str, key: str) -> None:
        """Keep it no more; never raises."""
        path = self._path(place_name(mailbox, key))
        if path is not None:
            self._remove(path)

    def kept(self, *, now: float) -> Iterator[KeptBody]:
        """Every message that is kept, in no order; what a crash left unfinished a day ago is removed meanwhile."""
        for folder in _entries(self._folder):
            for entry in _entries(folder):
                with contextlib.suppress(OSError):
                    info = entry.stat()
                    if not entry.name.endswith(_UNFINISHED):
                        if self._has_lost_its_bytes(entry):
                            continue
                        yield KeptBody(entry.name[:_PLACE], entry, info.st_size, info.st_mtime)
                    elif info.st_mtime < now - _STALE:
                        self._remove(entry)

    def remove_file(self, path: Path) -> None:
        """Remove a file that ``kept`` named; never raises."""
        self._remove(path)

    def free(self) -> int:
        """Bytes that are free on its disk."""
        folder = self._folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            found = os.statvfs(folder)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize

    def _path(self, place: str) -> Path | None:
        folder = self._folder / place[:_FOLDER]
        for each in _entries(folder):
            if (
                each.name.startswith(f"{place}.")
                and not each.name.endswith(_UNFINISHED)
                and not self._has_lost_its_bytes(each)
            ):
                return each
        return None

    def _has_lost_its_bytes(self, path: Path) -> bool:
        """A power cut can leave the name without the bytes: such a file is removed."""
        try:
            lost = not path.stat().st_size and not path.name.endswith(_NOTHING)
        except OSError:
            return False
        if lost:
            self._remove(path)
        return lost

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def place_name(mailbox: str, key: str) -> str:
    """What the files of the message are called that has this key in this mailbox."""
    named = f"{mailbox}\0{key}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(named).hexdigest()[:_PLACE]


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()[:_CONTENT]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
