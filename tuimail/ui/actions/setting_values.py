"""Actions on the values of a setting: one is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.errors import TuimailError
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.setup import put

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection
    from tuimail.ui.views.setting_lines import SettingRow, ValueRow

    class ValueList(HasList, HasSelection[ValueRow], Protocol):
        """The values, on top of the screen they were asked for on."""

        @property
        def about(self) -> Frame:
            """That screen."""
            ...

        @property
        def row(self) -> SettingRow:
            """The setting."""
            ...

        def keep(self) -> None:
            """What is shown of the value stays."""
            ...

        def give_back(self) -> None:
            """What was shown of the value is over."""
            ...


async def take(screen: ValueList) -> None:
    """The setting has the selected value from now on."""
    chosen = screen.selected
    if chosen is None:
        return
    screen.keep()
    screen.program.navigation.back()
    try:
        await put(screen.about, screen.row, chosen.value)
    except TuimailError:
        screen.give_back()
        raise


ACTIONS: dict[str, Action[ValueList]] = {**LIST_ACTIONS, "open": take}
