"""Plain text as lines for a pager. Pure."""

from __future__ import annotations

from tuimail.ui.text.cells import Line, Span, wrap

_MARGIN = "   "


def prose(text: str, width: int) -> list[Line]:
    """``text`` (safe to draw) wrapped to ``width`` cells; what is indented stays so."""
    room = max(10, width - 2 * len(_MARGIN))
    return [(Span(_MARGIN + part),) if part else () for line in text.split("\n") for part in _parts(line, room)]


def _parts(line: str, room: int) -> list[str]:
    """The rows of one line."""
    words = line.lstrip(" ")
    indent = " " * min(len(line) - len(words), room // 2)
    return [indent + part for part in wrap(words, room - len(indent))] if words else [""]
