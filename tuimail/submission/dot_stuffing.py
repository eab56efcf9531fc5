"""A letter's bytes as they go on the wire (RFC 5321 section 4.5.2): dots doubled, and nothing that could smuggle.

The outbox stores letters with CRLF line ends only and without NUL. Should one be otherwise all the same, a lone CR or
LF becomes CRLF and a NUL is left out: what one server reads as the end of the letter, another reads as its middle.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")


class DotStuffer:
    """Works piece by piece; a line end or a dot may fall between two pieces."""

    def __init__(self) -> None:
        self._at_line_start = True
        self._held_cr = False

    def feed(self, piece: bytes) -> bytes:
        """``piece`` as it goes on the wire."""
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
        # The pattern takes the beginning of the piece for the beginning of a line; here it is not.
        return piece[:1] + _DOT.sub(b"..", piece[1:]) if piece[:1] == b"\n" else _inner(piece)

    def finish(self) -> bytes:
        """What is missing so that the final dot stands on a line of its own."""
        rest = b"\r\n" if self._held_cr or not self._at_line_start else b""
        self._held_cr, self._at_line_start = False, True
        return rest


def stuffed(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each of ``pieces`` as (its own length, its bytes on the wire), the last line ended; without the final dot."""
    stuffer = DotStuffer()
    for piece in pieces:
        yield len(piece), stuffer.feed(piece)
    yield 0, stuffer.finish()


def _inner(piece: bytes) -> bytes:
    head, separator, tail = piece.partition(b"\n")
    return head + separator + _DOT.sub(b"..", tail)
