"""Verbs of a letter that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.actions.movement import PAGER_VERBS

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb
    from tuimail.ui.screens.letter_text import LetterTextScreen


def turn(screen: LetterTextScreen) -> None:
    """Text or bytes."""
    screen.turn()


VERBS: dict[str, Verb] = {**PAGER_VERBS, "view-raw": turn}
