"""Figures of several runs: the median with its spread, and tables of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Figure:
    """What one thing came to in every run, in ``unit``."""

    name: str
    values: tuple[float, ...]
    unit: str
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        spread = f" ({shown(min(self.values))} to {shown(max(self.values))})" if len(self.values) > 1 else ""
        return f"{shown(self.median)} {self.unit}{spread}"


@dataclass(frozen=True, slots=True)
class Section:
    """One table: rows measured side by side in one run."""

    title: str
    figures: Sequence[Figure]
    versus: str = ""
    """The row all others are compared with."""

    def markdown(self) -> str:
        """The table."""
        base = next((each.median for each in self.figures if each.name == self.versus), None)
        head = f"| {self.title} | median (spread) | {'times ' + self.versus if base else ''} | |"
        lines = [head, "|---|---|---|---|"]
        for each in self.figures:
            ratio = f"{shown(each.median / base)}" if base else ""
            lines.append(f"| {each.name} | {each} | {ratio} | {each.note} |")
        return "\n".join(lines)


def shown(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def markdown(sections: Iterable[Section]) -> str:
    """All tables."""
    return "\n\n".join(section.markdown() for section in sections) + "\n"
