"""Fields of a form of settings: a line that Return leaves, one of a few values, a password that is never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget

from tuimail.ui.widgets.header_field import FieldLabel, HeaderField, LineEditor
from tuimail.ui.widgets.prompt import PromptInput
from tuimail.ui.widgets.text_editor import leave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.ui.widgets.cut_buffer import CutBuffer

V = TypeVar("V")


class ReturnForm(Protocol):
    """A form that Return leads through, field by field; the last one sets off what is next."""

    def returned(self, widget: Widget) -> None:
        """Return was pressed in ``widget``."""
        ...


def returned(widget: Widget) -> None:
    """Tell the form around ``widget`` that Return was pressed there."""
    form = next((each for each in widget.ancestors if hasattr(each, "returned")), None)
    if form is not None:
        cast("ReturnForm", form).returned(widget)


class SettingEditor(LineEditor):
    """A line of text whose Return is the form's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "returned", show=False, priority=True),
        Binding("ctrl+k,ctrl+u", "cut", show=False),
    ]

    def put(self, text: str) -> None:
        """Replace everything; what is typed next goes behind it."""
        super().put(text)
        self.move_cursor(self.document.end)

    def action_returned(self) -> None:
        """Return."""
        returned(self)


class SettingField(HeaderField):
    """A labelled line of text. ``field`` is its name in a Proposal, with hyphens for dots ("imap-host")."""

    DEFAULT_CSS = """
    SettingField .header--note { max-width: 2; }
    """

    def _make_editor(self, text: str, cuts: CutBuffer | None, joint: str) -> LineEditor:
        return SettingEditor(text, cuts=cuts, joint=joint)

    def mark(self, *, wrong: bool) -> None:
        """Show that what stands here is wrong, or that it is not; the sentence is for the status line."""
        self.note("!" if wrong else "", (0, len(self.value)) if wrong and self.value else None)


@dataclass(frozen=True, slots=True)
class Option(Generic[V]):
    """One value of a choice."""

    value: V
    words: str
    """Safe to draw."""


class OptionChoice(Widget, Generic[V], can_focus=True):
    """Shows one value of a few; Space and the arrows change it."""

    DEFAULT_CSS = """
    OptionChoice { height: 1; width: 1fr; }
    OptionChoice:focus { text-style: reverse; }
    """
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,ctrl+b", "turn(-1)", show=False),
        Binding("right,ctrl+f,space", "turn(1)", show=False),
        Binding("tab,down,ctrl+n", "leave(1)", show=False, priority=True),
        Binding("shift+tab,up,ctrl+p", "leave(-1)", show=False, priority=True),
        Binding("enter", "returned", show=False, priority=True),
    ]

    def __init__(self, options: Sequence[Option[V]]) -> None:
        super().__init__()
        self.options = tuple(options)
        self.here = 0

    def render(self) -> Text:
        """``<  TLS  >`` where there is a choice."""
        if not self.options:
            return Text("")
        words = self.options[self.here].words
        return Text(f"< {words} >" if len(self.options) > 1 else words, no_wrap=True, overflow="ellipsis")

    def action_turn(self, step: int) -> None:
        """The next value, or the one before, by a key."""
        if len(self.options) > 1:
            before = self.options[self.here].value
            self.turn(step)
            form = next((each for each in self.ancestors if isinstance(each, ChoiceField)), None)
            if form is not None:
                form.post_message(ChoiceField.Changed(form, before))

    def turn(self, step: int) -> None:
        """The next value, or the one before."""
        self.here = (self.here + step) % len(self.options)
        self.refresh()

    def action_leave(self, step: int) -> None:
        """To the next field or the one before."""
        leave(self, step)

    def action_returned(self) -> None:
        """Return."""
        returned(self)


class ChoiceField(Horizontal, Generic[V]):
    """The label and the choice."""

    DEFAULT_CSS = "ChoiceField { height: 1; width: 1fr; }"

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, field: ChoiceField[V], before: object) -> None:
            super().__init__()
            self.field = field
            self.before = before

    def __init__(self, field: str, label: str, options: Sequence[Option[V]]) -> None:
        super().__init__(id=f"field-{field}")
        self.field = field
        self.label = FieldLabel(label)
        self.choice = OptionChoice(options)

    def compose(self) -> ComposeResult:
        """Label and choice."""
        yield self.label
        yield self.choice

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of this field."""
        return self.choice

    @property
    def value(self) -> V:
        """What is chosen; there has to be an option."""
        return self.choice.options[self.choice.here].value

    @value.setter
    def value(self, value: V) -> None:
        self.choice.here = next((at for at, each in enumerate(self.choice.options) if each.value == value), 0)
        self.choice.refresh()

    def offer(self, options: Sequence[Option[V]], here: int = 0) -> None:
        """Other values to choose from."""
        self.choice.options = tuple(options)
        self.choice.here = here
        self.choice.refresh()

    def mark(self, *, wrong: bool) -> None:
        """One of the values is never wrong by itself."""


class SecretEditor(PromptInput):
    """A line whose characters are never shown."""

    DEFAULT_CSS = """
    SecretEditor, SecretEditor:focus { width: 1fr; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down,ctrl+n", "leave(1)", show=False, priority=True),
        Binding("shift+tab,up,ctrl+p", "leave(-1)", show=False, priority=True),
        Binding("enter", "returned", show=False, priority=True),
    ]

    def action_leave(self, step: int) -> None:
        """To the next field or the one before."""
        leave(self, step)

    def action_returned(self) -> None:
        """Return."""
        returned(self)


class SecretField(Horizontal):
    """The label and a password."""

    DEFAULT_CSS = "SecretField { height: 1; width: 1fr; }"

    def __init__(self, field: str, label: str) -> None:
        super().__init__(id=f"field-{field}")
        self.field = field
        self.label = FieldLabel(label)
        self.editor = SecretEditor(password=True, select_on_focus=False, compact=True)

    def compose(self) -> ComposeResult:
        """Label and editor."""
        yield self.label
        yield self.editor

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of this field."""
        return self.editor

    @property
    def value(self) -> str:
        """What was typed."""
        return self.editor.value

    def clear(self) -> None:
        """Forget it."""
        self.editor.value = ""

    def mark(self, *, wrong: bool) -> None:
        """Whether it is right, the servers say."""
