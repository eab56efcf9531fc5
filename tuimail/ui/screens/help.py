"""Help for the screen one came from, made from the command table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.commands.table import commands_for
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.views.help_text import help_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.protocols import Frame
    from tuimail.ui.text.cells import Line


class HelpScreen(PagerScreen):
    """What a screen is for, in words and a picture, and its keys."""

    SCREEN_NAME = "HELP"
    CONTEXT = Context.HELP
    BINDINGS = bindings_for(Context.HELP)

    def __init__(self, about: Frame) -> None:
        super().__init__()
        self._words = about.help_text
        self._where = about.context
        self._commands = [command for command in commands_for({about.context}) if about.knows(command)]

    @property
    def heading(self) -> str:
        """Help for what."""
        return f"HELP  {self._where.heading}"

    def on_mount(self) -> None:
        """Nothing to load."""
        self.pager.show(self._lines)
        self.call_after_refresh(self.show_place)

    def _lines(self, width: int) -> Sequence[Line]:
        return help_lines(self._where, self._words, self._commands, self.program.keymap, width)
