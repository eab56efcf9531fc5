"""The values of one setting to choose from; the colours of a theme are shown as soon as it is selected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.loader import KEYMAPS
from tuimail.config.settings import SettingKind
from tuimail.config.theme_file import load_theme, theme_files
from tuimail.mail.text import safe_line
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Span, TextRole
from tuimail.ui.views.setting_lines import SettingRow, ValueRow, value_line, value_rows
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.config.theme_file import ThemeFile
    from tuimail.paths import Paths
    from tuimail.ui.protocols import Frame

FIXED = "Here the colours are the terminal's own, whatever the theme."


def _themes(paths: Paths) -> dict[str, ThemeFile]:
    return {name: load_theme(name, paths)[0] for name in theme_files(paths)}


class SettingValuesScreen(ListScreen[ValueRow]):
    """One line per value of the setting of ``row``, for the screen ``about``."""

    SCREEN_NAME = "SETUP"
    CONTEXT = Context.SETTING_VALUES
    SHOWS_MAIL = True
    HELP = "The values that the setting may have. Return takes the selected one; going back leaves it as it was."
    BINDINGS = bindings_for(Context.SETTING_VALUES)

    def __init__(self, about: Frame, row: SettingRow) -> None:
        super().__init__()
        self.about = about
        self.row = row
        self.explanation_pane = ExplanationPane()
        self._files: dict[str, ThemeFile] = {}
        self._before = ""
        """The theme that was drawn in."""
        self._taken = False

    @property
    def heading(self) -> str:
        """With the name of the setting."""
        return f"{self.SCREEN_NAME}: {self.row.name}"

    def make_list(self) -> LineList[ValueRow]:
        """One line per value."""
        return LineList(value_line, lambda row: row.value, empty="There is nothing to choose from.")

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation of the setting."""
        yield self.list
        yield self.explanation_pane

    def on_mount(self) -> None:
        """Remember what it looked like."""
        self._before = self.program.themes.shown

    def on_unmount(self) -> None:
        """Nothing was taken: what was only looked at is over."""
        if not self._taken:
            self.give_back()

    def label(self, command: Command) -> str:
        """To open a value is to take it."""
        return "Take" if command.id == "open" else super().label(command)

    def fits(self, command: Command) -> bool:
        """Something is selected."""
        return command.id != "open" or self.selected is not None

    def keep(self) -> None:
        """The theme on the screen is the user's now."""
        self._taken = True

    def give_back(self) -> None:
        """Draw in the theme from before."""
        if self._files:
            self.program.themes.return_to(self._before)

    async def load(self) -> None:
        """The values; of themes the files."""
        if not self.list.count:
            rows = value_rows(self.row, await self._values())
            self.list.sought = next((each.value for each in rows if each.current), None)
            self.list.show_all(rows)

    def _explain(self) -> None:
        setting, row = self.row.setting, self.selected
        if setting is None or row is None:
            return
        fixed = setting.kind is SettingKind.THEME and not self.program.themes.can_choose
        self.explanation_pane.explain(
            Span(safe_line(setting.explanation)),
            Span(safe_line(f"{row.value}: {row.meaning}") if row.meaning else ""),
            Span(FIXED if fixed else "", TextRole.DIM),
        )

    async def _values(self) -> Sequence[tuple[str, str]]:
        setting, engine = self.row.setting, self.program.engine
        match None if setting is None else setting.kind:
            case SettingKind.KEYMAP:
                return [(name, f"The keys of {name}.") for name in KEYMAPS]
            case SettingKind.ACCOUNT:
                return [(name, str(each.identity)) for name, each in engine.config.accounts.items()]
            case SettingKind.THEME:
                files = await asyncio.to_thread(_themes, engine.paths)
                self._files = files if self.program.themes.can_choose else {}
                return [(name, "dark" if each.dark else "light") for name, each in files.items()]
        return [] if setting is None else list(setting.choices.items())

    def selection_changed(self) -> None:
        """A theme is shown at once."""
        super().selection_changed()
        self._explain()
        row = self.selected
        if row is None or not self._files:
            return
        file = self._files.get(row.value)
        if row.current or file is None:
            self.give_back()
        else:
            self.program.themes.draw_in(file)
