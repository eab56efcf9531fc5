"""The palette: every command of the screen one came from; type to find one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands import palette
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.commands.table import commands_for
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.widgets.cells import Line, Role, Span, fit
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.widgets.prompt import PromptInput

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widgets import Input

    from tuimail.ui.screens.frame import FrameScreen
    from tuimail.ui.widgets.key_rows import KeyEntry


def matches(command: Command, typed: str) -> bool:
    """Whether every word typed occurs in what the command is called or does."""
    text = f"{command.title} {command.label} {command.help}".casefold()
    return all(word in text for word in typed.casefold().split())


class PaletteScreen(ListScreen[Command]):
    """Finds a command of ``about`` and gives it there."""

    SCREEN_NAME = "COMMANDS"
    CONTEXT = Context.PALETTE
    BINDINGS = bindings_for(Context.PALETTE)
    verbs = palette.VERBS

    def __init__(self, about: FrameScreen) -> None:
        super().__init__()
        self.about = about
        self._commands = [command for command in commands_for({about.context}) if command.id != "palette"]
        self._typed = PromptInput(placeholder="Type to find a command", compact=True, id="find")

    def make_list(self) -> LineList[Command]:
        """One line per command."""
        return LineList(self._draw, lambda command: command.id, empty="No command is called that.")

    def compose_body(self) -> ComposeResult:
        """The field, and what fits."""
        yield self._typed
        yield self.list

    def on_mount(self) -> None:
        """All of them, before anything is typed."""
        self._typed.focus()
        self.list.show(self._commands)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what fits what was typed; the best match, by title, first."""
        typed = event.value
        found = [command for command in self._commands if matches(command, typed)]
        found.sort(key=lambda command: not matches_title(command, typed))
        self.list.show(found)
        self.list.select(0)

    def key_entries(self) -> tuple[KeyEntry, ...]:
        """The palette's own keys."""
        return tuple(entry for entry in super().key_entries() if entry.id != "palette")

    def _draw(self, command: Command, width: int) -> Line:
        keys = self.program.keymap.all_keys(command.id)
        return (
            Span("   "),
            Span(fit(command.title, min(32, width // 2)), Role.STRONG),
            Span(fit(keys, 14), Role.KEY),
            Span(fit(command.help, max(0, width - min(32, width // 2) - 18)), Role.DIM),
        )


def matches_title(command: Command, typed: str) -> bool:
    """Whether the title alone fits."""
    return all(word in command.title.casefold() for word in typed.casefold().split())
