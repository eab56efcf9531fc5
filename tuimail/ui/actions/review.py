"""Actions of the dialog before sending: each one answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.protocols import Answer

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, ReviewDialog

ACTIONS: dict[str, Action[ReviewDialog]] = {
    "dialog-send": lambda screen: screen.give(Answer.SEND),
    "dialog-later": lambda screen: screen.give(Answer.LATER),
    "dialog-hold": lambda screen: screen.give(Answer.HOLD),
    "dialog-back": lambda screen: screen.give(Answer.BACK),
    "dialog-from": lambda screen: screen.give(Answer.OTHER_SENDER),
}
