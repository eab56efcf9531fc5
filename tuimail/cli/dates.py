"""Times on the command line: parsed and formatted by tuimail/dates."""

from __future__ import annotations

from tuimail.dates.format_date import format_timestamp, format_until

__all__ = ["format_timestamp", "format_until", "parse_time_argument"]


def parse_time_argument(text: str, now: float) -> float:
    """The time that ``text`` names, in seconds since the epoch; prints a note about what was assumed.

    Raises:
        UsageError: not a time, in the past, or ambiguous.
    """
    from tuimail.cli.output import print_note
    from tuimail.dates.parse_date import parse_date

    found = parse_date(text, now)
    if found.note:
        print_note(f"tuimail: {found.note[:1].upper()}{found.note[1:]}.")
    return found.at
