"""Moments in words, as every face of the program says them (tuimail/moments)."""

from __future__ import annotations

from tuimail.moments.spoken import DAY, clock_time, day_and_time, span, until

__all__ = ["DAY", "clock_time", "day_and_time", "span", "until"]
