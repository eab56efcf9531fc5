"""The rows of a message index for the list that draws them: from memory, or not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.cache.thread_view import ThreadRow
    from tuimail.cache.windows import IndexRow
    from tuimail.engine.mail_index import IndexEntry, MessageIndex


class IndexSlot(NamedTuple):
    """A line of the index."""

    number: int
    """From 0."""
    entry: IndexEntry | None
    """None: it is being read."""
    away: bool = False
    """It cannot be opened now: it is at a server that is out of reach."""

    @property
    def id(self) -> str:
        """The id of the row; while it is being read, of its place."""
        return f"#{self.number}" if self.entry is None else self.entry.row_id


class IndexSource:
    """A WindowSource over a MessageIndex."""

    def __init__(self, index: MessageIndex, *, seen: tuple[int, int] = (0, 0), offline: Collection[str] = ()) -> None:
        """Make it.

        Args:
            index: the rows.
            seen: those on the screen: with the same ones there nothing has to be drawn again.
            offline: accounts whose servers are out of reach.
        """
        self.index = index
        self._seen = seen
        self._offline = offline
        self._selected: tuple[IndexRow | ThreadRow, IndexSlot] | None = None
        """The row asked for by itself last: a key asks for the selected one once a command."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.index.count

    def window(self, first: int, end: int) -> Sequence[IndexSlot]:
        """The rows from ``first`` up to ``end``."""
        first = max(first, 0)
        rows = self.index.view.loaded(first, end)
        if len(rows) == 1 and rows[0] is not None:
            return [self._one(first, rows[0])]
        return [self._slot(number, row) for number, row in enumerate(rows, first)]

    def _one(self, number: int, row: IndexRow | ThreadRow) -> IndexSlot:
        if self._selected is None or self._selected[0] is not row or self._selected[1].number != number:
            self._selected = row, self._slot(number, row)
        return self._selected[1]

    def _slot(self, number: int, row: IndexRow | ThreadRow | None) -> IndexSlot:
        entry = None if row is None else self.index.entry_of(row)
        return IndexSlot(number, entry, self._is_away(entry))

    def _is_away(self, entry: IndexEntry | None) -> bool:
        return entry is not None and not entry.row.kept and entry.row.account in self._offline

    def position(self, row_id: str) -> int | None:
        """Where the row is, if that was asked for when the index was read."""
        if row_id.startswith("#"):
            return int(row_id[1:]) if int(row_id[1:]) < self.count else None
        return self.index.positions.get(row_id)

    def misses(self, first: int, end: int) -> bool:
        """Whether a row is still to be read."""
        return any(each is None for each in self.index.entries(max(first, 0), end))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IndexSource) or other.count != self.count:
            return False
        return self.window(*self._seen) == other.window(*self._seen)

    def __hash__(self) -> int:
        return hash(self.count)
