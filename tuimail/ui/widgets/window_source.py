"""Where a list gets its rows from: a window at a time, so that a list of any length is drawn from what is in sight.

A source never changes; other rows are another source. Sources that are equal are drawn the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class WindowSource(Protocol[T_co]):
    """Rows from 0 to ``count``; each has an id."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def window(self, first: int, end: int) -> Sequence[T_co]:
        """The rows from ``first`` up to ``end``, as far as there are any; called for every line drawn."""
        ...

    def position(self, row_id: str) -> int | None:
        """Where the row is; None if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class InMemoryRows(Generic[T]):
    """All ``rows`` of a short list; ``identify`` gives the id of one."""

    rows: Sequence[T]
    identify: Callable[[T], str] = field(compare=False)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def window(self, first: int, end: int) -> Sequence[T]:
        """The rows from ``first`` up to ``end``."""
        return self.rows[first:end]

    def position(self, row_id: str) -> int | None:
        """Where the row is; looks through all."""
        return next((at for at, row in enumerate(self.rows) if self.identify(row) == row_id), None)


@dataclass(frozen=True, slots=True)
class IdRows:
    """Rows that are ids; what they stand for is read when it comes into sight (``widgets/window``)."""

    ids: Sequence[str] = ()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.ids)

    def window(self, first: int, end: int) -> Sequence[str]:
        """The ids from ``first`` up to ``end``."""
        return self.ids[first:end]

    def position(self, row_id: str) -> int | None:
        """Where the id is."""
        try:
            return self.ids.index(row_id)
        except ValueError:
            return None
