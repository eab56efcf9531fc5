"""Times of the command line: what people write and read, by the words of tuimail/dates."""

from __future__ import annotations

from tuimail.dates.format_date import format_timestamp, format_until

__all__ = ["format_timestamp", "format_until", "parse_time_argument"]


def parse_time_argument(text: str, now: float) -> float:
    """The moment that ``text`` names, seconds since the epoch; what was chosen for the user is told.

    Raises:
        UsageError: it is no time, is over, or may be read in two ways.
    """
    from tuimail.cli.output import note
    from tuimail.dates.parse_date import parse_date

    found = parse_date(text, now)
    if found.note:
        note(f"tuimail: {found.note[:1].upper()}{found.note[1:]}.")
    return found.at
