"""Letters whose time passed while they could not be sent: no tuimail ran, or the machine was off. Pure.

They are sent late, unless the user wants to be asked or wants them held. An undo window is never late. The conditions
in SQL are in store/due.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.config.model import WhenLate
from tuimail.outbox.model.item import TimelineEntry
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from tuimail.outbox.model.item import OutboxItem

GRACE = 600.0
"""Seconds after its time in which a letter is still on time."""


def decided(item: OutboxItem, when_late: WhenLate, now: float) -> tuple[OutboxItem, TimelineEntry]:
    """A letter that is ``CAREFUL`` (store/due), queued or held; ``when_late`` is for letters without ``on_late``."""
    due = item.not_before or now
    if now - due <= GRACE:
        on_time = replace(item, state=ItemState.QUEUED, not_before=None, changed_at=now)
        return on_time, TimelineEntry(now, "its time has come")
    asks = (item.on_late or when_late) is WhenLate.ASK
    words = f"It was to go {_format_due(due)}, and tuimail was not running."
    held = replace(
        item,
        not_before=None,
        asks=asks,
        changed_at=now,
        words=f"{words} Send it now?" if asks else f"{words} It is held, as you wanted; release it to send it.",
    )
    return held, TimelineEntry(now, f"late: it was to go {_format_due(due)}; {'you are asked' if asks else 'held'}")


def _format_due(due: float) -> str:
    """The date in full: "yesterday" would be wrong when it is read days later."""
    then = datetime.fromtimestamp(due).astimezone()
    return f"on {then:%a} {then.day} {then:%b} at {then:%H:%M}"
