"""Transfer encodings (RFC 2045 section 6), encoded piece by piece. Pure.

Only a few pieces of a file are in memory at a time, whatever its size.
"""

from __future__ import annotations

import base64
import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.content_type import looks_like_mail
from tuimail.mail.content import PIECE
from tuimail.mail.header import MAX_LINE
from tuimail.mail.line_ends import with_crlf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.mail.content import Content

RAW_LINE = 57
"""Bytes of a file that make one line of base64."""
_LETTERS = 76
_LINE = _LETTERS + 2
_LOOK = 4096
"""Bytes at the beginning of a file that show whether it is a mail."""


@dataclass(frozen=True, slots=True)
class Base64:
    """``source`` in lines of 76 letters, each with its CRLF."""

    source: Content

    @property
    def size(self) -> int:
        """Bytes in all; known without reading."""
        lines, rest = divmod(self.source.size, RAW_LINE)
        return lines * _LINE + (((rest + 2) // 3) * 4 + 2 if rest else 0)

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """Whole lines, about ``length`` bytes of them at a time; at least one."""
        raw = max(1, length // _LINE) * RAW_LINE
        held = b""
        for piece in self.source.chunks(raw):
            joined = held + piece
            fitting = len(joined) - len(joined) % RAW_LINE
            held = joined[fitting:]
            if fitting:
                yield _encoded(joined[:fitting])
        if held:
            yield _encoded(held)


@dataclass(frozen=True, slots=True)
class CanonicalLines:
    """``source`` with CRLF for every line end it has."""

    source: Content
    size: int
    """Bytes in all, counted before."""

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order."""
        return with_crlf(self.source.chunks(length))


def as_embedded_mail(source: Content) -> CanonicalLines | None:
    """``source`` with CRLF line ends, if it may stand in a letter as message/rfc822: 7-bit, lines of 998 bytes at most.

    RFC 2046 section 5.2.1 forbids base64 there.
    """
    size = line = 0
    head = b""
    for piece in with_crlf(source.chunks()):
        if len(head) < _LOOK:
            head += piece[:_LOOK]
        if not piece.isascii() or b"\0" in piece:
            return None
        first, *others = piece.split(b"\r\n")
        line += len(first)
        if line > MAX_LINE or any(len(each) > MAX_LINE for each in others):
            return None
        line = len(others[-1]) if others else line
        size += len(piece)
    return CanonicalLines(source, size) if looks_like_mail(head) else None


def is_utf8(source: Content) -> bool:
    """Whether all of ``source`` is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in source.chunks():
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def holds(content: Content, wanted: bytes) -> bool:
    """Whether ``content`` contains ``wanted``, also across pieces."""
    tail = b""
    for piece in content.chunks():
        joined = tail + piece
        if wanted in joined:
            return True
        tail = joined[-len(wanted) + 1 :]
    return False


def _encoded(raw: bytes) -> bytes:
    letters = base64.b64encode(raw)
    lines = [letters[start : start + _LETTERS] for start in range(0, len(letters), _LETTERS)]
    return b"\r\n".join([*lines, b""])
