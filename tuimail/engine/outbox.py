"""The outbox as the two faces see it: its letters, what the user decides about them, and sending now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from tuimail.errors import AddressError, TuimailError
from tuimail.events import Notice, Severity
from tuimail.outbox.model.states import Place, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.compose.draft import Draft
    from tuimail.config.model import WhenLate
    from tuimail.coordination.change_notifier import Peer
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.letter_content import LetterContent
    from tuimail.engine.letter_copies import LetterCopies
    from tuimail.engine.revise_letter import ReviseLetter
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.sent import SentLetters
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.events import Announcer
    from tuimail.outbox.model.item import OutboxItem, Outcome
    from tuimail.outbox.model.turn import Standing
    from tuimail.outbox.store.queries import Queries
    from tuimail.outbox.store.store import Store

T = TypeVar("T")

AT_ONCE = 200
"""Letters that one transaction changes; each costs an fsync while other processes wait."""


class Outbox:
    """Letters on their way."""

    def __init__(
        self,
        folder: Path,
        store: StoreHandle[Store],
        revise: ReviseLetter,
        sent: SentLetters,
        runner: RunnerHandle,
        accounts: ConfiguredAccounts,
        announcer: Announcer,
        clock: Clock,
        copies: LetterCopies,
    ) -> None:
        self._copies = copies
        self._folder = folder
        self._store = store
        self._revise = revise
        self._sent = sent
        self._runner = runner
        self._accounts = accounts
        self._announcer = announcer
        self._clock = clock

    # -- looking

    async def query(self, ask: Callable[[Queries], T]) -> T:
        """What ``ask`` returns, called with the outbox's queries on its thread: ``lambda outbox: outbox.item(id)``.

        Several questions in one call are answered without waiting in between.

        Raises:
            NoSuchItemError: ``ask`` names an item that is not there.
            StorageError: the disk refuses.
        """
        return await self._store.run(lambda store: ask(store.queries))

    async def content(self, item_id: str) -> LetterContent:
        """The letter, to be read on any thread; of a done item its filed local copy.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine; also what is read of it.
        """
        from tuimail.engine.letter_content import content_of

        return await self._store.run(lambda store: content_of(store, item_id))

    async def standing(self, item: OutboxItem) -> Standing:
        """What goes before a letter that waits for its turn, and what holds its account. Raises NoSuchItemError."""
        from tuimail.outbox.model.account_notice import account_notice
        from tuimail.outbox.model.turn import Standing

        before, health = await self._store.run(
            lambda store: (store.queries.before(item.id), store.accounts.health(item.account))
        )
        return Standing(before, account_notice(health, self._accounts.get(item.account), self._clock.now()))

    async def export(self, item_id: str, path: Path) -> Path:
        """Write the letter's exact bytes into a new file, mode 0600; returns its path.

        Args:
            item_id: The letter; one that is done is read from its filed local copy.
            path: The file, which must not exist; or a folder, where it gets a name made from the subject.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine.
            StorageError: the file is there already, or the disk refuses; no part of it is left.
        """
        from tuimail.engine.export import export

        content = await self.content(item_id)
        return await asyncio.to_thread(export, content.chunks(), path, content.item.subject)

    # -- deciding

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Send now, hold, release, retry, drop, restore, resolve.

        RESTORE puts a cancelled letter back and discards the draft that was made from it; a draft that was changed
        since is kept, and a notice says so.

        Raises:
            IllegalTransitionError: the verb does not fit the letter.
            OutboxError: RESTORE of one that is being edited, or whose newer revision was queued.
        """
        if verb is Verb.RESTORE:
            item, kept = await self._revise.carry_through(self._revise.restore(item_id))
            if kept:
                words = f'The draft made from "{item.subject}" was changed since; it is kept among the drafts.'
                self._announcer.announce(Notice(words, Severity.INFO))
            await self._copies.restored(item)
        elif verb is Verb.CANCEL:
            await self.cancel(item_id)
            return await self._store.run(lambda store: store.queries.item(item_id))
        else:
            item = await self._store.run(lambda store: store.actions.apply(verb, item_id))
            if verb is Verb.DROP:
                await self._copies.dropped(item)
        self._runner.changed(item)
        return item

    async def apply_many(self, verb: Verb, ids: Sequence[str]) -> Sequence[Outcome]:
        """The same on several letters: one outcome for each, in order; one that does not fit does not stop the others.

        Simple verbs take one transaction for ``AT_ONCE`` letters, so that the sending goes on in between; CANCEL and
        RESTORE, which also make or discard a draft, one for each letter.

        Raises:
            StorageError: the index cannot be written; what an earlier transaction did stays done.
        """
        from tuimail.outbox.model.item import Outcome

        outcomes: list[Outcome] = []
        if verb in (Verb.CANCEL, Verb.RESTORE):
            for item_id in ids:
                try:
                    outcomes.append(Outcome(item_id, await self.apply(verb, item_id)))
                except TuimailError as error:
                    outcomes.append(Outcome(item_id, error=error))
            return outcomes
        for start in range(0, len(ids), AT_ONCE):
            outcomes += await self._apply_some(verb, ids[start : start + AT_ONCE])
        changed = [each.item for each in outcomes if each.item is not None]
        self._runner.changed(*changed)
        for item in changed if verb is Verb.DROP else ():
            await self._copies.dropped(item)
        return outcomes

    async def _apply_some(self, verb: Verb, ids: Sequence[str]) -> Sequence[Outcome]:
        return await self._store.run(lambda store: store.actions.apply_many(verb, ids))

    async def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold it until ``at`` (seconds since the epoch), with a fresh budget from then on.

        Raises:
            IllegalTransitionError: it cannot be held any more.
            OutboxError: ``at`` is over.
        """
        item = await self._store.run(lambda store: store.actions.postpone(item_id, at, on_late=on_late))
        self._runner.changed(item)
        return item

    async def move(self, item_id: str, place: Place) -> OutboxItem:
        """Move it among the letters of its account that wait. Raises IllegalTransitionError: it does not wait."""
        changed = await self._store.run(lambda store: store.actions.move(item_id, place))
        self._runner.changed(*changed)
        return changed[0]

    async def change_account(self, item_id: str, account: str) -> OutboxItem:
        """Let it leave through ``account``; its bytes, with their From, stay as they are.

        When the account has no identity for that From, the item's words say that its server may refuse the letter.

        Raises:
            ConfigError: the account is not in the config.
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
        """
        chosen = self._accounts.chosen(account)

        def change(store: Store) -> OutboxItem:
            known = chosen.identity_for(store.queries.item(item_id).identity) is not None
            return store.actions.change_account(item_id, account, known=known)

        item = await self._store.run(change)
        self._runner.changed(item)
        return item

    async def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Correct a refused recipient's address and send to that one only.

        Raises:
            AddressError: ``new`` is not one address.
        """
        from tuimail.mail.address import parse_addresses

        addresses = parse_addresses(new)
        if len(addresses) != 1:
            raise AddressError("Give exactly one address.", text=new)
        item = await self._store.run(lambda store: store.actions.fix_address(item_id, old, addresses[0].ascii_spec()))
        self._runner.changed(item)
        return item

    async def edit(self, item_id: str) -> Draft:
        """Take the letter out of the outbox and back as a draft (saved, owned, ``revises`` set).

        The draft is durable before the item is cancelled, so that a kill in between loses nothing. While it is out it
        cannot leave; ``put_back`` ends that, and so does sending the draft. One that was taken out before is opened
        where it was left.

        Raises:
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
            OutboxError: somebody has it open; the text says who.
        """
        draft, item = await self._revise.carry_through(self._revise.check_out(item_id, self._clock.now()))
        self._runner.changed(item)
        return draft

    async def put_back(self, draft: Draft) -> OutboxItem:
        """The editing came to nothing: the letter is in the outbox again as it was, and the draft is discarded.

        One whose time has come meanwhile is held by hand.

        Raises:
            OutboxError: the draft was not taken from the outbox, or a newer revision was queued.
            NoSuchItemError: the letter is not kept any more.
        """
        item = await self._revise.carry_through(self._revise.put_back(draft))
        self._runner.changed(item)
        return item

    async def cancel(self, item_id: str) -> Draft:
        """Take the letter out of the outbox; it is kept among the drafts as postponed."""
        draft, item = await self._revise.carry_through(self._revise.cancel(item_id, self._clock.now()))
        self._runner.changed(item)
        return draft

    # -- sending

    def wake(self) -> None:
        """Look for due letters now (network up, resume, "send now")."""
        self._runner.wake()

    async def send_one(self, item_id: str) -> OutboxItem:
        """Try one letter, if it is due and no other process is at it; all others are left alone (``tuimail send``)."""
        return await self._runner.started.run_one(item_id)

    async def run_once(self) -> Sequence[OutboxItem]:
        """Look in Sent for uncertain letters, then try everything that is due once; what was tried."""
        await self._sent.look()
        return await self._runner.started.run_once()

    def watchers(self) -> Sequence[Peer]:
        """Processes that go on sending without a screen, this one included."""
        from tuimail.coordination.change_notifier import PeerRole, neighbours

        return [each for each in neighbours(self._folder) if each.role is PeerRole.WATCH]
