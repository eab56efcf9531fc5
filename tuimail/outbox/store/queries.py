"""Looking at the letters of an outbox; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.outbox.model.item import OutboxItem, TimelineEntry
from tuimail.outbox.model.states import OPEN, ItemState, Order
from tuimail.outbox.store import listing
from tuimail.outbox.store.journal import was_of
from tuimail.outbox.store.letter_file import FileContent, read_letter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tuimail.mail.content import Content
    from tuimail.outbox.store.open_outbox import OpenOutbox

AT_ONCE = 500
"""Ids in one statement; SQLite takes 999 at least."""


@dataclass(frozen=True, slots=True)
class Version:
    """Compares equal as long as nothing changed."""

    others: int
    """Counts the commits of other processes."""
    own: int
    """Counts the changes of this process."""


class Queries:
    """Items, letters, timelines."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def items(
        self, states: Collection[ItemState] | None = None, *, limit: int | None = None, newest_first: bool = False
    ) -> Sequence[OutboxItem]:
        """Items in ``states`` (default: those still in the outbox).

        Needs-you first, then in the order they go; with ``newest_first`` by when they changed, the latest first.
        """
        wanted = sorted(OPEN if states is None else states)
        order = "changed_at DESC, id DESC" if newest_first else listing.NEED
        where = f"{listing.in_states(wanted)} ORDER BY {order} LIMIT ?"
        with self.outbox.reading() as view:
            rows = view.rows(where, (*(state.value for state in wanted), -1 if limit is None else limit))
        return [row.item for row in rows]

    def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        """Ids of the items in ``states`` (default: those still in the outbox) that match, in ``order``.

        ``matching`` is what outbox/store/listing.words_of takes: every word must be found.
        """
        wanted = sorted(OPEN if states is None else states)
        words = listing.words_of(matching)
        with self.outbox.reading() as view:
            found = view.db.execute(
                listing.query(wanted, order, words), tuple(state.value for state in wanted)
            ).fetchall()
        return listing.sifted(found, order, words)

    def items_of(self, ids: Iterable[str]) -> Sequence[OutboxItem]:
        """The items with these ids, in this order; ids that are gone are left out."""
        wanted = list(ids)
        found: dict[str, OutboxItem] = {}
        with self.outbox.reading() as view:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                rows = view.rows(f"id IN ({', '.join('?' * len(some))})", some)
                found.update((row.item.id, row.item) for row in rows)
        return [found[each] for each in wanted if each in found]

    def item(self, item_id: str) -> OutboxItem:
        """One item; an unambiguous prefix of the id will do."""
        with self.outbox.reading() as view:
            return view.row(item_id).item

    def content(self, item_id: str) -> Content:
        """The letter's exact bytes, checked against their SHA-256 as they are read.

        Raises:
            NoSuchItemError: no such item, or its letter is not kept any more (done, cancelled long ago).
        """
        with self.outbox.reading() as view:
            row = view.row(item_id)
        path = self.outbox.letter_path(row.item.id)
        if not path.exists():
            raise NoSuchItemError(
                "The letter itself is not in the outbox any more.",
                hint="Look for its copy in Sent." if row.item.state is ItemState.DONE else "Its file is gone.",
            )
        return FileContent(path, row.offset, row.item.size, row.sha256)

    def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it, oldest first."""
        with self.outbox.reading() as view:
            found = view.row(item_id).item.id
            entries = view.db.execute(
                "SELECT at, words, stage, reply FROM timeline WHERE item = ? ORDER BY number", (found,)
            ).fetchall()
        return [TimelineEntry(*values) for values in entries]

    def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        with self.outbox.reading() as view:
            return view.dialogue(view.row(item_id).item.id)

    def counts(self) -> dict[ItemState, int]:
        """How many items are in each state that is still in the outbox."""
        with self.outbox.reading() as view:
            found = view.db.execute(
                "SELECT state, COUNT(*) FROM item WHERE state NOT IN ('done', 'cancelled') GROUP BY state"
            ).fetchall()
        return {ItemState(state): count for state, count in found}

    def before(self, item_id: str) -> int:
        """How many letters of its account go before this one: those being sent, and those ahead of it in the queue."""
        with self.outbox.reading() as view:
            item = view.row(item_id).item
            sending = view.db.execute(
                "SELECT COUNT(*) FROM item WHERE state = 'sending' AND account = ? AND id <> ?", (item.account, item.id)
            ).fetchone()[0]
            queued = view.db.execute(
                "SELECT COUNT(*) FROM item WHERE state = 'queued' AND account = ? AND (rank, id) < (?, ?)",
                (item.account, item.rank, item.id),
            ).fetchone()[0]
        return int(sending + queued)

    def tally(self) -> listing.Tally:
        """How many letters wait by themselves, and how many for the user."""
        with self.outbox.reading() as view:
            return listing.Tally(*view.db.execute(listing.TALLY).fetchone())

    def version(self) -> Version:
        """Two counters: commits of other processes, changes of this one."""
        with self.outbox.reading() as view:
            others = view.db.execute("PRAGMA data_version").fetchone()[0]
            return Version(others=int(others), own=view.db.total_changes)

    def before_cancelling(self, item_id: str) -> OutboxItem:
        """A cancelled letter as it was before, as far as that is known; any other as it is."""
        item = self.item(item_id)
        path = self.outbox.letter_path(item.id)
        if item.state is not ItemState.CANCELLED or not path.exists():
            return item
        return was_of(item, read_letter(path).marks) or item
