"""Verbs on a sent letter: looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands import outbox
from tuimail.ui.commands.exporting import export
from tuimail.ui.commands.moving import LIST_VERBS

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb

VERBS: dict[str, Verb] = {
    **LIST_VERBS,
    "open": outbox.open_,
    "export": export,
    "view-raw": outbox.view_raw,
    "dialogue": outbox.dialogue,
}
