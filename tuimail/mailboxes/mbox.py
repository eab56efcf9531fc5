"""An mbox file, read only: where its messages begin and end, and their content.

RFC 4155 and what is found in the wild: a message begins at a line ``From sender date``, after an empty line or not.
mboxrd and mboxo put ``>`` before lines of the text that look like it; mboxcl2 puts a Content-Length in the header
instead and no ``>``. A Content-Length is believed where it leads to the end of the file or to the next such line.
Memory stays bounded whatever the file holds.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tuimail.errors import StorageError
from tuimail.mail.content import PIECE
from tuimail.mail.line_ends import with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER_LIMIT = 256 * 1024
"""Bytes of a header that are looked at."""
CHUNK = 1 << 20
"""Bytes read at once in a large message."""
FIRST_CHUNK = 4096
"""Bytes read at once at first: most messages are short."""
LONGEST_START = 512
"""Bytes of a ``From sender date`` line at most."""

_START = re.compile(rb"^From [^\r\n]{0,400}?\d{1,2}:\d\d[^\r\n]{0,60}\b\d{4}\b[^\r\n]{0,20}\r?$", re.MULTILINE)
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^(?:X-)?Status:[ \t]*([A-Z \t]{1,20})\r?$", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_MAILDIR_FLAGS = {"R": "S", "A": "R", "F": "F", "D": "T", "T": "D"}


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """A message of an mbox file, by offsets in bytes."""

    start: int
    """Where its ``From sender date`` line begins."""
    header: int
    """Where its header begins."""
    end: int
    """Behind its last byte; the empty line before the next message is not part of it."""
    status: str
    """The letters of Status and X-Status: R read, O old, A answered, F flagged, D deleted, T draft."""
    quoted: bool
    """Lines of its text that look like a beginning have ``>`` before them (mboxrd, mboxo)."""

    @property
    def flags(self) -> str:
        """The same as letters of a Maildir, sorted."""
        return "".join(sorted({_MAILDIR_FLAGS[each] for each in self.status if each in _MAILDIR_FLAGS}))

    @property
    def is_new(self) -> bool:
        """No program has shown it: neither R nor O."""
        return not set(self.status) & {"R", "O"}


def open_mbox(path: Path) -> BinaryIO:
    """Open the file for reading.

    Raises:
        StorageError: it cannot be read, or is not a regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise StorageError(f"{path} is not an mbox file.", hint="Name a file.")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.", hint="Check its permissions.") from error
    return os.fdopen(descriptor, "rb")


def messages(file: BinaryIO, start: int = 0) -> Iterator[MboxMessage]:
    """The messages from offset ``start`` on, which is 0 or the ``start`` of a message.

    A file that does not begin with a message has none up to the first ``From sender date`` line.

    Raises:
        OSError: the file cannot be read.
    """
    begin = _next_start(file, start)
    while begin is not None:
        file.seek(begin)
        header = begin + len(file.readline(LONGEST_START))
        file.seek(header)
        head, complete = _header(file)
        text = header + len(head)
        end = _end_by_length(file, head, text) if complete else None
        following = _next_start(file, header if end is None else end)
        status = "".join(each.decode("ascii").upper() for each in _STATUS.findall(head))
        stop = _without_empty_line(file, header, _size(file) if following is None else following)
        yield MboxMessage(begin, header, stop, "".join(status.split()), quoted=end is None)
        begin = following


def pieces(file: BinaryIO, message: MboxMessage, length: int = PIECE) -> Iterator[bytes]:
    """The content of ``message`` with CRLF line ends and without the mbox's ``>``, about ``length`` bytes at a time.

    Raises:
        OSError: the file cannot be read.
    """
    for piece in content(file, message, length):
        yield piece.replace(b"\n", b"\r\n")


def content(file: BinaryIO, message: MboxMessage, length: int = PIECE) -> Iterator[bytes]:
    """The same with LF line ends. Raises OSError."""
    return _unquoted(file, message, length) if message.quoted else _raw(file, message, length)


def raw_content(file: BinaryIO, message: MboxMessage, length: int = PIECE) -> Iterator[bytes]:
    """The same with LF line ends and with the mbox's ``>``. Raises OSError."""
    return _raw(file, message, length)


def _raw(file: BinaryIO, message: MboxMessage, length: int) -> Iterator[bytes]:
    def read() -> Iterator[bytes]:
        at = message.header
        while at < message.end:
            file.seek(at)
            piece = file.read(min(length, message.end - at))
            if not piece:
                return
            at += len(piece)
            yield piece

    return with_lf(read())


def _unquoted(file: BinaryIO, message: MboxMessage, length: int) -> Iterator[bytes]:
    """Cut at line ends, so that a quoted beginning is never divided; a line longer than ``length`` holds none."""
    rest = b""
    middle = False
    for piece in _raw(file, message, length):
        rest += piece
        cut = rest.rfind(b"\n") + 1
        if not cut and len(rest) < max(length, LONGEST_START):
            continue
        cut = cut or len(rest)
        yield _without_quotes(rest[:cut], middle=middle)
        middle = rest[cut - 1 : cut] != b"\n"
        rest = rest[cut:]
    if rest:
        yield _without_quotes(rest, middle=middle)


def _without_quotes(lines: bytes, *, middle: bool) -> bytes:
    if not middle:
        return _QUOTED.sub(rb"\1", lines)
    first, newline, others = lines.partition(b"\n")
    return first + newline + _QUOTED.sub(rb"\1", others)


def _header(file: BinaryIO) -> tuple[bytes, bool]:
    """The header from here on with the empty line behind it, and whether it ends within what is looked at."""
    head = b""
    size = FIRST_CHUNK
    while len(head) < HEADER_LIMIT and (more := file.read(min(size, HEADER_LIMIT - len(head)))):
        head += more
        size *= 4
        found = _END_OF_HEADER.search(b"\n" + head)
        following = _START.search(head) if b"From " in head else None
        if following is not None and (found is None or following.start() < found.start()):
            return head[: following.start()], False  # cut off: the next message begins
        if found:
            return head[: found.end() - 1], True
    return head, False


def _next_start(file: BinaryIO, begin: int) -> int | None:
    """Where the first beginning at or after ``begin`` is, which is the beginning of a line."""
    file.seek(begin)
    rest = b"\n"
    at = begin - 1
    size = FIRST_CHUNK
    while True:
        chunk = file.read(size)
        size = min(size * 4, CHUNK)
        window = rest + chunk
        found = window.find(b"\nFrom ")
        while found >= 0 and (len(window) - found > LONGEST_START or not chunk):
            line_end = window.find(b"\n", found + 1, found + 1 + LONGEST_START)
            line = window[found + 1 : len(window) if line_end < 0 else line_end]
            if _START.match(line) and (line_end >= 0 or not chunk):
                return at + found + 1
            found = window.find(b"\nFrom ", found + 1)
        if not chunk:
            return None
        keep = min(len(window), LONGEST_START + 1)
        at += len(window) - keep
        rest = window[len(window) - keep :]


def _end_by_length(file: BinaryIO, head: bytes, text: int) -> int | None:
    """Where the message ends by its Content-Length, if the next one begins there or the file ends."""
    told = _LENGTH.search(head)
    if told is None:
        return None
    end = text + int(told[1])
    size = _size(file)
    if end >= size:
        return size if end <= size + 1 else None
    file.seek(end)
    behind = file.read(LONGEST_START)
    for line_ends in (b"", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"):
        if behind.startswith(line_ends) and _START.match(behind[len(line_ends) :].split(b"\n", 1)[0]):
            return end + len(line_ends)
    return size if not behind.strip() and end + len(behind) == size else None


def _without_empty_line(file: BinaryIO, header: int, end: int) -> int:
    file.seek(max(header, end - 4))
    tail = file.read(end - max(header, end - 4))
    if tail.endswith(b"\r\n\r\n"):
        return end - 2
    return end - 1 if tail.endswith(b"\n\n") else end


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
