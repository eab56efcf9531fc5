"""The palette: every command of the screen one came from, every place, theme and keymap; type to find one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.loader import KEYMAPS
from tuimail.mail.text import safe_line
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import READING, Context
from tuimail.ui.commands.table import BY_ID, commands_for
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Line, Span, TextRole, fit
from tuimail.ui.views.palette_entry import EntryKind, PaletteEntry
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.widgets.prompt import PromptInput

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widgets import Input

    from tuimail.ui.protocols import Frame
    from tuimail.ui.widgets.key_rows import KeyEntry

PLACES = {
    Context.OUTBOX: "go-outbox",
    Context.DRAFTS: "go-drafts",
    Context.SENT: "go-sent",
    Context.ACCOUNTS: "go-accounts",
    Context.SETUP: "go-setup",
    Context.JOURNAL: "go-journal",
    Context.SERVER: "go-server",
}
"""The command of the main menu that leads to each screen."""
THEME_HELP = "Changes the colours now."
KEYMAP_HELP = "Changes the keys now."


class PaletteScreen(ListScreen[PaletteEntry]):
    """Finds what can be done on ``about``, or anywhere, and does it there."""

    SCREEN_NAME = "COMMANDS"
    CONTEXT = Context.PALETTE
    BINDINGS = bindings_for(Context.PALETTE)

    def __init__(self, about: Frame) -> None:
        super().__init__()
        self.about = about
        self._all: list[PaletteEntry] = []
        self._typed = PromptInput(placeholder="Type to find a command", compact=True, id="find")

    def make_list(self) -> LineList[PaletteEntry]:
        """One line for each."""
        return LineList(self._draw, lambda found: found.id, empty="Nothing is called that.")

    def compose_body(self) -> ComposeResult:
        """The field, and what fits."""
        yield self._typed
        yield self.list

    def on_mount(self) -> None:
        """What is known without reading, before anything is typed."""
        self._typed.focus()
        self._all = [*self._commands(), *self._places(), *self._keymaps()]
        self._show()

    async def load(self) -> None:
        """The themes, which are files."""
        if self.program.themes.can_choose and not any(found.kind is EntryKind.THEME for found in self._all):
            from tuimail.config.theme_file import theme_files

            names = await asyncio.to_thread(theme_files, self.program.engine.paths)
            self._all += [
                PaletteEntry(EntryKind.THEME, name, f"Theme: {safe_line(name)}", THEME_HELP) for name in names
            ]
            self._show()

    def _commands(self) -> list[PaletteEntry]:
        known = [each for each in commands_for({self.about.context}) if each.id != "palette" and self.about.knows(each)]
        keys = self.program.keymap.all_keys
        return [PaletteEntry(EntryKind.COMMAND, each.id, each.title, each.help, keys(each.id)) for each in known]

    def _places(self) -> list[PaletteEntry]:
        """Where the user is not yet; while a letter is written the way there is to send or postpone it."""
        here = self.about.context
        if here not in READING or here is Context.MENU:
            return []
        ids = [each for place, each in PLACES.items() if place is not here]
        if self.program.server is None:
            ids = [each for each in ids if each != "go-server"]
        return [PaletteEntry(EntryKind.PLACE, each, BY_ID[each].title, BY_ID[each].help) for each in ids]

    def _keymaps(self) -> list[PaletteEntry]:
        chosen = self.program.engine.config.ui.keymap
        return [
            PaletteEntry(EntryKind.KEYMAP, name, f"Keymap: {safe_line(name)}", KEYMAP_HELP)
            for name in dict.fromkeys((*KEYMAPS, chosen))
        ]

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Show what fits what was typed."""
        self._show()

    def _show(self) -> None:
        """What fits; the best match, by title, first."""
        typed = self._typed.value
        fitting = [found for found in self._all if found.matches(typed)]
        fitting.sort(key=lambda found: not found.matches_title(typed))
        self.list.show_all(fitting)
        self.list.select(0)

    def key_entries(self) -> tuple[KeyEntry, ...]:
        """The palette's own keys."""
        return tuple(entry for entry in super().key_entries() if entry.id != "palette")

    def _draw(self, found: PaletteEntry, width: int) -> Line:
        return (
            Span("   "),
            Span(fit(found.title, min(32, width // 2)), TextRole.STRONG),
            Span(fit(found.keys, 14), TextRole.KEY),
            Span(fit(found.help, max(0, width - min(32, width // 2) - 18)), TextRole.DIM),
        )
