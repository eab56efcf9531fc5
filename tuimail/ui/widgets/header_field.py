"""One line of the letter's header: a label eight cells wide, an editor that grows with its text, a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from tuimail.ui.text.typed_text import clean_line
from tuimail.ui.widgets.text_editor import TextEditor, leave

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from tuimail.ui.widgets.cut_buffer import CutBuffer

LABEL_WIDTH = 8


class FieldLabel(Static):
    """``To      : ``, as pine writes it; brighter while the cursor is in the field (class ``-here``)."""

    DEFAULT_CSS = """
    FieldLabel { width: 10; height: 1; text-style: dim; }
    FieldLabel.-here { text-style: bold; }
    """

    def __init__(self, label: str) -> None:
        super().__init__(Text(f"{label:<{LABEL_WIDTH}}: ", end="", no_wrap=True), markup=False)


class LineEditor(TextEditor):
    """An editor of one line, however many rows that takes."""

    DEFAULT_CSS = """
    LineEditor { height: auto; max-height: 5; width: 1fr; scrollbar-size: 0 0; }
    LineEditor > .line--wrong { color: $text-error; text-style: underline; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--wrong"}

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the widget's own keys: what is typed ahead must find the focus moved.
        Binding("enter,tab", "leave(1)", show=False, priority=True),
        Binding("shift+tab", "leave(-1)", show=False, priority=True),
        Binding("up,ctrl+p", "cursor_up", show=False, priority=True),
        Binding("down,ctrl+n", "cursor_down", show=False, priority=True),
    ]

    def __init__(self, text: str = "", *, cuts: CutBuffer | None = None, joint: str = " ") -> None:
        self._joint = joint
        self.wrong: tuple[int, int] | None = None
        super().__init__(text, cuts=cuts)

    def tidy(self, text: str) -> str:
        """``text`` in one line."""
        return clean_line(text, joint=self._joint)

    async def on_key(self, event: events.Key) -> None:
        """Before TextArea's own."""
        if event.key == "enter":
            # TextArea would break the line; the binding goes to the next field.
            event.prevent_default()

    def action_leave(self, step: int) -> None:
        """On to the next field (1) or back to the previous one (-1)."""
        leave(self, step)

    def action_cursor_up(self, select: bool = False) -> None:
        """Up; from the first row to the field above."""
        if self.on_first_row and not select:
            leave(self, -1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Down; from the last row to the field below."""
        if self.on_last_row and not select:
            leave(self, 1)
        else:
            super().action_cursor_down(select)

    def get_line(self, line_index: int) -> Text:
        """The line, with the part that is wrong marked."""
        text = super().get_line(line_index)
        if self.wrong is not None:
            text.stylize(self._wrong_style(), *self.wrong)
        return text

    def mark_wrong(self, span: tuple[int, int] | None) -> None:
        """Mark characters ``span`` (start, end), or nothing."""
        if self.wrong != span:
            self.wrong = span
            self.forget_drawn_lines()
            self.refresh()

    def _wrong_style(self) -> Style:
        return self.get_component_rich_style("line--wrong", partial=True)


class HeaderField(Vertical):
    """A labelled LineEditor. ``field`` is its name in a Draft ("subject")."""

    DEFAULT_CSS = """
    HeaderField { height: auto; width: 1fr; }
    HeaderField > Horizontal { height: auto; }
    HeaderField .header--note { width: auto; max-width: 50%; height: 1; color: $text-error; padding-left: 1; }
    """

    class Changed(Message):
        """The text of ``field`` changed."""

        def __init__(self, field: HeaderField) -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> HeaderField:
            """The field."""
            return self.field

    def __init__(
        self, field: str, label: str, text: str = "", *, cuts: CutBuffer | None = None, joint: str = " "
    ) -> None:
        super().__init__(id=f"field-{field}")
        self.field = field
        self.label = FieldLabel(label)
        self.editor = self._make_editor(text, cuts, joint)
        self._note = Static("", classes="header--note", markup=False)

    def _make_editor(self, text: str, cuts: CutBuffer | None, joint: str) -> LineEditor:
        return LineEditor(text, cuts=cuts, joint=joint)

    def compose(self) -> ComposeResult:
        """Label, editor, note."""
        with Horizontal():
            yield self.label
            yield self.editor
            yield self._note
        yield from self.extras()

    def extras(self) -> ComposeResult:
        """What else belongs to the field."""
        yield from ()

    def on_mount(self) -> None:
        """No note yet."""
        self._note.display = False

    @property
    def value(self) -> str:
        """The text typed."""
        return self.editor.text

    @value.setter
    def value(self, text: str) -> None:
        self.editor.put(text)

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of this field."""
        return self.editor

    def note(self, message: str, span: tuple[int, int] | None = None) -> None:
        """Say what is wrong, in a word or two, and mark where; an empty ``words`` takes both away."""
        self._note.update(Text(message))
        self._note.display = bool(message)
        self.editor.mark_wrong(span if message else None)

    def on_text_area_changed(self, event: TextEditor.Changed) -> None:
        """Typing takes the complaint away."""
        event.stop()
        self.note("")
        self.post_message(self.Changed(self))
