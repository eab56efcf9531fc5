"""The part of the store that only looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.outbox.model.item import OPEN, AccountHealth, ItemState, Order, OutboxItem, TimelineEntry
from tuimail.outbox.store import listing
from tuimail.outbox.store.letter_file import FileContent
from tuimail.outbox.store.open_outbox import OpenOutbox

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tuimail.mail.content import Content

AT_ONCE = 500
"""Ids in one statement; SQLite takes 999 at least."""


@dataclass(frozen=True, slots=True)
class Version:
    """Compares equal as long as nothing changed."""

    others: int
    """Counts the commits of other processes."""
    own: int
    """Counts the changes of this process."""


class Queries(OpenOutbox):
    """Items, letters, timelines; nothing is changed."""

    def items(
        self, states: Collection[ItemState] | None = None, *, limit: int | None = None, newest_first: bool = False
    ) -> Sequence[OutboxItem]:
        """Items in ``states`` (default: those still in the outbox).

        Needs-you first, then in the order they go; with ``newest_first`` by when they changed, the latest first.
        """
        wanted = sorted(OPEN if states is None else states)
        order = "changed_at DESC, id DESC" if newest_first else listing.NEED
        where = f"{listing.in_states(wanted)} ORDER BY {order} LIMIT ?"
        with self.index.reading() as db:
            rows = self.rows(db, where, (*(state.value for state in wanted), -1 if limit is None else limit))
        return [row.item for row in rows]

    def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        """Ids of the items in ``states`` (default: those still in the outbox) that match, in ``order``.

        ``matching`` is what outbox/store/listing.words_of takes: every word must be found.
        """
        wanted = sorted(OPEN if states is None else states)
        words = listing.words_of(matching)
        with self.index.reading() as db:
            found = db.execute(listing.query(wanted, order, words), tuple(state.value for state in wanted)).fetchall()
        return listing.sifted(found, order, words)

    def items_of(self, ids: Iterable[str]) -> Sequence[OutboxItem]:
        """The items with these ids, in this order; ids that are gone are left out."""
        wanted = list(ids)
        found: dict[str, OutboxItem] = {}
        with self.index.reading() as db:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                rows = self.rows(db, f"id IN ({', '.join('?' * len(some))})", some)
                found.update((row.item.id, row.item) for row in rows)
        return [found[each] for each in wanted if each in found]

    def item(self, item_id: str) -> OutboxItem:
        """One item; an unambiguous prefix of the id will do."""
        with self.index.reading() as db:
            return self.row(db, item_id).item

    def content(self, item_id: str) -> Content:
        """The letter's exact bytes, checked against their SHA-256 as they are read.

        Raises:
            NoSuchItemError: no such item, or its letter is not kept any more (done, cancelled long ago).
        """
        with self.index.reading() as db:
            row = self.row(db, item_id)
        path = self.letter_path(row.item.id)
        if not path.exists():
            raise NoSuchItemError(
                "The letter itself is not in the outbox any more.",
                hint="Look for its copy in Sent." if row.item.state is ItemState.DONE else "Its file is gone.",
            )
        return FileContent(path, row.offset, row.item.size, row.sha256)

    def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it, oldest first."""
        with self.index.reading() as db:
            found = self.row(db, item_id).item.id
            entries = db.execute(
                "SELECT at, words, stage, reply FROM timeline WHERE item = ? ORDER BY number", (found,)
            ).fetchall()
        return [TimelineEntry(*values) for values in entries]

    def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        with self.index.reading() as db:
            return self.dialogue_in(db, self.row(db, item_id).item.id)

    def counts(self) -> dict[ItemState, int]:
        """How many items are in each state that is still in the outbox."""
        with self.index.reading() as db:
            found = db.execute(
                "SELECT state, COUNT(*) FROM item WHERE state NOT IN ('done', 'cancelled') GROUP BY state"
            ).fetchall()
        return {ItemState(state): count for state, count in found}

    def before(self, item_id: str) -> int:
        """How many letters of its account go before this one: those being sent, and those ahead of it in the queue."""
        with self.index.reading() as db:
            item = self.row(db, item_id).item
            sending = db.execute(
                "SELECT COUNT(*) FROM item WHERE state = 'sending' AND account = ? AND id <> ?", (item.account, item.id)
            ).fetchone()[0]
            queued = db.execute(
                "SELECT COUNT(*) FROM item WHERE state = 'queued' AND account = ? AND (rank, id) < (?, ?)",
                (item.account, item.rank, item.id),
            ).fetchone()[0]
        return int(sending + queued)

    def tally(self) -> listing.Tally:
        """How many letters wait by themselves, and how many for the user."""
        with self.index.reading() as db:
            return listing.Tally(*db.execute(listing.TALLY).fetchone())

    def version(self) -> Version:
        """Two counters: commits of other processes, changes of this one."""
        with self.index.reading() as db:
            others = db.execute("PRAGMA data_version").fetchone()[0]
            return Version(others=int(others), own=db.total_changes)

    def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go."""
        with self.index.reading() as db:
            return self.health_in(db, account)
