"""Dot-stuffing (RFC 5321 section 4.5.2), with protection against SMTP smuggling.

The outbox stores letters with CRLF line ends and without NUL. In case one contains them anyway, a bare CR or LF becomes
CRLF and a NUL is removed: servers disagree on whether such bytes end a letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")


class DotStuffer:
    """Works piece by piece; a line end may be split between two pieces."""

    def __init__(self) -> None:
        self._at_line_start = True
        self._held_cr = False

    def feed(self, piece: bytes) -> bytes:
        """``piece`` with dots doubled."""
        piece = piece.replace(b"\0", b"")
        if self._held_cr:
            piece = b"\r" + piece
        self._held_cr = piece.endswith(b"\r")
        if self._held_cr:
            piece = piece[:-1]
        if not piece:
            return b""
        piece = _LINE_END.sub(b"\r\n", piece)
        starts_line = self._at_line_start
        self._at_line_start = piece.endswith(b"\n")
        if starts_line:
            return _DOT.sub(b"..", piece)
        # The pattern treats the start of the piece as the start of a line, which it is not here.
        return piece[:1] + _DOT.sub(b"..", piece[1:]) if piece[:1] == b"\n" else _inner(piece)

    def finish(self) -> bytes:
        """The bytes still needed so that the final dot is on its own line."""
        rest = b"\r\n" if self._held_cr or not self._at_line_start else b""
        self._held_cr, self._at_line_start = False, True
        return rest


def stuffed(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each of ``pieces`` as (length, dot-stuffed bytes), with the last line ended and without the final dot."""
    stuffer = DotStuffer()
    for piece in pieces:
        yield len(piece), stuffer.feed(piece)
    yield 0, stuffer.finish()


def _inner(piece: bytes) -> bytes:
    head, separator, tail = piece.partition(b"\n")
    return head + separator + _DOT.sub(b"..", tail)
