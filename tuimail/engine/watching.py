"""The engine's part that looks at the outbox; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.letters import content_of, raw_pieces, read_raw, taken_out
from tuimail.engine.rooms import Rooms
from tuimail.outbox.model.item import ItemState, Order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tuimail.engine.letters import TakenOut
    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import OutboxItem, TimelineEntry
    from tuimail.outbox.model.turn import Standing
    from tuimail.outbox.store.listing import Tally


SENT_STATES = frozenset({ItemState.ACCEPTED, ItemState.DONE})


class Watching(Rooms):
    """What is in the outbox, what went out, and what is known of it."""

    async def items(self, states: Collection[ItemState] | None = None) -> Sequence[OutboxItem]:
        """Items in ``states``; default: those still in the outbox."""
        return await self._run(self._queue.items, states)

    async def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        """Ids of the items in ``states`` (default: those still in the outbox) that match, in ``order``.

        Every word of ``matching`` must be found, whatever its case, in subject, recipients, sender, account or state;
        ``state:``, ``account:``, ``to:`` and ``subject:`` before a word say where.
        """

        def read() -> Sequence[str]:
            return self._queue.ids(states, order=order, matching=matching)

        return await self._run(read)

    async def items_of(self, ids: Sequence[str]) -> Sequence[OutboxItem]:
        """The items with these ids, in this order; ids that are gone are left out."""
        return await self._run(self._queue.items_of, ids)

    async def taken_out(self) -> Sequence[TakenOut]:
        """Letters that were taken out of the outbox and are drafts now, open or not; the newest first."""
        return await self._run(taken_out, self._queue, self._draft_store)

    async def sent(self, *, limit: int = 1000) -> Sequence[OutboxItem]:
        """What went out: the newest ``limit`` of the items the server has, newest first."""

        def read() -> Sequence[OutboxItem]:
            items = self._queue.items(SENT_STATES, limit=limit, newest_first=True)
            return sorted(items, key=lambda item: item.last_attempt_at or item.queued_at, reverse=True)

        return await self._run(read)

    async def item(self, item_id: str) -> OutboxItem:
        """One item, by id or unambiguous prefix. Raises NoSuchItemError."""
        return await self._run(self._queue.item, item_id)

    async def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it."""
        return await self._run(self._queue.timeline, item_id)

    async def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        return await self._run(self._queue.dialogue, item_id)

    async def raw(self, item_id: str, *, limit: int = 1_000_000) -> bytes:
        """The letter's bytes, at most ``limit`` of them; of a done item from its filed local copy.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine.
        """
        return await self._run(read_raw, self._queue, item_id, limit)

    async def content(self, item_id: str) -> Content:
        """The letter, to be read on any thread; of a done item its filed local copy.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine; also what is read of it.
        """
        return await self._run(content_of, self._queue, item_id)

    async def raw_pieces(self, item_id: str) -> Iterator[bytes]:
        """All of the letter's bytes, piece by piece, to be read on any thread; see ``engine/letters.raw_pieces``."""
        return await self._run(raw_pieces, self._queue, item_id)

    async def standing(self, item: OutboxItem) -> Standing:
        """What goes before a letter that waits for its turn, and what holds its account. Raises NoSuchItemError."""
        from tuimail.outbox.model.account_notice import account_notice
        from tuimail.outbox.model.turn import Standing

        before = await self._run(self._queue.before, item.id)
        health = await self._run(self._queue.health, item.account)
        account = self.config.accounts.get(item.account)
        return Standing(before, account_notice(health, account, self.clock.now()))

    async def tally(self) -> Tally:
        """How many letters wait by themselves, and how many for the user."""
        return await self._run(self._queue.tally)

    async def counts(self) -> dict[ItemState, int]:
        """How many items are in each state still in the outbox."""
        return await self._run(self._queue.counts)
