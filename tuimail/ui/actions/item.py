"""Actions on the screen of one letter of the outbox: those of the outbox, but moving scrolls the letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.ui.actions.movement import PAGER_ACTIONS
from tuimail.ui.actions.outbox import ON_LETTERS

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, HasLetter, HasPager

    class ShowsItem(HasLetter, HasPager, Protocol):
        """One letter in full."""


ACTIONS: dict[str, Action[ShowsItem]] = {**ON_LETTERS, **PAGER_ACTIONS}
