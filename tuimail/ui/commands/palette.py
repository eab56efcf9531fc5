"""Verbs of the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.ui.palette import PaletteScreen
    from tuimail.ui.screens.frame import Verb


def run(screen: PaletteScreen) -> None:
    """Give the selected command on the screen below."""
    command = screen.selected
    close(screen)
    if command is not None:
        screen.about.call_after_refresh(screen.about.action_command, command.id)


def close(screen: PaletteScreen) -> None:
    """Nothing is done."""
    screen.program.go_back()


def previous(screen: PaletteScreen) -> None:
    """One line up."""
    screen.list.move(-1)


def next_(screen: PaletteScreen) -> None:
    """One line down."""
    screen.list.move(1)


VERBS: dict[str, Verb] = {
    "palette": close,
    "palette-run": run,
    "palette-close": close,
    "palette-previous": previous,
    "palette-next": next_,
}
