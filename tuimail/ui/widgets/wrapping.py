"""Soft wrapping that stays quick on a megabyte: a plain path beside Textual's general one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._wrap import compute_wrap_offsets
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import get_tab_widths

if TYPE_CHECKING:
    from textual.document._document import Location

SOFT_BREAK = "\ufdd0"
"""Ends an editor line that goes on in the next one: a noncharacter (Unicode 23.7), kept inside the program only."""

LONGEST_LINE = 2_000
"""Characters; a longer paragraph is held as several editor lines, for wrapping one costs time in its whole length."""


MANY_LINES = 50
"""Lines of an edit from which on all is wrapped anew."""


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


class QuickWrappedDocument(WrappedDocument):
    """Textual's wrapped document with a quick way for lines of plain ASCII."""

    @property
    def height(self) -> int:
        """Rows of all lines together. The text area asks once for every row it draws, so this must not add up lines."""
        return len(self._offset_to_line_info)

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Wrap every line anew.

        Args:
            width: Cells; 0 for no wrapping.
            tab_width: Cells of a tab, or None to keep it.
        """
        self._width = width
        if tab_width:
            self._tab_width = tab_width
        self._wrap_offsets, self._tab_width_cache, self._line_index_to_offsets = [], [], []
        rows: list[tuple[int, int]] = []
        for index, line in enumerate(self.document.lines):
            offsets, tabs = self._wrapped(line)
            first = len(rows)
            rows.extend((index, section) for section in range(len(offsets) + 1))
            self._wrap_offsets.append(offsets)
            self._tab_width_cache.append(tabs)
            self._line_index_to_offsets.append(list(range(first, len(rows))))
        self._offset_to_line_info = rows

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Wrap what an edit changed; after a large paste everything, for that is the quicker way."""
        if new_end[0] - start[0] > MANY_LINES:
            self.wrap(self._width)
        else:
            super().wrap_range(start, old_end, new_end)

    def _wrapped(self, line: str) -> tuple[list[int], list[int]]:
        """Where ``line`` breaks, and how wide its tabs are."""
        plain = line.removesuffix(SOFT_BREAK)
        if plain.isascii() and "\t" not in plain:
            return (plain_offsets(line, self._width) if 0 < self._width < len(line) else []), []
        tabs = get_tab_widths(line, self._tab_width)
        offsets = compute_wrap_offsets(line, self._width, self._tab_width, precomputed_tab_sections=tabs)
        return (offsets if self._width else []), [width for _, width in tabs]
