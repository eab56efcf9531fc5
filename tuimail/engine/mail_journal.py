"""What is still to be done to received mail, and what was refused: engine.mail.journal. The user decides about it.

The journal is read on a thread of asyncio's; what is decided is carried out by the threads of the accounts.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tuimail.config.model import SpecialUse
from tuimail.errors import StorageError, UsageError
from tuimail.journal.tally import JournalTally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tuimail.engine.account_work import AccountWork
    from tuimail.engine.mail_account import MailAccount
    from tuimail.engine.mail_reader import MailReader
    from tuimail.engine.reader_handle import ReaderHandle
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.paths import Paths

T = TypeVar("T")

MOST_NAMED = 500
"""Actions whose subjects are looked up; so many are on no screen."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An action, and what its first message is called."""

    action: MailAction
    subject: str = ""
    """Of its first message, not safe to show; empty: it is not known."""
    to_trash: bool = False
    """It moves messages to the trash."""

    @property
    def can_be_deleted(self) -> bool:
        """The trash refused its messages: they can be deleted for good instead."""
        from tuimail.journal.decisions import can_be_deleted

        return self.to_trash and can_be_deleted(self.action)


class MailJournal:
    """The actions of all accounts."""

    def __init__(self, paths: Paths, reader: ReaderHandle, writer: Callable[[str], MailAccount]) -> None:
        self._paths = paths
        self._reader = reader
        self._writer = writer
        self._tallies: Mapping[str, JournalTally] = {}

    async def entries(self) -> list[JournalEntry]:
        """What is undecided, the refused ones first, and what was dropped in the last week.

        Raises:
            StorageError: the journal cannot be read.
        """
        from tuimail.journal.decisions import UserDecisions

        actions = await self._ask(lambda journal: UserDecisions(journal).listed()) or []
        if not actions:
            return []

        def described(reader: MailReader) -> list[JournalEntry]:
            subjects, trashes = _subjects(reader, actions), _trashes(reader, {each.account for each in actions})
            return [
                JournalEntry(each, subjects.get(each.id, ""), (each.account, each.target) in trashes)
                for each in actions
            ]

        return await self._reader.run(described)

    async def count(self) -> JournalTally:
        """How much is undecided now; where the journal cannot be read, as before."""
        from tuimail.journal.decisions import UserDecisions

        try:
            self._tallies = await self._ask(lambda journal: UserDecisions(journal).tallies()) or {}
        except StorageError as error:
            log.warning("the journal is not counted: %s", error)
        return self.counted()

    def counted(self, account: str = "") -> JournalTally:
        """How much of an account, or of all, was undecided when that was counted last."""
        found = [each for name, each in self._tallies.items() if account in ("", name)]
        return JournalTally(sum(each.waiting for each in found), sum(each.refused for each in found))

    async def retry(self, action: MailAction) -> MailAction:
        """Have an action carried out again, at once where its mailbox can be reached; as it is before that.

        Raises:
            UsageError: its account is not configured any more.
            NoSuchItemError: it is forgotten.
            IllegalTransitionError: it is decided.
            StorageError: the journal cannot be written.
        """
        return await self._again(action, lambda work: work.decisions.retry(action.id))

    async def redirect(self, action: MailAction, folder: str) -> MailAction:
        """Have a refused action carried out with another folder of its account.

        Raises:
            NoSuchItemError, StorageError: as ``retry``.
            UsageError: nothing may be put into that folder, or there is none.
            IllegalTransitionError: it is not refused, puts nothing anywhere, or a part of it is done.
        """

        def checked(reader: MailReader) -> str:
            from tuimail.engine.folder_rights import check_target

            mailbox = reader.mail(action.account).mailbox(folder)
            check_target(mailbox)
            return mailbox.name

        name = await self._reader.run(checked)
        return await self._again(action, lambda work: work.decisions.redirect(action.id, name))

    async def delete_instead(self, entry: JournalEntry) -> MailAction:
        """Have the messages deleted for good that the trash refused.

        Raises:
            NoSuchItemError, IllegalTransitionError, StorageError: as ``redirect``.
            UsageError: they were to be moved to another folder than the trash, or were not refused.
        """
        if not entry.can_be_deleted:
            raise UsageError("Only messages that the trash refused can be deleted here.")
        return await self._again(entry.action, lambda work: work.decisions.delete_instead(entry.action.id))

    async def _again(self, action: MailAction, decide: Callable[[AccountWork], MailAction]) -> MailAction:
        thread = self._writer(action.account)
        retried = await asyncio.wrap_future(thread.run(decide))
        if thread.server.offline is not None:
            thread.look()  # who asks for it wants to know whether the server can be reached again
        return retried

    async def drop(self, action: MailAction) -> MailAction:
        """Never carry out an action; what it was, for ``restore``.

        Raises:
            NoSuchItemError: it is forgotten.
            IllegalTransitionError: it is decided.
            LeaseLostError: it is under way.
            StorageError: the journal cannot be written.
        """
        try:
            thread = self._writer(action.account)
        except UsageError:  # nobody will ever carry it out
            return await self._drop_left_over(action)
        return await asyncio.wrap_future(thread.run(lambda work: work.decisions.drop(action.id)))

    async def restore(self, before: MailAction) -> None:
        """Take back that an action was dropped; it waits again, or is refused.

        Raises:
            UsageError: its account is not configured any more.
            NoSuchItemError: it is forgotten.
            IllegalTransitionError: it is not dropped.
            StorageError: the journal cannot be written.
        """
        thread = self._writer(before.account)
        await asyncio.wrap_future(thread.run(lambda work: work.decisions.restore(before)))

    async def _drop_left_over(self, action: MailAction) -> MailAction:
        from tuimail.engine.decision_work import drop

        def dropped(journal: ActionJournal) -> MailAction:
            before = journal.get(action.id)
            drop(None, self._paths, journal, action.id)
            return before

        return await self._ask(dropped) or action

    async def _ask(self, ask: Callable[[ActionJournal], T]) -> T | None:
        """None: there is no journal yet."""

        def asked() -> T | None:
            from tuimail.journal.store import ActionJournal

            if not self._paths.journal.exists():
                return None
            with closing(ActionJournal(self._paths.journal)) as journal:
                return ask(journal)

        return await asyncio.to_thread(asked)


def _subjects(reader: MailReader, actions: Sequence[MailAction]) -> dict[int, str]:
    """Subjects of the first messages by the ids of the actions, as far as the caches have them."""
    from tuimail.cache.lookup import subject_of

    found = {}
    for each in actions[:MOST_NAMED]:
        first = next(iter(each.messages), None)
        if first is None or not reader.has(each.account):
            continue
        try:
            with reader.mail(each.account).cache.reading() as db:
                found[each.id] = subject_of(db, each.folder, first.key, first.message_id)
        except StorageError:  # nothing was read yet, or it cannot be
            continue
    return found


def _trashes(reader: MailReader, accounts: Iterable[str]) -> set[tuple[str, str]]:
    """Account and name of the folders for deleted messages, as far as they are known."""
    found = set()
    for account in accounts:
        if reader.has(account):
            with suppress(StorageError):
                boxes = reader.mail(account).mailboxes.values()
                found |= {(account, each.name) for each in boxes if each.special == SpecialUse.TRASH}
    return found
