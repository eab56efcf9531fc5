"""Choosing a theme: a file of the user's, one of ours, or one of Textual's."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from tuimail.config.theme_file import load_theme
from tuimail.ui.theme import textual_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import App

    from tuimail.config.model import Problem
    from tuimail.config.theme_file import ThemeFile
    from tuimail.paths import Paths

ANSI = "ansi"
"""The theme that draws in the terminal's own sixteen colours."""

MONOCHROME = "ansi-dark"
"""Textual's theme for NO_COLOR."""


def no_color() -> bool:
    """The user wants no colours (no-color.org)."""
    return "NO_COLOR" in os.environ


class Themes:
    """Themes of ``app``."""

    def __init__(self, app: App[Any], paths: Paths) -> None:
        self._app = app
        self._paths = paths

    @property
    def can_choose(self) -> bool:
        """Themes can be told apart here: there are more than sixteen colours, and they are wanted."""
        return self._app.console.color_system != "standard" and not no_color()

    def start_with(self, name: str) -> Sequence[Problem]:
        """Draw in ``name`` unless no colours are wanted. Gives what is wrong in the theme."""
        if no_color():
            self._app.theme = MONOCHROME
            return ()
        return self.use(name)

    def use(self, name: str) -> Sequence[Problem]:
        """Draw in ``name`` from now on. Gives what is wrong in the theme.

        Where the terminal has sixteen colours, shades cannot be told apart, and the theme of the terminal's own colours
        is drawn instead.
        """
        if self._app.console.color_system == "standard":
            name = ANSI
        if name in self._app.available_themes:
            self._app.theme = name
            return ()
        file, problems = load_theme(name, self._paths)
        self.draw_in(file)
        return problems

    async def change_to(self, name: str) -> Sequence[Problem]:
        """As ``use``, reading beside the event loop; nothing changes where themes cannot be told apart."""
        if not self.can_choose:
            return ()
        if name in self._app.available_themes:
            self._app.theme = name
            return ()
        file, problems = await asyncio.to_thread(load_theme, name, self._paths)
        self.draw_in(file)
        return problems

    @property
    def shown(self) -> str:
        """What is drawn in, for ``return_to``."""
        return self._app.theme

    def return_to(self, shown: str) -> None:
        """Draw again in what was drawn in."""
        self._app.theme = shown

    def draw_in(self, file: ThemeFile) -> None:
        """Draw in the theme that ``file`` describes from now on."""
        theme = textual_theme(file)
        self._app.register_theme(theme)
        self._app.theme = theme.name
