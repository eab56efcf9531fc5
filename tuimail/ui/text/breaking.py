"""Where long lines are broken into rows, by offsets: quick for what fits, and linear for what does not. Pure."""

from __future__ import annotations

from rich.cells import cell_len

from tuimail.ui.text.graphemes import clusters


def row_starts(text: str, width: int) -> list[int]:
    """Offsets in ``text`` (one line) where its rows of at most ``width`` cells begin; at least ``[0]``.

    Rows end at spaces where they can; a row's text may have a space behind it that is to be cut off.
    """
    width = max(1, width)
    if text.isascii():
        return [0] if len(text) <= width else _narrow(text, width)
    if len(text) * 2 <= width or cell_len(text) <= width:
        return [0]
    return _wide(text, width)


def _narrow(text: str, width: int) -> list[int]:
    """Every character takes one cell."""
    starts, start = [0], 0
    while len(text) - start > width:
        end = text.rfind(" ", start + 1, start + width + 1)
        if end < 0 or not text[start:end].strip(" "):
            end = start + width
        else:
            end += 1
        starts.append(end)
        start = end
    return starts


def _wide(text: str, width: int) -> list[int]:
    starts = [0]
    used = 0
    """Cells of the row so far."""
    word, before = 0, 0
    """Where the last word of the row begins, and the cells before it."""
    blank = True
    """The row has nothing but spaces so far."""
    at = 0
    for cluster in clusters(text):
        cells = cell_len(cluster)
        if used + cells > width and cluster != " " and used:
            if word > starts[-1]:
                starts.append(word)
                used -= before
            else:
                starts.append(at)
                used = 0
            word, before, blank = starts[-1], 0, False
        used += cells
        at += len(cluster)
        if cluster == " ":
            if not blank:
                word, before = at, used
        else:
            blank = False
    return starts
