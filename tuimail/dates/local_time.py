"""Converts local (wall clock) time to absolute time, including times that a clock change skips or repeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Shown:
    """The absolute time of a local time."""

    at: float
    """Seconds since the epoch."""
    note: str = ""
    """Which time was chosen if a clock change skips or repeats it; else empty."""


def local_now(now: float, zone: tzinfo | None) -> datetime:
    """The local time in ``zone`` (None: this machine's) at ``now``, as a naive datetime."""
    return datetime.fromtimestamp(now, zone).replace(tzinfo=None)


def resolve_local(wall: datetime, zone: tzinfo | None, now: float) -> Shown:
    """The absolute time of the naive local time ``wall`` in ``zone`` (None: this machine's).

    A skipped time is moved forward as the clock is. Of a repeated time the first one is chosen, unless it is over.

    Raises:
        ValueError, OverflowError: the time is outside the supported years.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if local_now(first, zone) != wall:
        # PEP 495: fold 0 counts a skipped time with the offset before the change, which is how clocks are put forward.
        there = local_now(first, zone)
        return Shown(first, f"{wall:%H:%M} does not exist that day: clocks are put forward to {there:%H:%M}")
    if first == second:
        return Shown(first)
    name, other = zone_name(first, zone), zone_name(second, zone)
    if first > now:
        return Shown(first, f"{wall:%H:%M} comes twice that day; the first one is meant, in {name}")
    return Shown(second, f"{wall:%H:%M} comes twice that day; the second one is meant, in {other}")


def zone_name(at: float, zone: tzinfo | None) -> str:
    """As in "CET" or "UTC+3": of ``zone`` at that moment, of this machine when None."""
    there = datetime.fromtimestamp(at, zone)
    name = (there if zone is not None else there.astimezone()).tzname() or "UTC"
    if name[:1] in "+-":
        sign, digits = name[0], name[1:].replace(":", "")
        minutes = f":{digits[2:4]}" if digits[2:4].strip("0") else ""
        return f"UTC{sign}{int(digits[:2] or 0)}{minutes}"
    return name


def days_on(wall: datetime, days: int) -> datetime:
    """The same time of another day."""
    return wall + timedelta(days=days)
