"""SETUP: every setting with its value, and beneath the list what the selected one does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.writing import ConfigFile
from tuimail.errors import ConfigError
from tuimail.events import Severity
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.setting_lines import SettingRow, setting_explanation, setting_line, setting_rows
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult


class SetupScreen(ListScreen[SettingRow]):
    """One line per setting, under headings."""

    SCREEN_NAME = "SETUP"
    CONTEXT = Context.SETUP
    SHOWS_MAIL = True
    HELP = (
        "Your settings. Each change is at work at once and written into the configuration file, where everything else "
        "stays as it is. A star marks what differs from the default."
    )
    BINDINGS = bindings_for(Context.SETUP)

    def __init__(self) -> None:
        super().__init__()
        self.explanation_pane = ExplanationPane()
        self.searched = ""
        """What was searched last."""
        self._told = ""
        """What was said last to be wrong with the file."""

    def make_list(self) -> LineList[SettingRow]:
        """One line per setting or heading."""
        return LineList(setting_line, lambda row: row.id)

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation."""
        yield self.list
        yield self.explanation_pane

    def fits(self, command: Command) -> bool:
        """A heading has no value, and what has no default cannot be reset to it."""
        row = self.selected
        if command.id == "change-setting":
            return row is not None and row.setting is not None
        if command.id == "reset-setting":
            return row is not None and row.written is not None and bool(row.default)
        return True

    async def load(self) -> None:
        """Read the file; with one that cannot be used the defaults are in force."""
        file = self.program.engine.paths.config_file
        values: dict[str, object] = {}
        wrong = ""
        try:
            values = await asyncio.to_thread(ConfigFile(file).values)
        except ConfigError as error:
            wrong = f"{error}  {error.hint}"
        first = not self.list.count
        self.list.show_all(setting_rows(values, file))
        if first:
            self.list.select(1)
        self.list.refresh()
        self.selection_changed()
        if wrong and wrong != self._told:
            self.say(wrong, Severity.ERROR)
        self._told = wrong

    def selection_changed(self) -> None:
        """Explain what is selected now."""
        super().selection_changed()
        row = self.selected
        self.explanation_pane.explain(*(() if row is None else setting_explanation(row)))

    def on_line_list_opened(self) -> None:
        """A double click changes."""
        self.action_command("change-setting")
