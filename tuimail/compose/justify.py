"""Justifies a paragraph (^J). Pure.

Paragraphs are soft-wrapped in the composer, so an unquoted one becomes a single line, which the window and
format=flowed wrap. A quoted one is filled to a fixed width, because each of its lines must keep its mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.flowed import SIGNATURE
from tuimail.mail.text import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

FILL_COLUMN = 72
"""Cells of a filled line, its quote marks included."""

_QUOTE = re.compile(r"(?:>[ ]?)+")
_ITEM = re.compile(r"[ ]*(?:[-*+\u2022]|\(?\d{1,3}[.)])[ ]+(?=\S)")


@dataclass(frozen=True, slots=True)
class Justified:
    """Lines ``first`` to ``last`` (exclusive) of the text are to be replaced by ``lines``."""

    first: int
    last: int
    lines: tuple[str, ...]


def quote_depth(line: str) -> int:
    """How many quote marks ``line`` begins with."""
    match = _QUOTE.match(line)
    return match.group().count(">") if match else 0


def justify(lines: Sequence[str], row: int) -> Justified | None:
    """Fill the paragraph around ``row``, or the next one if that line is blank; None when there is none."""
    while row < len(lines) and not _content(lines[row]):
        row += 1
    if row >= len(lines) or lines[row] == SIGNATURE:
        return None
    depth = quote_depth(lines[row])
    first, last = row, row + 1
    while first > 0 and not _starts(lines[first]) and _belongs(lines[first - 1], depth):
        first -= 1
    while last < len(lines) and _belongs(lines[last], depth) and not _starts(lines[last]):
        last += 1
    words = " ".join(_content(line) for line in lines[first:last]).split()
    if depth:
        return Justified(first, last, tuple(_filled(words, "> " * depth)))
    lead = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    return Justified(first, last, (lead + " ".join(words),))


def _content(line: str) -> str:
    return _QUOTE.sub("", line, count=1).strip() if line.startswith(">") else line.strip()


def _belongs(line: str, depth: int) -> bool:
    return bool(_content(line)) and quote_depth(line) == depth and line != SIGNATURE


def _starts(line: str) -> bool:
    """Whether ``line`` opens a paragraph of its own: an item of a list, or an indented line."""
    content = line[match.end() :] if (match := _QUOTE.match(line)) else line
    return bool(_ITEM.match(content)) or (not match and content.startswith((" ", "\t")))


def _filled(words: Sequence[str], prefix: str) -> list[str]:
    filled: list[str] = []
    line, used = prefix, cells(prefix)
    for word in words:
        width = cells(word)
        if line != prefix and used + 1 + width > FILL_COLUMN:
            filled.append(line)
            line, used = prefix, cells(prefix)
        if line != prefix:
            line, used = line + " ", used + 1
        line, used = line + word, used + width
    return [*filled, line]
