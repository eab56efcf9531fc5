"""The engine's part that carries out what the user decides about letters in the outbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.engine.composing import Composing
from tuimail.engine.export import export
from tuimail.engine.letters import (
    check_out,
    put_back,
    raw_pieces,
    restore,
    take_out,
)
from tuimail.engine.reporting import told
from tuimail.errors import AddressError, TuimailError
from tuimail.events import (
    ItemChanged,
    Notice,
    Severity,
)
from tuimail.outbox.model.item import Outcome, Place, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.compose.draft import Draft
    from tuimail.config.model import WhenLate
    from tuimail.coordination.change_notifier import Peer
    from tuimail.mail.bounce import DeliveryReport
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.bounces import Matched


AT_ONCE = 200
"""Letters that one transaction changes; each costs an fsync while other processes wait."""


class Steering(Composing):
    """Verbs on letters, and reports about them."""

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Send now, hold, release, retry, drop, restore, resolve.

        RESTORE puts a cancelled letter back and discards the draft that was made from it; a draft that was changed
        since is kept, and a notice says so.

        Raises:
            IllegalTransitionError: the verb does not fit the letter.
            OutboxError: RESTORE of one that is being edited, or whose newer revision was queued.
        """
        if verb is Verb.RESTORE:
            item, kept = await self._run(restore, self._queue, self._draft_store, item_id)
            if kept:
                told = f'The draft made from "{item.subject}" was changed since; it is kept among the drafts.'
                self.announcer.announce(Notice(told, Severity.INFO))
        elif verb is Verb.CANCEL:
            await self.cancel(item_id)
            return await self._run(self._queue.item, item_id)
        else:
            item = await self._run(self._queue.apply, verb, item_id)
        self._changed(item)
        return item

    async def apply_many(self, verb: Verb, ids: Sequence[str]) -> Sequence[Outcome]:
        """The same on several letters: one outcome for each, in order; one that does not fit does not stop the others.

        Simple verbs take one transaction for ``AT_ONCE`` letters, so that the sending goes on in between; CANCEL and
        RESTORE, which also make or discard a draft, one for each letter.

        Raises:
            StorageError: the index cannot be written; what an earlier transaction did stays done.
        """
        outcomes: list[Outcome] = []
        if verb in (Verb.CANCEL, Verb.RESTORE):
            for item_id in ids:
                try:
                    outcomes.append(Outcome(item_id, await self.apply(verb, item_id)))
                except TuimailError as error:
                    outcomes.append(Outcome(item_id, error=error))
            return outcomes
        for start in range(0, len(ids), AT_ONCE):
            outcomes += await self._run(self._queue.apply_many, verb, ids[start : start + AT_ONCE])
        for each in outcomes:
            if each.item is not None:
                self._changed(each.item)
        return outcomes

    async def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold it until ``at`` (seconds since the epoch), with a fresh budget from then on.

        Raises:
            IllegalTransitionError: it cannot be held any more.
            OutboxError: ``at`` is over.
        """

        def put_off() -> OutboxItem:
            return self._queue.later(item_id, at, on_late=on_late)

        item = await self._run(put_off)
        self._changed(item)
        return item

    async def move(self, item_id: str, place: Place) -> OutboxItem:
        """Move it among the letters of its account that wait. Raises IllegalTransitionError: it does not wait."""
        changed = await self._run(self._queue.move, item_id, place)
        for item in changed:
            self._changed(item)
        return changed[0]

    async def change_account(self, item_id: str, account: str) -> OutboxItem:
        """Let it leave through ``account``; its bytes, with their From, stay as they are.

        When the account has no identity for that From, the item's words say that its server may refuse the letter.

        Raises:
            ConfigError: the account is not in the config.
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
        """
        chosen = self._wiring.chosen(account)

        def change() -> OutboxItem:
            identity = self._queue.item(item_id).identity
            known = chosen.identity_for(identity) is not None
            return self._queue.change_account(item_id, account, known=known)

        item = await self._run(change)
        self._changed(item)
        return item

    async def export(self, item_id: str, path: Path) -> Path:
        """Write the letter's exact bytes into a new file, mode 0600; returns its path.

        Args:
            item_id: The letter; one that is done is read from its filed local copy.
            path: The file, which must not exist; or a folder, where it gets a name made from the subject.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine.
            StorageError: the file is there already, or the disk refuses; no part of it is left.
        """
        item = await self._run(self._queue.item, item_id)
        chunks = await self._run(raw_pieces, self._queue, item.id)
        return await asyncio.to_thread(export, chunks, path, item.subject)

    async def edit(self, item_id: str) -> Draft:
        """Take the letter out of the outbox and back as a draft (saved, owned, ``revises`` set).

        The draft is durable before the item is cancelled, so that a kill in between loses nothing. While it is out it
        cannot leave; ``put_back`` ends that, and so does sending the draft. One that was taken out before is opened
        where it was left.

        Raises:
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
            OutboxError: somebody has it open; the text says who.
        """
        draft, item = await asyncio.shield(
            self._run(check_out, self._queue, self._draft_store, item_id, self.clock.now())
        )
        self._changed(item)
        return draft

    async def put_back(self, draft: Draft) -> OutboxItem:
        """The editing came to nothing: the letter is in the outbox again as it was, and the draft is discarded.

        One whose time has come meanwhile is held by hand.

        Raises:
            OutboxError: the draft was not taken from the outbox, or a newer revision was queued.
            NoSuchItemError: the letter is not kept any more.
        """
        item = await asyncio.shield(self._run(put_back, self._queue, self._draft_store, draft))
        self._changed(item)
        return item

    async def cancel(self, item_id: str) -> Draft:
        """Take the letter out of the outbox; it is kept among the drafts as postponed."""
        draft = await self._take_out(Verb.CANCEL, item_id)
        await self.close_draft(draft.id)
        return draft

    async def _take_out(self, verb: Verb, item_id: str) -> Draft:
        draft, item = await asyncio.shield(
            self._run(take_out, self._queue, self._draft_store, verb, item_id, self.clock.now())
        )
        self._changed(item)
        return draft

    async def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Correct a refused recipient's address and send to that one only.

        Raises:
            AddressError: ``new`` is not one address.
        """
        from tuimail.mail.address import parse_addresses

        addresses = parse_addresses(new)
        if len(addresses) != 1:
            raise AddressError("Give exactly one address.", text=new)
        item = await self._run(self._queue.mend, item_id, old, addresses[0].ascii_spec())
        self._changed(item)
        return item

    # -- delivery reports

    async def read_report(self, raw: bytes) -> DeliveryReport | None:
        """The delivery report in a letter; None when it is none."""
        from tuimail.mail.bounce import read_report

        return await asyncio.to_thread(read_report, raw, self.clock.now())

    async def report(self, found: DeliveryReport) -> Matched | None:
        """Tie a report to its letter and tell what is new; None when it is about none of ours. Raises StorageError."""
        matched = await self._run(self._queue.report, found)
        if matched is not None and matched.news:
            self.announcer.announce(ItemChanged(matched.item.id))
            for event in told(matched):
                self.announcer.announce(event)
        return matched

    def watchers(self) -> Sequence[Peer]:
        """Processes that go on sending without a screen, this one included."""
        from tuimail.coordination.change_notifier import Role, neighbours

        return [each for each in neighbours(self.paths.outbox) if each.role is Role.WATCH]
