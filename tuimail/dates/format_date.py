"""Formats dates and times in local time, short enough for a column. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.clock import DAY
from tuimail.dates.local_time import local_now, zone_name

if TYPE_CHECKING:
    from datetime import tzinfo


def format_time(moment: float, zone: tzinfo | None = None) -> str:
    """As in "09:41"."""
    return local_now(moment, zone).strftime("%H:%M")


def format_day_time(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """As in "09:41", "tomorrow 08:00", "Thu 27 Nov 08:00", "Thu 27 Nov 2028 08:00"; long ago "2024-03-01"."""
    then, today = local_now(moment, zone), local_now(now, zone)
    days = (then.date() - today.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if days in (-1, 1):
        return f"{'tomorrow' if days == 1 else 'yesterday'} {then:%H:%M}"
    if days < -180:
        return f"{then:%Y-%m-%d}"
    year = f" {then.year}" if days > 180 and then.year != today.year else ""
    return f"{then:%a} {then.day} {then:%b}{year} {then:%H:%M}"


def format_short_date(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """For a narrow column, six cells at most: "09:41" today, "Mon" this week, "3 Nov" within a year, else "2024"."""
    then, today = local_now(moment, zone), local_now(now, zone)
    days = (today.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if 0 < days < 7:
        return f"{then:%a}"
    return f"{then.day} {then:%b}" if -7 < days < 365 else f"{then:%Y}"


def format_until(moment: float | None, now: float, zone: tzinfo | None = None) -> str:
    """How long until ``moment``: "now", "in 40 s", "in 4 min", "tomorrow 08:00"; empty for None."""
    if moment is None:
        return ""
    left = moment - now
    if left <= 0:
        return "now"
    if left < 60:
        return f"in {max(1, round(left))} s"
    if left < 90 * 60:
        return f"in {round(left / 60)} min"
    return format_day_time(moment, now, zone)


def format_planned(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """A scheduled time, unambiguous: "tomorrow 09:00 CET (in 14 h)"."""
    words = format_day_time(moment, now, zone)
    if words[:1].isdigit():
        words = f"today {words}"
    return f"{words} {zone_name(moment, zone)} (in {format_duration(max(0.0, moment - now))})"


def format_full_date(moment: float, zone: tzinfo | None = None) -> str:
    """A complete date for records that are read much later: "Sun 31 Jan 2027 08:00 CET"."""
    then = local_now(moment, zone)
    return f"{then:%a} {then.day} {then:%b %Y %H:%M} {zone_name(moment, zone)}"


def format_duration(seconds: float) -> str:
    """A length of time: "40 s", "4 min", "3 h", "5 days"."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    if seconds < 2 * DAY:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / DAY)} days"


def format_timestamp(at: float | None) -> str:
    """``at`` in local time, "2027-01-31 08:00:00"; empty for None."""
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
