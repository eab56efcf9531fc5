"""When the turn of a letter comes that only waits for it: what goes before it, and what holds its account. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_day_time
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from tuimail.outbox.model.account_notice import AccountNotice
    from tuimail.outbox.model.item import OutboxItem


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a letter stands."""

    before: int = 0
    """Letters of its account that go first."""
    notice: AccountNotice | None = None
    """What holds its account; None: nothing does."""


def waits_its_turn(item: OutboxItem, now: float) -> bool:
    """Nothing but its turn is missing: it is queued, or put off until a time that has come."""
    due = item.next_attempt_at is None or item.next_attempt_at <= now
    return item.state is ItemState.QUEUED or (item.state is ItemState.DEFERRED and due)


def standing_words(standing: Standing, now: float) -> str:
    """A sentence or two: "498 letters go before it. work: waits, to send no more than it may. It goes on at 14:05."."""
    before = standing.before
    turn = "It goes next." if not before else f"{before:,} letter{'s go' if before > 1 else ' goes'} before it."
    notice = standing.notice
    if notice is None:
        return turn
    when = f" It goes on at {format_day_time(notice.next_try, now)}." if notice.next_try is not None else ""
    held = f"{notice.title}. {notice.happened}".strip() + when
    return f"{turn} {held}" if before else held
