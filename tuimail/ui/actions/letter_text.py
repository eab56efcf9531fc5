"""Actions on a letter that is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.ui.actions.movement import PAGER_ACTIONS

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, HasPager

    class ShowsLetter(HasPager, Protocol):
        """A letter as text or as bytes."""

        def turn(self) -> None:
            """From the text to the bytes and back."""
            ...


ACTIONS: dict[str, Action[ShowsLetter]] = {**PAGER_ACTIONS, "view-raw": lambda screen: screen.turn()}
