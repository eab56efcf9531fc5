"""Plain text as lines for a pager. Pure."""

from __future__ import annotations

from tuimail.ui.text.cells import Line, Span, wrap

_MARGIN = "   "


def prose(text: str, width: int) -> list[Line]:
    """``text`` (safe to draw) wrapped to ``width`` cells; lines that begin with a space keep their spaces."""
    room = max(10, width - 2 * len(_MARGIN))
    return [(Span(_MARGIN + part),) if part else () for line in text.split("\n") for part in wrap(line, room)]
