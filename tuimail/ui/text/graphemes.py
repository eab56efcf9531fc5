"""What a reader takes for one character: extended grapheme clusters (UAX #29), found in one line. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import regex


def cluster_after(line: str, column: int) -> int:
    """The column where the cluster that holds ``column`` ends; the line's end stays where it is."""
    if column >= len(line):
        return len(line)
    return _around(line, column)[1]


def cluster_before(line: str, column: int) -> int:
    """The column where the cluster before ``column`` begins, or the one that it is inside of."""
    return _around(line, column - 1)[0] if column > 0 else 0


def cluster_start(line: str, column: int) -> int:
    """``column``, or where the cluster begins that it is inside of."""
    return _around(line, column)[0] if 0 < column < len(line) else column


def clusters(text: str) -> Iterator[str]:
    """``text`` in clusters."""
    if text.isascii():
        yield from text
        return
    start = 0
    while start < len(text):
        end = _end(text, start)
        yield text[start:end]
        start = end


def _around(line: str, column: int) -> tuple[int, int]:
    """Where the cluster of the character at ``column`` begins and ends."""
    if line[max(0, column - 1) : column + 2].isascii():
        return column, column + 1
    # A space begins a cluster whatever is before it, but for signs that no text has before a space.
    start = max(0, line.rfind(" ", 0, column))
    while (end := _end(line, start)) <= column:
        start = end
    return start, end


def _end(text: str, start: int) -> int:
    # In a piece that begins here: the library counts the flags before it each time.
    length = 32
    while True:
        piece = text[start : start + length]
        match = _cluster().match(piece)
        end = match.end() if match else 1
        if end < len(piece) or start + length >= len(text):
            return start + end
        length *= 2


@cache
def _cluster() -> regex.Pattern[str]:
    import regex  # here, for few need it and it takes its time

    return regex.compile(r"\X")
