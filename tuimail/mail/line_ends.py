"""Converts line ends of a text that is read in pieces of any size. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINE_END = re.compile(rb"\r\n|\r|\n")


def with_crlf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """``pieces`` with CRLF for every CRLF, CR and LF."""
    return (_LINE_END.sub(b"\r\n", piece) for piece in _not_inside_crlf(pieces))


def with_lf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """``pieces`` with LF for every CRLF; a bare CR stays."""
    return (piece.replace(b"\r\n", b"\n") for piece in _not_inside_crlf(pieces))


def _not_inside_crlf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """``pieces``, none of them empty, and never split between a CR and its LF."""
    held = b""
    for piece in pieces:
        joined = held + piece
        held = b"\r" if joined.endswith(b"\r") else b""
        joined = joined.removesuffix(held)
        if joined:
            yield joined
    if held:
        yield held
