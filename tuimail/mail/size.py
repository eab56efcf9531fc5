"""Formats sizes."""

from __future__ import annotations

_UNITS = ("KB", "MB", "GB", "TB")


def format_short_size(size: int) -> str:
    """``size`` in bytes in at most four cells: "840", "1.3K", "48K", "2M"."""
    if size < 1000:
        return str(size)
    amount, unit = format_size(size).split()
    return f"{amount}{unit[0]}" if unit == "KB" else f"{float(amount):.0f}{unit[0]}"


def format_size(size: int) -> str:
    """``size`` in bytes as text, in powers of 1000, with at most three digits: "840 B", "1.3 KB", "48 KB"."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    unit = "B"
    for larger in _UNITS:
        amount /= 1000
        unit = larger
        if amount < 999.5:
            break
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
