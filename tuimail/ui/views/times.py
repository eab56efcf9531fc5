"""Moments in words, as every face of the program says them (tuimail/dates)."""

from __future__ import annotations

from tuimail.dates.format_date import DAY, format_day_time, format_duration, format_time, format_until

__all__ = ["DAY", "format_day_time", "format_duration", "format_time", "format_until"]
