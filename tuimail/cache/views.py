"""What a message index lists, a window at a time: a folder, a list of ids (limit, search, sorting), several folders.

Each has ``count``, ``window(first, end)`` and ``position(row_id)``. ``window`` and ``position`` ask the database, so
they belong in the thread that reads; ``loaded`` gives what is in memory and may be called anywhere. A view shows one
state: when the cache has changed (``is_stale``) another one is made.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tuimail.cache.windows import IndexOrder, IndexRow, Key, MailboxOrder, rows_of_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.cache.database import ReadableCache

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WINDOW = 128
"""Rows read at once."""
KEPT = 40
"""Windows kept in memory; those read longest ago are dropped."""


NEARBY = 4 * WINDOW
"""Rows of several folders that are merged to get from one place to another; beyond that the place is looked up."""


class WindowedView(Generic[T]):
    """Cuts what is asked for into windows, and turns it round where the last row comes first."""

    def __init__(self, count: int, missing: T, *, newest_first: bool) -> None:
        self.count = count
        self.newest_first = newest_first
        self._missing = missing
        self._windows: dict[int, Sequence[T]] = {}

    def window(self, first: int, end: int) -> Sequence[T]:
        """The rows from ``first`` up to ``end``, as far as there are any. Raises StorageError."""
        return [row for row in self._cut(first, end, read=True) if row is not None]

    def loaded(self, first: int, end: int) -> Sequence[T | None]:
        """The same from memory; None for rows that are not there yet."""
        return self._cut(first, end, read=False)

    def _cut(self, first: int, end: int, *, read: bool) -> list[T | None]:
        first, end = max(first, 0), min(end, self.count)
        if first >= end:
            return []
        if self.newest_first:
            first, end = self.count - end, self.count - first
        rows: list[T | None] = []
        for number in range(first // WINDOW, (end - 1) // WINDOW + 1):
            start = number * WINDOW
            stop = min(start + WINDOW, self.count)
            window = self._windows.get(number)
            if window is None and read:
                window = self._read_window(number, start, stop)
            cut = slice(max(first - start, 0), min(end, stop) - start)
            rows.extend([None] * (cut.stop - cut.start) if window is None else window[cut])
        if self.newest_first:
            rows.reverse()
        return rows

    def _read_window(self, number: int, start: int, stop: int) -> Sequence[T]:
        rows = list(self._load(start, stop))
        # Where rows are gone by now the others keep their numbers as well as they can.
        rows.extend([self._missing] * (stop - start - len(rows)))
        self._windows[number] = rows
        while len(self._windows) > KEPT:
            self._windows.pop(next(iter(self._windows)))
        return rows

    def _load(self, first: int, end: int) -> Sequence[T]:
        raise NotImplementedError

    def _turned(self, number: int) -> int:
        return self.count - 1 - number if self.newest_first else number


class Folder(WindowedView[IndexRow]):
    """A mailbox in the order of arrival or date."""

    def __init__(
        self,
        cache: ReadableCache,
        account: str,
        mailbox: int,
        order: IndexOrder = IndexOrder.ARRIVAL,
        *,
        newest_first: bool = False,
    ) -> None:
        """Raises StorageError."""
        self.cache = cache
        self.account = account
        self.version = cache.version()
        self.rows = MailboxOrder(cache, mailbox, order)
        super().__init__(self.rows.count, gone(account), newest_first=newest_first)

    def is_stale(self) -> bool:
        """The cache was changed since. Raises StorageError."""
        return self.cache.version() != self.version

    def position(self, row_id: str) -> int | None:
        """Where the row is; None if it is not there. Raises StorageError."""
        message = message_of(row_id, self.account)
        key = None if message is None else self.rows.key_of(message)
        return None if key is None else self._turned(self.rows.number_of(key))

    def next_unread(self, row_id: str | None = None, *, backwards: bool = False) -> str | None:
        """The row of the first unread message below ``row_id``, or above it; without ``row_id``, from the top."""
        message = None if row_id is None else message_of(row_id, self.account)
        key = None if message is None else self.rows.key_of(message)
        reverse = backwards is not self.newest_first
        if key is None:
            key = (1 << 63) - 1, (1 << 63) - 1
            key = key if reverse else (-key[0], 0)
        found = self.rows.next_unread(key, backwards=reverse)
        return None if found is None else f"{self.account}:{found}"

    def _load(self, first: int, end: int) -> Sequence[IndexRow]:
        return [index_row(self.account, row) for row in self.rows.rows(first, end)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Folder) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        return (self.cache, self.version, self.account, self.rows.mailbox, self.rows.order, self.newest_first)


class ListedIds(WindowedView[IndexRow]):
    """Messages of one account by their ids, in the order given. A message that is gone stays as an empty row."""

    def __init__(self, cache: ReadableCache, account: str, ids: Iterable[int], *, newest_first: bool = False) -> None:
        """Raises StorageError."""
        self.cache = cache
        self.account = account
        self.version = cache.version()
        self.ids = array("q", ids)
        super().__init__(len(self.ids), gone(account), newest_first=newest_first)

    def is_stale(self) -> bool:
        """The cache was changed since: rows may look different, or be gone. Raises StorageError."""
        return self.cache.version() != self.version

    def position(self, row_id: str) -> int | None:
        """Where the row is; looks through the ids."""
        message = message_of(row_id, self.account)
        try:
            return None if message is None else self._turned(self.ids.index(message))
        except ValueError:
            return None

    def _load(self, first: int, end: int) -> Sequence[IndexRow]:
        ids = self.ids[first:end]
        with self.cache.reading() as db:
            rows = rows_of_ids(db, ids)
        return [index_row(self.account, rows[each]) if each in rows else gone(self.account, each) for each in ids]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListedIds) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.version, self.account, self.count))

    def _identity(self) -> tuple[object, ...]:
        return (self.cache, self.version, self.account, self.ids, self.newest_first)


class ListedOfSeveral(WindowedView[IndexRow]):
    """Messages of several accounts by account and id, in the order given; one that is gone stays as an empty row."""

    def __init__(
        self,
        caches: Sequence[ReadableCache],
        accounts: Sequence[str],
        places: Sequence[tuple[str, int]],
        *,
        newest_first: bool = False,
    ) -> None:
        """Raises StorageError."""
        self.caches = dict(zip(accounts, caches, strict=True))
        self.versions = {name: cache.version() for name, cache in self.caches.items()}
        self.places = places
        super().__init__(len(places), gone(""), newest_first=newest_first)

    def is_stale(self) -> bool:
        """One of the caches was changed since. Raises StorageError."""
        return any(cache.version() != self.versions[name] for name, cache in self.caches.items())

    def position(self, row_id: str) -> int | None:
        """Where the row is; looks through the places."""
        account, _, _ = row_id.rpartition(":")
        message = message_of(row_id, account)
        try:
            return None if message is None else self._turned(self.places.index((account, message)))
        except ValueError:
            return None

    def _load(self, first: int, end: int) -> Sequence[IndexRow]:
        wanted = self.places[first:end]
        found: dict[tuple[str, int], IndexRow] = {}
        for account, cache in self.caches.items():
            ids = [number for owner, number in wanted if owner == account]
            if ids:
                with cache.reading() as db:
                    rows = rows_of_ids(db, ids)
                found.update({(account, number): index_row(account, row) for number, row in rows.items()})
        return [found.get(each) or gone(*each) for each in wanted]


class Merged(WindowedView[IndexRow]):
    """Several folders as one, by the same key: the inboxes of all accounts.

    A row stands where its key and then the number of its folder put it. How many rows of each folder come before a
    window is found by halving, so a window far away costs a few hundred look-ups and one near an end or beside a
    window read before costs a merge.
    """

    def __init__(self, folders: Sequence[Folder], *, newest_first: bool = False) -> None:
        """Begin with ``folders`` of one order."""
        if len({each.rows.order for each in folders}) > 1:
            raise ValueError("the folders have different orders")
        self.folders = tuple(folders)
        super().__init__(sum(each.count for each in folders), gone(""), newest_first=newest_first)
        self._splits: dict[int, list[int]] = {
            0: [0] * len(folders),
            self.count: [each.count for each in folders],
        }

    def is_stale(self) -> bool:
        """One of the caches was changed since. Raises StorageError."""
        return any(each.is_stale() for each in self.folders)

    def position(self, row_id: str) -> int | None:
        """Where the row is; None if it is not there. Raises StorageError."""
        for at, folder in enumerate(self.folders):
            message = message_of(row_id, folder.account)
            key = None if message is None else folder.rows.key_of(message)
            if key is not None:
                return self._turned(sum(self._split_at(at, key)))
        return None

    def _load(self, first: int, end: int) -> Sequence[IndexRow]:
        split = self._split_before(first)
        stops = [min(at + end - first, each.count) for at, each in zip(split, self.folders, strict=True)]
        rows = self._merged(split, stops)[: end - first]
        self._splits[end] = _moved(split, rows, 1)
        return [row for _, row in rows]

    def _split_before(self, number: int) -> list[int]:
        """How many rows of each folder come before row ``number``: from a row known nearby, else by halving."""
        if number not in self._splits:
            known = min(self._splits, key=lambda each: abs(each - number))
            distance = number - known
            split = self._splits[known]
            if abs(distance) > NEARBY:
                self._splits[number] = self._halve(number)
            elif distance > 0:
                rows = self._merged(split, [at + distance for at in split])[:distance]
                self._splits[number] = _moved(split, rows, 1)
            else:
                rows = self._merged([at + distance for at in split], split)[distance:]
                self._splits[number] = _moved(split, rows, -1)
        return self._splits[number]

    def _merged(self, starts: Sequence[int], ends: Sequence[int]) -> list[tuple[int, IndexRow]]:
        rows: list[tuple[Key, int, IndexRow]] = []
        for at, folder in enumerate(self.folders):
            found = map(IndexRow._make, ((folder.account, *row) for row in folder.rows.rows(starts[at], ends[at])))
            rows.extend((row.key(folder.rows.order), at, row) for row in found)
        rows.sort(key=lambda each: (each[0][0], each[1], each[0][1]))
        return [(at, row) for _, at, row in rows]

    def _halve(self, wanted: int) -> list[int]:
        """How many rows of each folder are among the first ``wanted`` ones."""
        low = [0] * len(self.folders)
        high = [each.count for each in self.folders]
        while True:
            widths = [top - bottom for bottom, top in zip(low, high, strict=True)]
            at = max(range(len(widths)), key=widths.__getitem__)
            if widths[at] <= 0:
                return low
            key = self.folders[at].rows.key_at((low[at] + high[at]) // 2)
            if key is None:  # the folder became shorter meanwhile: the view is stale
                return low
            split = self._split_at(at, key)
            if sum(split) < wanted:
                split[at] += 1  # that row is among them, and all before it
                low = [max(pair) for pair in zip(low, split, strict=True)]
            else:
                high = [min(pair) for pair in zip(high, split, strict=True)]

    def _split_at(self, at: int, key: Key) -> list[int]:
        """How many rows of each folder come before the row ``key`` of folder ``at``."""
        value, _ = key
        split = []
        for other, folder in enumerate(self.folders):
            tie = key if other == at else (value, 0) if other > at else (value + 1, 0)
            split.append(folder.rows.number_of(tie))
        return split

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Merged) and (self.folders, self.newest_first) == (other.folders, other.newest_first)

    def __hash__(self) -> int:
        return hash((self.folders, self.newest_first))


def _moved(split: Sequence[int], rows: Iterable[tuple[int, IndexRow]], step: int) -> list[int]:
    moved = list(split)
    for at, _ in rows:
        moved[at] += step
    return moved


class IndexView(Protocol[T_co]):
    """What they have in common."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def window(self, first: int, end: int) -> Sequence[T_co]:
        """The rows from ``first`` up to ``end``, as far as there are any."""
        ...

    def loaded(self, first: int, end: int) -> Sequence[T_co | None]:
        """The same from memory; None for rows that are not there yet."""
        ...

    def position(self, row_id: str) -> int | None:
        """Where the row is; None if it is not there."""
        ...

    def is_stale(self) -> bool:
        """What is shown was changed since the view was made."""
        ...


def message_of(row_id: str, account: str) -> int | None:
    """The id of a row's message; None: it is of another account."""
    owner, _, number = row_id.rpartition(":")
    return int(number) if owner == account and number.isascii() and number.isdigit() and len(number) < 19 else None


def gone(account: str, message: int = 0) -> IndexRow:
    """A row without content for a message that is not there any more; its mailbox is 0, which no mailbox has."""
    return IndexRow(account, message, 0, None, 1, "", 0, 0, 0, "", "", "", "", "", 0, None, 0, "")


def index_row(account: str, row: Sequence[Any]) -> IndexRow:
    """A row of ``windows.COLUMNS``."""
    return IndexRow._make((account, *row))
