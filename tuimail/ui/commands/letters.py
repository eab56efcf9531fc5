"""Which commands fit a letter of the outbox, by its state. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.item import verbs_of
from tuimail.outbox.model.states import ItemState, Verb

if TYPE_CHECKING:
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.ui.commands.command import Command

_NEEDS = {
    "send-now": Verb.SEND_NOW,
    "send-again": Verb.RESOLVE_RESEND,
    "mark-sent": Verb.RESOLVE_SENT,
    "hold": Verb.HOLD,
    "release": Verb.RELEASE,
    "later": Verb.LATER,
    "edit": Verb.EDIT,
    "cancel": Verb.CANCEL,
    "drop": Verb.DROP,
    "mend": Verb.MEND,
    "change-account": Verb.CHANGE_ACCOUNT,
    "move-first": Verb.MOVE,
    "move-up": Verb.MOVE,
    "move-down": Verb.MOVE,
    "move-last": Verb.MOVE,
}
TRIED = frozenset({ItemState.DEFERRED, ItemState.BLOCKED, ItemState.FAILED})
"""States of letters that were tried."""

ON_LETTERS = frozenset({*_NEEDS, "view-raw", "dialogue", "open", "check-again", "export"})
"""Commands that act on a letter."""

ON_SEVERAL = frozenset({*_NEEDS, "export", "check-again"} - {"edit", "mend", "move-up", "move-down"})
"""Commands that can be applied to several letters."""


def fits(command: Command, item: OutboxItem | None) -> bool:
    """Whether ``command`` makes sense for the selected letter."""
    if command.id not in ON_LETTERS and command.id != "tag":
        return True
    if item is None:
        return False
    if command.id == "check-again":
        return item.state is ItemState.BLOCKED
    if command.id == "hold" and item.state is ItemState.HELD and item.not_before is None:
        return False
    return command.id not in _NEEDS or _NEEDS[command.id] in verbs_of(item)


def label(command: Command, item: OutboxItem | None) -> str:
    """What the key rows call ``command`` for the selected letter: what was tried already is retried."""
    if command.id == "send-now" and item is not None and item.state in TRIED:
        return "Retry"
    return command.label
