"""Long lines held as several, and breaking lines of plain text into rows. Pure."""

from __future__ import annotations

SOFT_BREAK = "\ufdd0"
"""Ends an editor line that goes on in the next one: a noncharacter (Unicode 23.7), kept inside the program only."""

LONGEST_LINE = 2_000
"""Characters; a longer paragraph is held as several editor lines, for wrapping one costs time in its whole length."""


def break_long_lines(text: str) -> str:
    """Split every line of ``text`` longer than LONGEST_LINE, at a space where there is one, marking each split."""
    if len(text) <= LONGEST_LINE:
        return text
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line))


def mend_long_lines(text: str) -> str:
    """Undo ``break_long_lines``: the paragraphs are whole again."""
    if SOFT_BREAK not in text:
        return text
    return text.replace(SOFT_BREAK + "\n", "").replace(SOFT_BREAK, "")


def _pieces(line: str) -> list[str]:
    pieces = []
    start = 0
    while len(line) - start > LONGEST_LINE:
        end = line.rfind(" ", start + LONGEST_LINE // 2, start + LONGEST_LINE) + 1 or start + LONGEST_LINE
        pieces.append(line[start:end] + SOFT_BREAK)
        start = end
    pieces.append(line[start:])
    return pieces


def plain_offsets(line: str, width: int) -> list[int]:
    """Where to break ``line``, whose characters are all one cell wide, so that no row is over ``width`` cells."""
    offsets = []
    start = 0
    while len(line) - start > width:
        # A space at the edge may hang over by one cell: the cursor's own column is there.
        end = line.rfind(" ", start, start + width) + 1 or start + width
        offsets.append(end)
        start = end
    return offsets
