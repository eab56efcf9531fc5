"""Questions in the status line: a line to type, or one key of a few. Each has its own key rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual import events
    from textual.app import ComposeResult

    Meaning = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer to a question."""

    key: str
    """A lower-case letter."""
    label: str
    value: str
    """What the question returns for it."""


class Prompt(Widget):
    """Something asked in the status line; ``answer`` is done when the user answered (a text) or cancelled (None)."""

    def __init__(self, help_text: str) -> None:
        super().__init__()
        self.help_text = help_text
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def finish(self, value: str | None) -> None:
        """Answer; a second answer is ignored."""
        if not self.answer.done():
            self.answer.set_result(value)

    def accept(self) -> None:
        """What Return does."""
        raise NotImplementedError


class PromptInput(Input):
    """One line of typing; Alt with a letter is never text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+b", "cursor_left_word", show=False),
        Binding("alt+f", "cursor_right_word", show=False),
    ]

    def on_key(self, event: events.Key) -> None:
        """Textual would insert the letter of an unbound Alt key."""
        if event.key.startswith("alt+"):
            event.prevent_default()


class LinePrompt(Prompt):
    """Asks for one line of text."""

    DEFAULT_CSS = """
    LinePrompt { height: auto; padding: 0 1; }
    LinePrompt .meaning { max-width: 100%; width: 1fr; color: $mail-dim; text-style: none; }
    LinePrompt Horizontal { height: 1; }
    LinePrompt Static { width: auto; max-width: 60%; height: 1; }
    LinePrompt PromptInput { width: 1fr; }
    """

    def __init__(
        self,
        label: str,
        initial: str = "",
        *,
        help_text: str = "",
        password: bool = False,
        meaning: Meaning | None = None,
    ) -> None:
        super().__init__(help_text)
        self._meaning = meaning
        self._meant = Static(markup=False, classes="meaning")
        self.label = label
        self.initial = initial
        self.input = PromptInput(initial, password=password, select_on_focus=False, compact=True)

    def compose(self) -> ComposeResult:
        """Label and field."""
        with Horizontal():
            yield Static(Content(f"{self.label} : "), markup=False)
            yield self.input
        if self._meaning is not None:
            yield self._meant

    def on_input_changed(self) -> None:
        """Say what is meant by what was typed; only the latest matters."""
        if self._meaning is not None:
            start_worker(self, partial(self._tell, self._meaning), group="meaning", exclusive=True)

    async def _tell(self, meaning: Meaning) -> None:
        self._meant.update(Content(await meaning(self.input.value)))

    def on_mount(self) -> None:
        """Start at the end of what stands there."""
        self.on_input_changed()
        self.input.cursor_position = len(self.input.value)
        self.input.focus()

    def accept(self) -> None:
        """What was typed."""
        self.finish(self.input.value)


class ChoicePrompt(Prompt, can_focus=True, inherit_bindings=False):
    """Asks for one of a few keys."""

    DEFAULT_CSS = "ChoicePrompt { height: auto; max-height: 4; padding: 0 1; }"

    def __init__(
        self, question: str, choices: Sequence[Choice], *, default: str | None = None, help_text: str = ""
    ) -> None:
        super().__init__(help_text)
        self.question = question
        self.choices = tuple(choices)
        self.default = default

    def render(self) -> Content:
        """The question."""
        return Content(self.question)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus()

    def on_key(self, event: events.Key) -> None:
        """A choice's letter answers; anything else rings the bell."""
        event.stop()
        for choice in self.choices:
            if choice.key == event.key.lower():
                self.finish(choice.value)
                return
        self.app.bell()

    def accept(self) -> None:
        """The default, if there is one."""
        if self.default is not None:
            self.finish(self.default)
