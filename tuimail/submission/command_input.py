"""The letter as a private file, which is the standard input of a local command.

A file has two advantages over a pipe. Its offset shows how far the command has read; a pipe buffers a small letter even
if nothing reads it. And it is complete from the start: if tuimail is killed, the command does not mistake a part of the
letter for all of it.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.mail.line_ends import with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.mail.content import Content

_DOT_LINE = re.compile(rb"\n\.\r?\n")
_SEAM = 3
"""Bytes of the previous piece in which a line of a single dot can begin."""


class UnreadableError(Exception):
    """The letter's file cannot be read to its end. The text says why."""


class PrivateInput:
    """A letter with LF line ends, in an unlinked file that only its user can read.

    Use as a context manager; the command may still read the file after it is closed here.
    """

    def __init__(self, descriptor: int, size: int, *, dots: bool) -> None:
        self.descriptor = descriptor
        """Open for reading, at the beginning."""
        self.size = size
        """Bytes."""
        self.dots = dots
        """It contains a line of a single dot."""

    def __enter__(self) -> PrivateInput:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    @property
    def read(self) -> int:
        """How many bytes the command has read.

        The offset is shared with the command. A script that opens ``/dev/stdin`` has its own offset; then the access
        time shows that the file was read, and all of it counts as read.
        """
        offset = os.lseek(self.descriptor, 0, os.SEEK_CUR)
        if offset == 0 and os.fstat(self.descriptor).st_atime_ns != 0:
            return self.size
        return min(offset, self.size)


async def private_input(content: Content) -> PrivateInput:
    """Write ``content`` into a private file.

    Raises:
        UnreadableError: the letter cannot be read to its end.
        OSError: the file cannot be written.
    """
    reading, writing = _file_without_name()
    try:
        try:
            return await _filled(reading, writing, content)
        except BaseException:
            os.close(reading)
            raise
    finally:
        os.close(writing)


def _file_without_name() -> tuple[int, int]:
    """Two descriptors of one file: for reading and for writing."""
    writing, path = tempfile.mkstemp(prefix="tuimail-")
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC), writing
    except BaseException:
        os.close(writing)
        raise
    finally:
        Path(path).unlink(missing_ok=True)


async def _filled(reading: int, writing: int, content: Content) -> PrivateInput:
    pieces = with_lf(_counted(content))
    size, dots, seam = 0, False, b"\n"
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        await asyncio.to_thread(_write, writing, piece)
        size += len(piece)
        dots = dots or _DOT_LINE.search(seam + piece) is not None
        seam = (seam + piece)[-_SEAM:]
    # With relatime the next read updates an access time only if it is before the last change.
    os.utime(writing, ns=(0, os.fstat(writing).st_mtime_ns))
    return PrivateInput(reading, size, dots=dots or seam.endswith(b"\n."))


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _counted(content: Content) -> Iterator[bytes]:
    sent = 0
    try:
        for piece in content.chunks():
            sent += len(piece)
            yield piece
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if sent != content.size:
        raise UnreadableError("Its length has changed.")
