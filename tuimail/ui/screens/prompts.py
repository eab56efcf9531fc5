"""Questions on a screen: ``await screen.prompts.ask(...)``, ``.ask_yes_no(...)``, ``.ask_choice(...)``.

They stand where the status line is, with their own key rows, and return None when the user cancels. While one is open
the screen's other commands are not there; a second question meanwhile is answered None at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len

from tuimail.mail.text import safe_line
from tuimail.ui.commands.table import BY_ID
from tuimail.ui.widgets.key_rows import KeyEntry
from tuimail.ui.widgets.prompt import Choice, ChoicePrompt, LinePrompt, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.geometry import Size
    from textual.widget import Widget

    from tuimail.ui.protocols import Action, Completer, Program
    from tuimail.ui.widgets.key_rows import KeyRows
    from tuimail.ui.widgets.prompt import Meaning
    from tuimail.ui.widgets.status_line import StatusLine

    class PromptHost(Protocol):
        """The screen that asks."""

        @property
        def foot(self) -> Widget:
            """Holds the status line and the key rows."""
            ...

        @property
        def status(self) -> StatusLine:
            """Hidden while a question stands in its place."""
            ...

        @property
        def key_rows(self) -> KeyRows:
            """A question is mounted above them."""
            ...

        @property
        def focused(self) -> Widget | None:
            """What takes the keys."""
            ...

        @property
        def is_attached(self) -> bool:
            """The screen was not closed."""
            ...

        @property
        def size(self) -> Size:
            """Of the screen, in cells."""
            ...

        @property
        def program(self) -> Program:
            """The app."""
            ...

        def set_focus(self, widget: Widget | None) -> None:
            """Give ``widget`` the keys."""
            ...

        def refresh_keys(self) -> None:
            """Draw the key rows again."""
            ...

        def carry_out(self, action: Action[Any]) -> None:
            """Run an action of the question."""
            ...


_CHOICE = "choice:"


class Prompts:
    """Asks one question at a time on ``screen``."""

    def __init__(self, screen: PromptHost) -> None:
        self._screen = screen
        self.current: Prompt | None = None
        """The open question."""
        self._completer: Completer | None = None
        self._shown_as: Callable[[str], str] = str

    async def ask(
        self,
        label: str,
        *,
        initial: str = "",
        help_text: str = "",
        complete: Completer | None = None,
        shown_as: Callable[[str], str] = str,
        password: bool = False,
        meaning: Meaning | None = None,
    ) -> str | None:
        """Ask for one line of text.

        ``complete`` gives, for what was typed, whole lines that fit; ``shown_as`` what is shown of such a line where
        several fit; ``meaning`` a sentence (safe to draw) on what is understood, shown beneath while it is typed.
        """
        if self.current is not None:
            return None
        self._completer, self._shown_as = complete, shown_as
        return await self._ask(LinePrompt(label, initial, help_text=help_text, password=password, meaning=meaning))

    async def ask_yes_no(self, question: str, *, default: bool | None = True, help_text: str = "") -> bool | None:
        """Ask Y or N; Return takes ``default`` (None: Return does nothing). None when cancelled."""
        choices = (Choice("y", "Yes", "yes"), Choice("n", "No", "no"))
        fallback = None if default is None else ("yes" if default else "no")
        answer = await self.ask_choice(question, choices, default=fallback, help_text=help_text)
        return None if answer is None else answer == "yes"

    async def ask_choice(
        self, question: str, choices: Sequence[Choice], *, default: str | None = None, help_text: str = ""
    ) -> str | None:
        """Ask for one of ``choices``; the value of the one taken, None when cancelled."""
        if self.current is not None:
            return None
        return await self._ask(ChoicePrompt(question, choices, default=default, help_text=help_text))

    async def _ask(self, prompt: Prompt) -> str | None:
        screen = self._screen
        focused = screen.focused
        self.current = prompt
        screen.status.say("")
        screen.status.display = False
        try:
            await screen.foot.mount(prompt, before=screen.key_rows)
            screen.refresh_keys()
            with screen.program.keys.waiting_for_person():
                return await prompt.answer
        finally:
            self.current = None
            self._completer = None
            screen.status.display = True
            if screen.is_attached:
                screen.set_focus(focused if focused is not None and focused.is_attached else None)
                prompt.remove()
                screen.refresh_keys()

    def key_entries(self) -> tuple[KeyEntry, ...]:
        """Key rows of the open question; the default stands in brackets."""
        prompt = self.current
        entries = [
            self._entry("prompt-help", enabled=bool(prompt and prompt.help_text)),
            self._entry("prompt-cancel"),
        ]
        if isinstance(prompt, ChoicePrompt):
            for choice in prompt.choices:
                label = f"[{choice.label}]" if choice.value == prompt.default else choice.label
                entries.append(KeyEntry(_CHOICE + choice.value, choice.key.upper(), label))
        else:
            entries.append(self._entry("prompt-accept"))
            if self._completer is not None:
                entries.append(self._entry("prompt-complete"))
        return tuple(entries)

    def _entry(self, command_id: str, *, enabled: bool = True) -> KeyEntry:
        return KeyEntry(command_id, self._screen.program.keymap.key(command_id), BY_ID[command_id].label, enabled)

    def answer(self, command_id: str) -> None:
        """Carry out a command of the open question."""
        prompt = self.current
        if prompt is None:
            return
        if command_id.startswith(_CHOICE):
            prompt.finish(command_id.removeprefix(_CHOICE))
        elif command_id == "prompt-cancel":
            prompt.finish(None)
        elif command_id == "prompt-accept":
            prompt.accept()
        elif command_id == "prompt-help":
            self._hint(prompt.help_text or "Answer the question, or leave it with the key shown below.")
        elif command_id == "prompt-complete" and isinstance(prompt, LinePrompt) and self._completer is not None:
            self._screen.carry_out(lambda _screen: self._complete(prompt))

    def _hint(self, text: str) -> None:
        """Show ``text`` above the question."""
        self._screen.status.say(text)
        self._screen.status.display = True

    async def _complete(self, prompt: LinePrompt) -> None:
        """Complete as far as what fits agrees, and show what fits."""
        if self._completer is None:
            return
        typed = prompt.input.value
        found = await self._completer(typed)
        if self.current is not prompt or prompt.input.value != typed:
            return
        if not found:
            self._hint("Nothing fits.")
            return
        common = _common(found)
        if len(found) == 1 or len(common) > len(typed):
            prompt.input.value = found[0] if len(found) == 1 else common
            prompt.input.cursor_position = len(prompt.input.value)
        if len(found) > 1:
            self._hint(listed([self._shown_as(line) for line in found], self._screen.size.width - 2))


def listed(texts: Sequence[str], width: int) -> str:
    """As many of ``texts`` as have room in ``width`` cells, at least one, made safe to draw; and how many more."""
    shown = ""
    for at, text in enumerate(texts):
        more = f"   and {len(texts) - at:,} more"
        longer = f"{shown}   {safe_line(text)}" if shown else safe_line(text)
        rest = f"   and {len(texts) - at - 1:,} more" if at + 1 < len(texts) else ""
        if shown and cell_len(longer + rest) > width:
            return shown + more
        shown = longer
    return shown


def _common(texts: Sequence[str]) -> str:
    """What all of ``texts`` begin with."""
    first, last = min(texts), max(texts)
    return next((first[:at] for at, char in enumerate(first) if last[at : at + 1] != char), first)
