"""Verbs of the palette, and what can be done from it wherever one is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.actions import menu

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tuimail.ui.screens.frame import FrameScreen, Verb
    from tuimail.ui.screens.palette import PaletteScreen


def run(screen: PaletteScreen) -> None:
    """Do what is selected on the screen below."""
    found = screen.selected
    close(screen)
    if found is not None:
        screen.about.call_after_refresh(screen.about.carry_out, found.do)


def close(screen: PaletteScreen) -> None:
    """Nothing is done."""
    screen.program.go_back()


def previous(screen: PaletteScreen) -> None:
    """One line up."""
    screen.list.move(-1)


def next_(screen: PaletteScreen) -> None:
    """One line down."""
    screen.list.move(1)


def give(command_id: str, screen: FrameScreen) -> None:
    """Give a command of ``screen``."""
    screen.action_command(command_id)


def go(command_id: str, screen: FrameScreen) -> Awaitable[None] | None:
    """To another screen, as the main menu goes there."""
    screen.program.go_home()
    return menu.VERBS[command_id](screen)


async def use_theme(name: str, screen: FrameScreen) -> None:
    """Draw in the theme ``name``, until the program ends."""
    from tuimail.config.theme_file import load_theme

    program = screen.program
    file, problems = await asyncio.to_thread(load_theme, name, program.engine.paths)
    if problems:
        program.say(safe_line(str(problems[0])), Severity.WARNING)
        return
    program.draw_in(file)
    program.say(_kept(screen, "theme", name))


async def use_keymap(name: str, screen: FrameScreen) -> None:
    """Give commands by the keymap ``name``, until the program ends."""
    program = screen.program
    chosen, problems = await asyncio.to_thread(program.keys_called, name)
    program.use_keys(chosen)
    if problems:
        program.say(safe_line(str(problems[0])), Severity.WARNING)
    else:
        program.say(_kept(screen, "keymap", name))


def _kept(screen: FrameScreen, key: str, name: str) -> str:
    """What was done, and how to have it next time."""
    if screen.program.server is not None:
        return f"The {key} is {safe_line(name)} now; to start so: tuimail demo --{key} {safe_line(name)}"
    file = screen.program.engine.paths.config_file
    return f'The {key} is {safe_line(name)} now; to keep it, put {key} = "{safe_line(name)}" under [ui] in {file}'


VERBS: dict[str, Verb] = {
    "palette": close,
    "palette-run": run,
    "palette-close": close,
    "palette-previous": previous,
    "palette-next": next_,
}
