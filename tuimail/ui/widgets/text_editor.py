"""The editor under the header fields and the body: Textual's TextArea with pine's manners.

Its own bindings are the ones every editor has (moving, deleting). What the key rows show (cut, search, justify) are
methods, called by the screen's commands, so that they can be put on other keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets.text_area import Selection

from tuimail.ui.text.graphemes import cluster_after, cluster_before, cluster_start
from tuimail.ui.text.typed_text import clean_text, drawn
from tuimail.ui.textual_text_area import QuickTextArea
from tuimail.ui.widgets.cut_buffer import CutBuffer

if TYPE_CHECKING:
    from textual import events
    from textual.widget import Widget
    from textual.widgets.text_area import Edit, EditResult, Location


class Form(Protocol):
    """What holds the fields: it moves the focus at once, so that keys typed ahead go to the right field.

    A message would be handled after the next keys were handed out.
    """

    def move(self, step: int) -> None:
        """To the next field (1) or the one before (-1)."""
        ...


def leave(widget: Widget, step: int) -> None:
    """Take the focus from ``widget`` to the next field or the one before."""
    form = next((each for each in widget.ancestors if hasattr(each, "move")), None)
    if form is not None:
        cast("Form", form).move(step)


def _hidden(key: str, action: str) -> Binding:
    return Binding(key, action, show=False)


class TextEditor(QuickTextArea, inherit_bindings=False):
    """A TextArea that takes text, keeps a mark, and cuts into a shared buffer."""

    DEFAULT_CSS = """
    TextEditor, TextEditor:focus {
        border: none;
        padding: 0;
        background: transparent;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _hidden("up", "cursor_up"),
        _hidden("down", "cursor_down"),
        _hidden("left,ctrl+b", "cursor_left"),
        _hidden("right,ctrl+f", "cursor_right"),
        _hidden("ctrl+p", "cursor_up"),
        _hidden("ctrl+n", "cursor_down"),
        _hidden("home,ctrl+a", "cursor_line_start"),
        _hidden("end,ctrl+e", "cursor_line_end"),
        _hidden("ctrl+left,alt+b", "cursor_word_left"),
        _hidden("ctrl+right,ctrl+@,alt+f", "cursor_word_right"),
        _hidden("ctrl+home", "text_start"),
        _hidden("ctrl+end", "text_end"),
        _hidden("shift+left", "cursor_left(True)"),
        _hidden("shift+right", "cursor_right(True)"),
        _hidden("shift+up", "cursor_up(True)"),
        _hidden("shift+down", "cursor_down(True)"),
        _hidden("shift+home", "cursor_line_start(True)"),
        _hidden("shift+end", "cursor_line_end(True)"),
        _hidden("ctrl+shift+left", "cursor_word_left(True)"),
        _hidden("ctrl+shift+right", "cursor_word_right(True)"),
        _hidden("backspace", "delete_left"),
        _hidden("delete,ctrl+d", "delete_right"),
        _hidden("ctrl+backspace", "delete_word_left"),
        _hidden("ctrl+delete", "delete_word_right"),
    ]

    _text: str | None = None

    def __init__(self, text: str = "", *, cuts: CutBuffer | None = None, id: str | None = None) -> None:  # noqa: A002
        # TextArea's constructor moves the cursor, which looks at these.
        self.cuts = cuts if cuts is not None else CutBuffer()
        self.marked = False
        super().__init__("", id=id, soft_wrap=True, highlight_cursor_line=False, compact=True)
        self.cursor_blink = False
        self.match_cursor_bracket = False
        if text:
            self.put(text)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: what hides or reorders is a mark."""
        return Text(drawn(self.document.get_line(line_index)), end="", no_wrap=True)

    # -- text in and out
    @property
    def text(self) -> str:
        """The whole text; TextArea asks for it once a row drawn, so it is kept until the next change."""
        if self._text is None:
            self._text = self.document.text
        return self._text

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(value)

    def text_changed(self) -> None:
        """Forget what was known of the text."""
        self._text = None

    def put(self, text: str) -> None:
        """Replace everything by ``text`` and forget the history."""
        self.load_text(self.tidy(text))

    def tidy(self, text: str) -> str:
        """What of ``text`` may enter here."""
        return clean_text(text)

    def type_text(self, text: str) -> None:
        """Insert ``text`` at the cursor, in place of a selection, as one step of the history."""
        start, end = (self.cursor_location,) * 2 if self.marked else self.selection
        self.unmark()
        self.replace(self.tidy(text), start, end, maintain_selection_offset=False)
        self.scroll_cursor_visible()

    # -- keys and pastes
    async def on_key(self, event: events.Key) -> None:
        """Before TextArea's own."""
        if event.key.startswith(("alt+", "ctrl+", "super+", "meta+")) and event.is_printable:
            # TextArea would insert the letter of an unknown Alt+letter.
            event.prevent_default()
        elif self.marked and (event.is_printable or event.key == "enter"):
            # In pine a mark only grows a region for cutting: typing does not replace it.
            self.unmark()

    async def on_paste(self, event: events.Paste) -> None:
        """In place of TextArea's own: what is pasted is cleaned."""
        event.prevent_default()
        event.stop()
        self.type_text(event.text)

    def edit(self, edit: Edit) -> EditResult:
        """Every change ends the mark, and the gathering of cut lines."""
        self.marked = False
        self.cuts.pause()
        return super().edit(edit)

    # -- the mark
    def action_set_mark(self) -> None:
        """Set the mark at the cursor, or take it away."""
        if self.marked:
            self.unmark()
        else:
            self.selection = Selection.cursor(self.cursor_location)
            self.marked = True

    def unmark(self) -> None:
        """No region is marked any more."""
        if self.marked:
            self.marked = False
            self.selection = Selection.cursor(self.cursor_location)

    def move_cursor(
        self, location: Location, select: bool = False, center: bool = False, record_width: bool = True
    ) -> None:
        """Move there; with the mark set, the region grows."""
        self.cuts.pause()
        super().move_cursor(self._whole(location), select or self.marked, center, record_width)

    def action_cursor_left(self, select: bool = False) -> None:
        """One character to the left."""
        super().action_cursor_left(select or self.marked)

    def action_cursor_right(self, select: bool = False) -> None:
        """One character to the right."""
        super().action_cursor_right(select or self.marked)

    @property
    def on_first_row(self) -> bool:
        """The cursor is on the first row drawn."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def on_last_row(self) -> bool:
        """The cursor is on the last row drawn."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y == self.wrapped_document.height - 1

    def action_text_start(self) -> None:
        """To the first character."""
        self.move_cursor((0, 0))

    def action_text_end(self) -> None:
        """Behind the last character."""
        self.move_cursor(self.document.end)

    def get_cursor_left_location(self) -> Location:
        """One whole character to the left: an emoji or a letter with its accents is one."""
        row, column = self.cursor_location
        return (row, cluster_before(self.document[row], column)) if column else super().get_cursor_left_location()

    def get_cursor_right_location(self) -> Location:
        """One whole character to the right."""
        row, column = self.cursor_location
        line = self.document[row]
        return (row, cluster_after(line, column)) if column < len(line) else super().get_cursor_right_location()

    def get_cursor_word_left_location(self) -> Location:
        """One word to the left; a letter's marks are no end of a word."""
        return self._whole(super().get_cursor_word_left_location())

    def get_cursor_word_right_location(self) -> Location:
        """One word to the right."""
        row, column = super().get_cursor_word_right_location()
        line = self.document[row]
        return row, column if cluster_start(line, column) == column else cluster_after(line, column)

    def get_target_document_location(self, event: events.MouseEvent) -> Location:
        """Where the mouse is: before a whole character."""
        return self._whole(super().get_target_document_location(event))

    def _whole(self, location: Location) -> Location:
        """``location``, never inside a character."""
        row, column = location
        return row, cluster_start(self.document[row], column) if 0 <= row < self.document.line_count else column

    # -- cutting and pasting
    def action_cut(self) -> None:
        """Cut the region if there is one, else the cursor's line; cuts in a row gather."""
        if not self.selection.is_empty:
            start, end = sorted(self.selection)
            self.cuts.take(self.get_text_range(start, end))
            self.delete(start, end, maintain_selection_offset=False)
            return
        row, _ = self.cursor_location
        last = row == self.document.line_count - 1
        start, end = (row, 0), (row, len(self.document[row])) if last else (row + 1, 0)
        if start != end:
            self.cuts.gather(self.get_text_range(start, end))
            self.delete(start, end, maintain_selection_offset=False)
            self.cuts.go_on()

    def action_uncut(self) -> None:
        """Put back what was cut last, at the cursor."""
        if self.cuts.text:
            self.type_text(self.cuts.text)
