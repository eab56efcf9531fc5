"""Text measured in terminal cells, and lines made of spans in mail roles. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from tuimail.ui.text.graphemes import clusters

ELLIPSIS = "…"


class TextRole(StrEnum):
    """What a piece of text is; the theme says how that looks (component class ``role--<value>``)."""

    TEXT = "text"
    DIM = "dim"
    STRONG = "title"
    ACCENT = "accent"
    KEY = "key"
    LABEL = "label"
    QUOTE_1 = "quote-1"
    QUOTE_2 = "quote-2"
    QUOTE_3 = "quote-3"
    LINK = "link"
    SIGNATURE = "signature"
    HIT = "hit"
    """What was searched for."""
    CHOSEN = "chosen"
    """What the next key acts on."""
    SELECTED = "selected"
    """Text to copy or to quote."""
    NEEDS_YOU = "needs-you"
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    DEFERRED = "deferred"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    DONE = "done"


class Span(NamedTuple):
    """A piece of a line. ``text`` must be safe to draw (mail/text) already."""

    text: str
    role: TextRole = TextRole.TEXT


Line = tuple[Span, ...]


def width_of(line: Line) -> int:
    """Cells the line takes."""
    return sum(cell_len(span.text) for span in line)


def clip(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells; what is cut off is told by an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells."""
    clipped = clip(text, width)
    gap = " " * max(0, width - cell_len(clipped))
    return gap + clipped if right else clipped + gap


def wrap(text: str, width: int) -> list[str]:
    """``text`` (one paragraph) broken at spaces into lines of at most ``width`` cells; never empty."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        if cell_len(word) > width > 0:
            lines += [current] if current else []
            *filled, current = _pieces(word, width)
            lines += filled
        elif not current:
            current = word
        elif cell_len(current) + 1 + cell_len(word) <= width:
            current += f" {word}"
        else:
            lines.append(current)
            current = word
    lines.append(current)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    """``word`` cut into pieces of at most ``width`` cells, each at least one cluster."""
    pieces: list[str] = []
    used = start = end = 0
    for cluster in clusters(word):
        wide = cell_len(cluster)
        if used + wide > width and end > start:
            pieces.append(word[start:end])
            start, used = end, 0
        used += wide
        end += len(cluster)
    return [*pieces, word[start:]]
