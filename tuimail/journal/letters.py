"""The bytes of messages that the journal appends: durable files, kept until the action is done."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from typing import TYPE_CHECKING

from tuimail.durable import write_durably
from tuimail.mail.content import PIECE
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

UNCLAIMED = 3600.0
"""Seconds that a file is kept which no action names: its action may not be stored yet."""
_NAME = re.compile(r"[0-9a-f]{32}\Z")


class LetterFiles:
    """The files in one folder, which is made when something is kept. Used by several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: Iterable[bytes]) -> str:
        """Store a message durably; the name of its file. Raises StorageError."""
        name = secrets.token_hex(16)
        write_durably(private_dir(self._folder) / name, content)
        return name

    def size(self, name: str) -> int | None:
        """Bytes of the message; None: its file is gone."""
        try:
            return self._path(name).stat().st_size
        except OSError:
            return None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The message from its beginning. Raises OSError: it cannot be read."""
        with os.fdopen(open_private(self._path(name), os.O_RDONLY), "rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def remove(self, name: str) -> None:
        """Delete it, if it is there."""
        with contextlib.suppress(OSError):
            self._path(name).unlink()

    def sweep(self, needed: Collection[str]) -> None:
        """Delete what is not among ``needed`` and is older than UNCLAIMED."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in needed and path.stat().st_mtime < time.time() - UNCLAIMED:
                    path.unlink()

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise FileNotFoundError(name)
        return self._folder / name
