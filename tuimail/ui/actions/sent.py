"""Verbs on a sent letter: looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.actions import outbox
from tuimail.ui.actions.export import export
from tuimail.ui.actions.movement import LIST_VERBS

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb

VERBS: dict[str, Verb] = {
    **LIST_VERBS,
    "open": outbox.open_,
    "export": export,
    "view-raw": outbox.view_raw,
    "dialogue": outbox.dialogue,
}
