r"""The letter's text: soft-wrapped paragraphs, quotes coloured by depth, pine's editing keys as methods.

A paragraph over 2,000 characters (a pasted log, base64) is held as several lines that end in a dim ``\``: the mark is
the editor's own, the draft and the letter have the paragraph whole (``body``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets.text_area import Selection

from tuimail.compose.justify import justify, quote_depth
from tuimail.mail.flowed import SIGNATURE
from tuimail.ui.text.long_lines import SOFT_BREAK, break_long_lines, mend_long_lines
from tuimail.ui.text.typed_text import drawn
from tuimail.ui.widgets.text_editor import TextEditor, leave

if TYPE_CHECKING:
    from textual.widgets.text_area import Edit, EditResult

WRAP_COLUMN = 76
"""Cells: what is seen is about what a reader gets, however wide the window."""

LONGEST_SIGNATURE = 60
"""Lines; a mark further up is not taken for a signature's."""

QUOTE_COLOURS = 3


class BodyEditor(TextEditor):
    """Edits the letter's text."""

    DEFAULT_CSS = """
    BodyEditor { height: 1fr; width: 1fr; }
    BodyEditor > .body--quote1 { color: $text-accent; }
    BodyEditor > .body--quote2 { color: $text-success; }
    BodyEditor > .body--quote3 { color: $text-warning; }
    BodyEditor > .body--signature { text-style: dim; }
    BodyEditor > .body--soft { text-style: dim; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "body--quote1",
        "body--quote2",
        "body--quote3",
        "body--signature",
        "body--soft",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "insert_tab", show=False),
        Binding("pageup", "cursor_page_up", show=False),
        Binding("pagedown", "cursor_page_down", show=False),
    ]

    justified = False
    """The last change was a justification, which pasting takes back."""
    _signature: int | None = None
    _signature_known = False

    # -- text in and out
    def tidy(self, text: str) -> str:
        """Clean text in lines that are not too long to be wrapped quickly."""
        return break_long_lines(super().tidy(text))

    @property
    def body(self) -> str:
        """The letter's text, paragraphs whole."""
        return mend_long_lines(self.text)

    @property
    def wrap_width(self) -> int:
        """Cells of a row."""
        return min(super().wrap_width, WRAP_COLUMN)

    def edit(self, edit: Edit) -> EditResult:
        """Any change ends the offer to unjustify."""
        self.justified = False
        return super().edit(edit)

    # -- moving
    def action_cursor_up(self, select: bool = False) -> None:
        """Up; from the first row, back to the header."""
        if self.on_first_row and not select and not self.marked:
            leave(self, -1)
        else:
            super().action_cursor_up(select)

    def action_insert_tab(self) -> None:
        """Spaces up to the next tab stop."""
        self.type_text(" " * self.columns_to_tab_stop())

    # -- justifying
    def action_justify(self) -> bool:
        """Fill the paragraph at the cursor; False when there is none."""
        lines, starts = self._whole_lines()
        row, _ = self.cursor_location
        filled = justify(lines, bisect_right(starts, row) - 1)
        if filled is None:
            return False
        last = (starts[filled.last] if filled.last < len(starts) else self.document.line_count) - 1
        end = (last, len(self.document[last]))
        text = break_long_lines("\n".join(filled.lines))
        self.replace(text, (starts[filled.first], 0), end, maintain_selection_offset=False)
        self.justified = True
        return True

    def _whole_lines(self) -> tuple[list[str], list[int]]:
        """The lines with the editor's own breaks undone, and the row each begins at."""
        lines: list[str] = []
        starts: list[int] = []
        goes_on = False
        for row, line in enumerate(self.document.lines):
            if goes_on:
                lines[-1] += line.removesuffix(SOFT_BREAK)
            else:
                lines.append(line.removesuffix(SOFT_BREAK))
                starts.append(row)
            goes_on = line.endswith(SOFT_BREAK)
        return lines, starts

    def action_uncut(self) -> None:
        """Right after justifying, take that back; else put back what was cut."""
        if self.justified:
            self.justified = False
            self.undo()
        else:
            super().action_uncut()

    # -- searching
    def find(self, wanted: str) -> bool:
        """Go to the next place of ``wanted`` after the cursor, going on at the top; False if it is nowhere.

        Letters match in either case.
        """
        if not wanted:
            return False
        pattern = re.compile(re.escape(wanted), re.IGNORECASE)
        row, column = self.cursor_location
        count = self.document.line_count
        for step in range(count + 1):
            index = (row + step) % count
            line = self.document[index]
            start = column + 1 if step == 0 else 0
            # Back on the cursor's line at the end: only what is before or at the cursor is left.
            stop = column + len(wanted) if step == count else len(line)
            if match := pattern.search(line, start, stop):
                self.unmark()
                self.selection = Selection.cursor((index, match.start()))
                self.scroll_cursor_visible(center=True)
                self.record_cursor_width()
                return True
        return False

    # -- drawing
    def text_changed(self) -> None:
        """Forget what was known of the text."""
        super().text_changed()
        self._signature_known = False

    def get_line(self, line_index: int) -> Text:
        """A line with its colours."""
        line = self.document.get_line(line_index)
        soft = line.endswith(SOFT_BREAK)
        text = Text(drawn(line[:-1] + "\\" if soft else line), end="", no_wrap=True)
        depth = quote_depth(line)
        if depth:
            text.stylize(self.get_component_rich_style(f"body--quote{(depth - 1) % QUOTE_COLOURS + 1}", partial=True))
        elif (start := self._signature_start()) is not None and line_index >= start:
            text.stylize(self.get_component_rich_style("body--signature", partial=True))
        if soft:
            text.stylize(self.get_component_rich_style("body--soft", partial=True), len(line) - 1)
        return text

    def _signature_start(self) -> int | None:
        if not self._signature_known:
            lines = self.document.lines
            lowest = max(0, len(lines) - LONGEST_SIGNATURE)
            found = (index for index in range(len(lines) - 1, lowest - 1, -1) if lines[index] == SIGNATURE)
            self._signature = next(found, None)
            self._signature_known = True
        return self._signature
