"""Moments in words, as every face of the program says them (tuimail/dates)."""

from __future__ import annotations

from tuimail.dates.format_date import DAY, clock_time, day_and_time, span, until

__all__ = ["DAY", "clock_time", "day_and_time", "span", "until"]
