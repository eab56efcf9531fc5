"""What is used of Textual's text area beyond its documented interface; ``tests/ui/test_textual_private`` pins it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._wrap import compute_wrap_offsets
from textual.expand_tabs import get_tab_widths
from textual.widgets import TextArea
from textual.widgets.text_area import Document, DocumentNavigator, WrappedDocument

from tuimail.ui.text.long_lines import SOFT_BREAK, plain_offsets

if TYPE_CHECKING:
    from textual.widgets.text_area import Location

MANY_LINES = 50
"""Lines of an edit from which on all is wrapped anew."""


class QuickWrappedDocument(WrappedDocument):
    """Textual's wrapped document with a quick way for lines of plain ASCII, for texts of a megabyte."""

    wrapped_for: tuple[int, int] | None = None
    """The width, and that of a tab; None: it was never wrapped."""

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
        self.wrapped_for = self._width, self._tab_width

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


class QuickTextArea(TextArea, inherit_bindings=False):
    """A TextArea of plain text that wraps quickly, and tells when its text changed."""

    def text_changed(self) -> None:
        """Called after every change of the text, before anything is drawn."""

    def forget_drawn_lines(self) -> None:
        """Lines look otherwise than they were drawn, though the text is the same."""
        self._line_cache.clear()

    def columns_to_tab_stop(self) -> int:
        """Columns from the cursor to the next tab stop."""
        return self._find_columns_to_next_tab_stop()

    def _build_highlight_map(self) -> None:
        self.text_changed()
        super()._build_highlight_map()

    def _rewrap_and_refresh_virtual_size(self) -> None:
        # As in TextArea, which wraps a text again for the width that it is wrapped for, several times on opening.
        wrapped = self.wrapped_document
        if not isinstance(wrapped, QuickWrappedDocument) or wrapped.wrapped_for != (self.wrap_width, self.indent_width):
            wrapped.wrap(self.wrap_width, tab_width=self.indent_width)
        self._line_cache.clear()
        self._refresh_size()

    def _set_document(self, text: str, language: str | None) -> None:  # noqa: ARG002 - Textual's signature
        # As in TextArea, but wrapped by QuickWrappedDocument and without a language.
        self._highlight_query = None
        self.document = Document(text)
        self.wrapped_document = QuickWrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()
