r"""Messages in \Drafts that are drafts here or letters in the outbox: put there, found, deleted by the journal."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.config.model import SpecialUse
from tuimail.engine.mail_command import MailCommand
from tuimail.errors import ConfigError, IllegalTransitionError, MessageError, NoSuchItemError, OutboxError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from tuimail.clock import Clock
    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.mail import Mail
    from tuimail.engine.mail_reader import MailReader
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.draft_copy import DraftCopy
    from tuimail.mail.message_ref import MessageRef
    from tuimail.outbox.store.store import Store


NEW_FOLDER = "Drafts"
"""The folder for drafts that is made where a server has none."""


class DraftCopies:
    """The copies of postponed drafts. One that another program has changed is neither replaced nor deleted."""

    def __init__(
        self,
        drafts: StoreHandle[DraftStore],
        outbox: StoreHandle[Store],
        accounts: ConfiguredAccounts,
        mail: Mail,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._outbox = outbox
        self._accounts = accounts
        self._mail = mail
        self._clock = clock

    async def put(self, draft: Draft) -> Draft:
        r"""Have ``draft`` put into \Drafts in place of its older copy; it is in the journal when this returns.

        Returns:
            The draft, stored, that knows its copy; the same one if its account has no such folder, and gets none.

        Raises:
            TuimailError: it cannot be written as a message, or the disk refuses; the older copy stays.
        """
        from tuimail.compose.draft_letter import draft_letter
        from tuimail.engine.draft_copy_actions import append
        from tuimail.mail.draft_copy import DraftCopy

        copy = await self._known(draft)
        place = await self._place(draft, copy)
        if place is None:
            return draft
        account, folder, use = place
        _, identity = self._accounts.bound(draft)
        now = self._clock.now()
        letter = await asyncio.to_thread(draft_letter, draft, identity, now=now)
        older = copy if copy is not None and (copy.account, copy.folder) == (account, folder) else None

        def make(journal: ActionJournal) -> MailAction:
            return append(journal, account, folder, letter, older, use)

        number = await self._mail.change_once(account, f"draft {draft.id}: {letter.message_id}", make)
        known = replace(draft, draft_copy=DraftCopy(account, folder, "", number))
        await self._drafts.run(lambda drafts: drafts.save(known))
        return known

    async def drop(self, copy: DraftCopy, *, cause: str = "") -> None:
        """Have our copy deleted, for its draft or letter was dropped; once for each ``cause``. Raises StorageError."""
        account = self._accounts.get(copy.account)
        if copy.is_ours and account is not None and account.has_mail and not account.is_read_only:
            from tuimail.engine.draft_copy_actions import deletion, removal

            if await self._mail.ask_journal(copy.account, partial(removal, copy)) is None:
                await self._mail.change_once(copy.account, cause or f"dropped {copy}", partial(deletion, copy))

    async def keep(self, copy: DraftCopy) -> None:
        """Take ``drop`` back if nothing was done of it yet; else the copy is gone. Raises StorageError."""
        if not self._is_there(copy):
            return
        from tuimail.engine.draft_copy_actions import removal

        action = await self._mail.ask_journal(copy.account, partial(removal, copy))
        if action is not None:
            with contextlib.suppress(IllegalTransitionError):
                await self._mail.undo([MailCommand(copy.account, action.batch)])

    async def checked(self, draft: Draft) -> tuple[Draft, str]:
        """The draft with what is known of its copy, and a sentence for the user if another program has changed that.

        The draft forgets such a copy then: nothing that another program wrote is replaced.
        """
        if not self._is_there(draft.draft_copy):
            return draft, ""
        found = await self._known(draft)
        if found is None:
            known, words = replace(draft, draft_copy=None), ""
        elif found.ref is None or not await self._is_gone(found.ref):
            known, words = replace(draft, draft_copy=found), ""
        else:
            place = safe_line(f"{found.account}/{found.folder}")
            words = (
                f"The copy in {place} was changed or deleted elsewhere. Both are kept: this is the one written here."
            )
            known = replace(draft, draft_copy=None)
        if known != draft:
            await self._drafts.run(lambda drafts: drafts.save(known))
        return known, words

    async def begun(self, ref: MessageRef) -> Draft | None:
        """The draft here whose copy the message is, now owned by this process; None: there is none.

        Raises:
            OutboxError: it is open in another tuimail, or in the outbox.
        """
        items = await self._outbox.run(lambda outbox: outbox.queries.items())
        for item in items:
            if item.state is not ItemState.CANCELLED and await self._is_copy(item.draft_copy, ref):
                raise OutboxError("This draft is in the outbox already.", hint="Edit it there.")
        stored = await self._drafts.run(lambda drafts: drafts.drafts())
        found = [each for each in stored if await self._is_copy(each.draft_copy, ref)]
        return await self._drafts.run(lambda drafts: _owned(drafts, found[0])) if found else None

    async def answered(self, draft: Draft, account: str) -> Draft:
        """The draft that knows which message of the account it answers, if it names one that is there (In-Reply-To).

        So that message gets its flag as well when another program began the draft.
        """
        if draft.answers is not None or not draft.in_reply_to:
            return draft
        ref = await self._mail.query(lambda reader: _answered(reader, account, draft.in_reply_to))
        if ref is None:
            return draft
        from tuimail.mail.answered_message import AnsweredMessage, AnswerKind

        known = replace(draft, answers=AnsweredMessage(ref, AnswerKind.REPLIED))
        await self._drafts.run(lambda drafts: drafts.save(known))
        return known

    async def is_here(self, draft_id: str) -> bool:
        """There is a draft of this id."""

        def look(drafts: DraftStore) -> bool:
            return any(each.id == draft_id for each in drafts.drafts())

        return bool(draft_id) and await self._drafts.run(look)

    async def _is_copy(self, copy: DraftCopy | None, ref: MessageRef) -> bool:
        if copy is None or copy.account != ref.account or (copy.key and copy.folder != ref.folder):
            return False
        from tuimail.engine.draft_copy_actions import resolved

        found = await self._mail.ask_journal(ref.account, partial(resolved, copy))
        return found is not None and found.ref == ref

    def _is_there(self, copy: DraftCopy | None) -> bool:
        """Its account is, and has mail."""
        account = None if copy is None else self._accounts.get(copy.account)
        return account is not None and account.has_mail

    async def _known(self, draft: Draft) -> DraftCopy | None:
        """What is known by now of the draft's copy; None: it has none that anybody knows of."""
        copy = draft.draft_copy
        if copy is None or not self._is_there(copy):
            return None
        from tuimail.engine.draft_copy_actions import current

        return await self._mail.ask_journal(copy.account, partial(current, copy))

    async def _place(self, draft: Draft, copy: DraftCopy | None) -> tuple[str, str, str] | None:
        """Account and folder: where its copy is, else the folder for drafts of its account; None: there is none.

        And the special use of a folder that is to be made if there is none; else nothing.
        """
        try:
            account, _ = self._accounts.bound(draft)
        except (ConfigError, MessageError):
            return None  # it is told when the letter is sent
        folders = await self._mail.folders()
        if copy is not None and (copy.account, copy.folder) in {(each.account, each.name) for each in folders}:
            account = self._accounts.account(copy.account)
            return None if account.is_read_only else (copy.account, copy.folder, "")
        if not account.has_mail or account.is_read_only:
            return None
        from tuimail.mailboxes.mailbox_names import encode_name

        use = SpecialUse.DRAFTS
        own = next((each.name for each in folders if each.account == account.name and each.special_use == use), "")
        wanted = account.folders.get(use, own)
        if account.imap is None or (own and wanted in (own, encode_name(own))):
            return (account.name, own, "") if own else None
        from tuimail.engine.draft_copy_actions import is_refused

        if await self._mail.ask_journal(account.name, partial(is_refused, account.name)):
            return None
        return account.name, wanted or NEW_FOLDER, use.value

    async def _is_gone(self, ref: MessageRef) -> bool:
        """The mailbox was looked at since the copy came, and does not have it any more."""
        account = self._accounts.account(ref.account)
        if account.imap is not None:
            return await self._mail.query(lambda reader: _has_vanished(reader, ref))
        from tuimail.mailboxes.maildir_folder import MessageGoneError

        try:
            (await self._mail.open(ref)).close()
        except (MessageGoneError, NoSuchItemError):
            return True
        return False


def _has_vanished(reader: MailReader, ref: MessageRef) -> bool:
    mail = reader.mail(ref.account)
    try:
        mail.message(ref)
    except NoSuchItemError:
        validity, _, uid = ref.key.partition(".")
        with mail.cache.reading() as db:
            row = db.execute("SELECT validity, uidnext FROM mailbox WHERE name = ?", (ref.folder,)).fetchone()
        return row is not None and (str(row[0]) != validity or int(uid) < row[1])
    return False


def _answered(reader: MailReader, account: str, message_id: str) -> MessageRef | None:
    from tuimail.cache.database import NoCacheError
    from tuimail.cache.lookup import answerable
    from tuimail.mail.message_ref import MessageRef

    try:
        mail = reader.mail(account)
    except NoCacheError:
        return None  # nothing of the account was read yet
    with mail.cache.reading() as db:
        found = answerable(db, message_id)
    return None if found is None else MessageRef(account, *found)


def _owned(drafts: DraftStore, draft: Draft) -> Draft:
    if not drafts.acquire(draft.id):
        raise OutboxError(f"This draft is open {drafts.holder(draft.id)}.", hint="Close it there first.")
    return draft
