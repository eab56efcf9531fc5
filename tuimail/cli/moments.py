"""Times as people write them and as people read them. Pure, given now; local time is the machine's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tuimail.errors import UsageError

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMS = 'Write a clock time ("18:30"), a delay ("+2h", "+30m", "+1d") or a date ("2027-01-31T08:00:00+01:00").'


def moment(text: str, now: float) -> float:
    """The moment that ``text`` names, seconds since the epoch; a clock time is the next one to come.

    Raises:
        UsageError: it is no time, or is over.
    """
    text = text.strip()
    delay = re.fullmatch(r"\+(\d{1,6})(s|min|m|h|d|w)", text)
    if delay:
        return now + int(delay[1]) * _UNITS[delay[2]]
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if clock and int(clock[1]) < 24 and int(clock[2]) < 60:
        today = datetime.fromtimestamp(now).astimezone().replace(tzinfo=None)
        due = today.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        if due <= today:
            due += timedelta(days=1)
        return due.astimezone().timestamp()
    if re.match(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", text):
        try:
            due = datetime.fromisoformat(text.upper())
        except ValueError:
            raise UsageError(f"There is no such time as {text}.", hint=_FORMS) from None
        if due.timestamp() <= now:
            raise UsageError(f"{text} is over.", hint="Leave --at out to send now.")
        return due.timestamp()
    from tuimail.config.reading import shown

    raise UsageError(f"{shown(text)} is not a time.", hint=_FORMS)


def until(due: float | None, now: float) -> str:
    """How long it is until ``due``, or when: "now", "in 15 s", "in 4 min", "tomorrow 08:00", "Fri 1 Jan 08:00"."""
    if due is None:
        return ""
    left = due - now
    if left <= 0:
        return "now"
    if left < 60:
        return f"in {left:.0f} s"
    if left < 3600:
        return f"in {left / 60:.0f} min"
    then, today = datetime.fromtimestamp(due).astimezone(), datetime.fromtimestamp(now).astimezone()
    days = (then.date() - today.date()).days
    if days == 0:
        return f"at {then:%H:%M}"
    if days == 1:
        return f"tomorrow {then:%H:%M}"
    year = f" {then.year}" if then.year != today.year else ""
    return f"{then:%a} {then.day} {then:%b}{year} {then:%H:%M}"


def local(at: float | None) -> str:
    """``at`` in local time, "2027-01-31 08:00:00"; empty for None."""
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
