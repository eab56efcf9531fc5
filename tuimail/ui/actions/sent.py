"""Actions on a sent letter: looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.ui.actions import outbox
from tuimail.ui.actions.export import export
from tuimail.ui.actions.movement import LIST_ACTIONS

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, HasLetter, HasList

    class SentList(HasList, HasLetter, Protocol):
        """The list of sent letters."""


ACTIONS: dict[str, Action[SentList]] = {
    **LIST_ACTIONS,
    "open": outbox.open_,
    "export": export,
    "view-raw": outbox.view_raw,
    "dialogue": outbox.dialogue,
}
