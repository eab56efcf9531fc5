"""Moments in words, in local time, short enough for a column. Pure."""

from __future__ import annotations

from datetime import datetime

DAY = 86_400


def clock_time(moment: float) -> str:
    """As in "09:41"."""
    return _local(moment).strftime("%H:%M")


def day_and_time(moment: float, now: float) -> str:
    """As in "09:41", "tomorrow 08:00", "Thu 27 Nov 08:00", "2024-03-01"."""
    then, today = _local(moment), _local(now)
    days = (then.date() - today.date()).days
    if days == 0:
        return clock_time(moment)
    if days in (-1, 1):
        return f"{'tomorrow' if days == 1 else 'yesterday'} {clock_time(moment)}"
    if abs(days) < 180:
        return f"{then:%a} {then.day} {then:%b} {clock_time(moment)}"
    return f"{then:%Y-%m-%d}"


def until(moment: float, now: float) -> str:
    """How long until ``moment``: "now", "in 40 s", "in 4 min", "tomorrow 08:00"."""
    left = moment - now
    if left <= 0:
        return "now"
    if left < 60:
        return f"in {max(1, round(left))} s"
    if left < 90 * 60:
        return f"in {round(left / 60)} min"
    return day_and_time(moment, now)


def span(seconds: float) -> str:
    """A length of time: "40 s", "4 min", "3 h", "5 days"."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    if seconds < 2 * DAY:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / DAY)} days"


def _local(moment: float) -> datetime:
    return datetime.fromtimestamp(moment).astimezone()
