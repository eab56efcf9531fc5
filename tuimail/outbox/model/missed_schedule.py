"""Letters whose time passed while nobody could send them (no tuimail ran, the machine was off).

They go all the same, unless the user wants to be asked, or wants them held. An undo window is never late. Pure, but
for the conditions, which are of SQL.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.config.model import WhenLate
from tuimail.outbox.model.item import ItemState, TimelineEntry

if TYPE_CHECKING:
    from tuimail.outbox.model.item import OutboxItem

GRACE = 600.0
"""Seconds after its time in which a letter is still on time."""


def decided(item: OutboxItem, when_late: WhenLate, now: float) -> tuple[OutboxItem, TimelineEntry]:
    """What becomes of a letter that is ``CAREFUL`` (store/due); ``when_late`` counts for letters that say nothing."""
    due = item.not_before or now
    if now - due <= GRACE:
        on_time = replace(item, state=ItemState.QUEUED, not_before=None, changed_at=now)
        return on_time, TimelineEntry(now, "its time has come")
    asks = (item.on_late or when_late) is WhenLate.ASK
    words = f"It was to go {_said(due)}, and tuimail was not running."
    held = replace(
        item,
        not_before=None,
        asks=asks,
        changed_at=now,
        words=f"{words} Send it now?" if asks else f"{words} It is held, as you wanted; release it to send it.",
    )
    return held, TimelineEntry(now, f"late: it was to go {_said(due)}; {'you are asked' if asks else 'held'}")


def _said(due: float) -> str:
    """Without "yesterday": it may be read days later."""
    then = datetime.fromtimestamp(due).astimezone()
    return f"on {then:%a} {then.day} {then:%b} at {then:%H:%M}"
