"""Actions of the palette: giving a command to the screen below, going to another one, changing theme and keymap."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.actions import menu
from tuimail.ui.views.palette_entry import EntryKind, PaletteEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection

    class Palette(HasList, HasSelection[PaletteEntry], Protocol):
        """The palette, on top of the screen it was opened on."""

        @property
        def about(self) -> Frame:
            """That screen."""
            ...


def run(screen: Palette) -> None:
    """Do what is selected on the screen below."""
    entry = screen.selected
    close(screen)
    if entry is not None:
        screen.about.call_after_refresh(screen.about.carry_out, partial(_do, entry))


def _do(entry: PaletteEntry, screen: Frame) -> Awaitable[None] | None:
    match entry.kind:
        case EntryKind.COMMAND:
            screen.action_command(entry.name)
        case EntryKind.PLACE:
            screen.program.navigation.home()
            return menu.PLACES[entry.name](screen)
        case EntryKind.THEME:
            return use_theme(entry.name, screen)
        case EntryKind.KEYMAP:
            return use_keymap(entry.name, screen)
    return None


def close(screen: Frame) -> None:
    """Nothing is done."""
    screen.program.navigation.back()


def previous(screen: Palette) -> None:
    """One line up."""
    screen.list.move(-1)


def next_(screen: Palette) -> None:
    """One line down."""
    screen.list.move(1)


async def use_theme(name: str, screen: Frame) -> None:
    """Draw in the theme ``name``, until the program ends."""
    from tuimail.config.theme_file import load_theme

    program = screen.program
    file, problems = await asyncio.to_thread(load_theme, name, program.engine.paths)
    if problems:
        program.say(safe_line(str(problems[0])), Severity.WARNING)
        return
    program.themes.draw_in(file)
    program.say(_kept(screen, "theme", name))


async def use_keymap(name: str, screen: Frame) -> None:
    """Give commands by the keymap ``name``, until the program ends."""
    program = screen.program
    chosen, problems = await asyncio.to_thread(program.keymaps.load, name)
    program.keymaps.use(chosen)
    if problems:
        program.say(safe_line(str(problems[0])), Severity.WARNING)
    else:
        program.say(_kept(screen, "keymap", name))


def _kept(screen: Frame, key: str, name: str) -> str:
    """What was done, and how to have it next time."""
    if screen.program.server is not None:
        return f"The {key} is {safe_line(name)} now; to start so: tuimail demo --{key} {safe_line(name)}"
    return f"The {key} is {safe_line(name)} now; to keep it, choose it in Setup."


ACTIONS: dict[str, Action[Palette]] = {
    "palette": close,
    "palette-run": run,
    "palette-close": close,
    "palette-previous": previous,
    "palette-next": next_,
}
