"""A long list of which only what is near the screen is read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

FARTHEST = 20
"""Screens away from the one shown, after which what was read is forgotten."""


class Window(Generic[T]):
    """Every id, and the values of those near the screen; ``identify`` names a value."""

    def __init__(self, identify: Callable[[T], str]) -> None:
        self._identify = identify
        self.ids: Sequence[str] = ()
        self._read: dict[str, T] = {}

    def __getitem__(self, row_id: str) -> T | None:
        """The value, if it was read."""
        return self._read.get(row_id)

    @property
    def values(self) -> Sequence[T]:
        """What was read, in no order."""
        return tuple(self._read.values())

    def near(self, first: int, height: int) -> Sequence[str]:
        """Ids of the ``height`` rows from ``first`` on, and of as many before and after them."""
        height = max(1, height)
        return self.ids[max(0, first - height) : first + 2 * height]

    def missing(self, first: int, height: int) -> Sequence[str]:
        """What is to be read for a screen; empty when every row of it was read already."""
        shown = self.ids[max(0, first) : first + max(1, height)]
        if all(row_id in self._read for row_id in shown):
            return ()
        return [row_id for row_id in self.near(first, height) if row_id not in self._read]

    def renew(self, ids: Sequence[str], values: Iterable[T]) -> None:
        """Other ids, and the values read with them; all others are forgotten."""
        self.ids = ids
        self._read = {self._identify(value): value for value in values}

    def add(self, values: Iterable[T], *, height: int) -> None:
        """Values read since; what is far from them is forgotten when it becomes much."""
        new = {self._identify(value): value for value in values}
        if len(self._read) > FARTHEST * max(1, height):
            self._read = new
        else:
            self._read.update(new)
