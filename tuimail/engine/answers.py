"""Answering received messages: drafts that reply, forward or begin anew with one, and resending it as it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from tuimail.clock import Clock
    from tuimail.compose.answer import OriginalMessage, PreparedDraft
    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.config.model import Config
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.draft_copies import DraftCopies
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.mail.message_ref import MessageRef
    from tuimail.mail.reply_recipients import ReplyKind
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.enqueue import Incoming
    from tuimail.outbox.store.store import Store

BOTH_KEPT = (
    "This draft was changed here and elsewhere. Both are kept: this is the other one, yours is among the drafts."
)


class Answers:
    """Makes drafts of received messages. The messages are read and parsed on threads of their own."""

    def __init__(
        self,
        accounts: ConfiguredAccounts,
        drafts: StoreHandle[DraftStore],
        outbox: StoreHandle[Store],
        runner: RunnerHandle,
        clock: Clock,
        read: Callable[[MessageRef], bytes],
        copies: DraftCopies,
    ) -> None:
        """``read`` gives the bytes of a message; called on a thread, it may raise any TuimailError."""
        self._accounts = accounts
        self._drafts = drafts
        self._outbox = outbox
        self._runner = runner
        self._clock = clock
        self._read = read
        self._copies = copies

    @property
    def _config(self) -> Config:
        return self._accounts.config

    async def answer(
        self, ref: MessageRef, kind: ReplyKind, *, selection: str = "", lists: Set[str] = frozenset()
    ) -> PreparedDraft:
        """A draft that replies; not saved yet. Of the text only ``selection`` is quoted if something is selected.

        ``lists`` are known mailing lists (mail/reply_recipients).

        Raises:
            TuimailError: the message cannot be read.
            ConfigError: there is no account.
        """
        from tuimail.compose.answer import reply

        def make() -> PreparedDraft:
            now = self._clock.now()
            return reply(self._original(ref), kind, self._config, selection=selection, lists=lists, now=now)

        return await asyncio.to_thread(make)

    async def forward(self, ref: MessageRef, *, attached: bool = False) -> Draft:
        """A draft that forwards the message: within the text, with its files, or ``attached`` byte for byte.

        The draft is saved and owned by this process, because its files lie with it: close or discard it.

        Raises:
            TuimailError: the message cannot be read.
            ConfigError: there is no account.
            StorageError: the disk refuses the files; nothing is left of them.
        """
        from tuimail.compose.forward import forward

        original = await asyncio.to_thread(self._original, ref)
        now = self._clock.now()
        return await self._with_files(
            lambda drafts, name: forward(
                original, self._config, drafts.folder(name), attached=attached, draft_id=name, now=now
            )
        )

    async def edit_as_new(self, ref: MessageRef) -> Draft:
        """A new draft of what the message says, to the same people. Saved and owned, errors as of ``forward``."""
        from tuimail.compose.forward import edit_as_new

        original = await asyncio.to_thread(self._original, ref)
        now = self._clock.now()
        return await self._with_files(
            lambda drafts, name: edit_as_new(original, self._config, drafts.folder(name), draft_id=name, now=now)
        )

    async def continue_draft(self, ref: MessageRef) -> PreparedDraft:
        r"""The draft that a message in \Drafts is, with its files; one that was begun here is opened where it was left.

        Saved and owned, errors as of ``forward``. Sent, the message is deleted once the letter was accepted, and the
        one that it answers, as its In-Reply-To says, gets its flag.

        Raises:
            OutboxError: it is open in another tuimail, or in the outbox already.
        """
        from tuimail.compose.answer import PreparedDraft
        from tuimail.compose.draft_letter import DRAFT_ID
        from tuimail.compose.forward import continue_draft

        begun = await self._copies.begun(ref)
        if begun is not None:
            return PreparedDraft(begun)
        original = await asyncio.to_thread(self._original, ref)
        now = self._clock.now()
        draft = await self._with_files(
            lambda drafts, name: continue_draft(original, self._config, drafts.folder(name), draft_id=name, now=now)
        )
        draft = await self._copies.answered(draft, ref.account)
        own_id = original.root.header.value(DRAFT_ID.lower()).decode("ascii", "replace").strip()
        both = await self._copies.is_here(own_id)
        return PreparedDraft(draft, BOTH_KEPT if both else "")

    async def bounce(
        self, ref: MessageRef, to: str, *, not_before: float | None = None, again: bool = False
    ) -> OutboxItem:
        """Resend the message as it is to the addresses ``to``: it is in the outbox when this returns.

        ``not_before`` defaults to the end of the undo window.

        Raises:
            TuimailError: the message cannot be read.
            MessageError: an address is not valid, or the message cannot be sent as it is.
            ConfigError: there is no account.
            DuplicateLetterError: it was resent to them before (unless ``again``).
            StorageError: the disk refused.
        """
        letter = await asyncio.to_thread(self._resent, ref, to, not_before, again=again)
        item = await asyncio.shield(self._outbox.run(lambda outbox: outbox.enqueue(letter)))
        self._runner.changed(item)
        return item

    def _original(self, ref: MessageRef) -> OriginalMessage:
        from tuimail.compose.answer import OriginalMessage
        from tuimail.mail.mime_tree import read_tree

        return OriginalMessage(ref, read_tree(self._read(ref)))

    def _resent(self, ref: MessageRef, to: str, not_before: float | None, *, again: bool) -> Incoming:
        from tuimail.compose.answer import sender_for
        from tuimail.compose.draft import new_draft_id
        from tuimail.compose.resend import resend
        from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
        from tuimail.outbox.store.enqueue import Incoming

        original = self._original(ref)
        account, identity = sender_for(original, self._config)
        now = self._clock.now()
        undo = self._config.outbox.undo_seconds
        if not_before is None and undo > 0:
            not_before = now + undo
        return Incoming(
            resend(original.root.raw, to, identity, account.name, now=now),
            composing=new_draft_id(),
            not_before=not_before,
            again=again,
            answers=AnsweredMessage(ref, AnswerKind.FORWARDED),
        )

    async def _with_files(self, make: Callable[[DraftStore, str], Draft]) -> Draft:
        """A draft whose files are in its folder; saved and owned, or nothing is left of it."""
        from tuimail.compose.draft import new_draft_id

        draft_id = new_draft_id()

        def kept(drafts: DraftStore) -> Draft:
            drafts.acquire(draft_id)
            try:
                draft = make(drafts, draft_id)
                drafts.save(draft)
            except BaseException:
                drafts.discard(draft_id)
                raise
            return draft

        return await self._drafts.run(kept)
