"""Theme and keymap follow the settings while the program runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.config.model import Problem, UiSettings
    from tuimail.ui.keymaps import Keymaps
    from tuimail.ui.themes import Themes


class Look:
    """Begins with the theme of ``settings``; the keymap is in force already."""

    def __init__(self, themes: Themes, keymaps: Keymaps, settings: UiSettings) -> None:
        self._themes = themes
        self._keymaps = keymaps
        self._settings = settings
        self._turn = asyncio.Lock()
        self._theme_problems = themes.start_with(settings.theme)

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong in the files of theme and keys."""
        return (*self._theme_problems, *self._keymaps.problems)

    async def follow(self, settings: UiSettings) -> None:
        """Use the theme and the keymap of ``settings`` where they are others than before.

        One that was chosen for this run only stays while its setting does not change.
        """
        async with self._turn:
            before, self._settings = self._settings, settings
            if settings.theme != before.theme:
                self._theme_problems = await self._themes.change_to(settings.theme)
            if settings.keymap != before.keymap:
                chosen, self._keymaps.problems = await asyncio.to_thread(self._keymaps.load, settings.keymap)
                self._keymaps.use(chosen)
