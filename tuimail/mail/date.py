"""The Date field (RFC 5322 section 3.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
MONTHS = tuple(name[:3] for name in MONTH_NAMES)
"""As protocols write them, whatever the locale is (RFC 5322 section 3.3, RFC 3501 section 9)."""


def format_date(now: float, tz: tzinfo | None = None) -> str:
    """``now`` (seconds since the epoch) as "Mon, 23 Nov 2026 19:22:00 +0100" in ``tz``, else in the local zone.

    The field's offset has whole minutes only: in a zone with seconds in its offset, the offset is rounded.
    """
    moment = datetime.fromtimestamp(int(now), UTC).astimezone(tz)
    offset = moment.utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    moment = moment.astimezone(timezone(timedelta(minutes=minutes)))
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment:%H:%M:%S} {sign}{hours:02d}{rest:02d}"
    )
