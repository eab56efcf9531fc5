"""A list and the source of its rows."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import pytest
from textual.app import App
from textual.screen import Screen

from tests.ui.screen_text import lines
from tuimail.ui.text.cells import Span
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.widgets.painting import ROLE_CLASSES
from tuimail.ui.widgets.window_source import IdRows, InMemoryRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from textual.app import ComposeResult
    from textual.pilot import Pilot


MANY = 100_000


@dataclass
class Numbers:
    """``count`` rows that are made when they are asked for."""

    count: int
    made: set[int] = field(default_factory=set, compare=False)

    def window(self, first: int, end: int) -> Sequence[str]:
        shown = range(first, min(end, self.count))
        self.made.update(shown)
        return [str(number) for number in shown]

    def position(self, row_id: str) -> int | None:
        return int(row_id) if int(row_id) < self.count else None


class Page(Screen[None]):
    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    def __init__(self) -> None:
        super().__init__()
        self.list: LineList[str] = LineList(lambda row, _width: (Span(f"row {row}"),), str)

    def compose(self) -> ComposeResult:
        yield self.list


@asynccontextmanager
async def listing() -> AsyncIterator[tuple[Pilot[None], LineList[str]]]:
    """A list that has the screen to itself."""
    page = Page()
    app: App[None] = App()
    async with app.run_test(size=(40, 20)) as pilot:
        await app.push_screen(page)
        yield pilot, page.list


async def test_of_a_long_list_only_what_comes_into_sight_is_asked_for() -> None:
    source = Numbers(MANY)
    async with listing() as (pilot, shown):
        shown.show(source)
        await pilot.pause()
        assert lines(pilot.app)[:2] == ["row 0", "row 1"]
        shown.select(MANY // 2)
        await pilot.pause()
        shown.select(MANY - 1)
        await pilot.pause()
        assert lines(pilot.app)[-1] == f"row {MANY - 1}"
        assert shown.selected == str(MANY - 1)
        assert len(source.made) < 100


async def test_the_selection_follows_its_row_into_another_source() -> None:
    async with listing() as (pilot, shown):
        shown.show(Numbers(MANY))
        shown.select(5000)
        other = Numbers(MANY - 1)
        assert shown.first_shown(other) <= 5000 < shown.first_shown(other) + shown.page
        shown.show(other)
        await pilot.pause()
        assert (shown.selected, shown.cursor) == ("5000", 5000)
        shown.show(Numbers(10))
        assert shown.selected == "9"
        shown.show(Numbers(0))
        assert shown.selected is None


async def test_a_row_sought_is_selected_when_it_comes() -> None:
    async with listing() as (_pilot, shown):
        shown.show(Numbers(10))
        shown.sought = "20"
        shown.show(Numbers(11))
        assert shown.selected == "0"
        shown.show(Numbers(30))
        assert shown.selected == "20"
        assert shown.sought is None


@pytest.mark.parametrize("source", [InMemoryRows(("a", "b", "c"), str), IdRows(("a", "b", "c"))])
def test_sources_in_memory(source: InMemoryRows[str] | IdRows) -> None:
    assert source.count == 3
    assert list(source.window(1, 9)) == ["b", "c"]
    assert (source.position("c"), source.position("d")) == (2, None)


def test_sources_of_the_same_rows_are_equal_whoever_names_them() -> None:
    assert InMemoryRows(("a",), str) == InMemoryRows(("a",), lambda row: row.upper())
    assert InMemoryRows(("a",), str) != InMemoryRows(("b",), str)
