"""Received mail for the app: engine.mail. Folders, indexes, messages, and what the user does to them.

Reading is done on one thread for all accounts, writing on one thread for each. Nothing here waits on the event loop.
"""

from __future__ import annotations

import asyncio
import sys
from operator import methodcaller
from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.account_threads import AccountThreads
from tuimail.engine.configured_source import MailSources
from tuimail.engine.mail_accounts import MailAccounts
from tuimail.engine.mail_command import MailCommand
from tuimail.engine.mail_journal import MailJournal
from tuimail.engine.mail_news import MailNews
from tuimail.engine.mail_search import MailSearch
from tuimail.engine.mail_threads import MailThreads
from tuimail.engine.mail_transfer import MailTransfer
from tuimail.engine.mailboxes import Mailboxes
from tuimail.engine.message_opener import MessageOpener
from tuimail.engine.reader_handle import ReaderHandle

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO

    from tuimail.config.model import Config
    from tuimail.engine.account_work import AccountWork
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import MessageIndex
    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.engine.message_change import ChosenMessage, MessageChange
    from tuimail.engine.received_mail import FolderInfo
    from tuimail.events import Announcer, Event
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths

T = TypeVar("T")

SWITCH_INTERVAL = 0.001
"""Seconds that a thread keeps the interpreter while the interface wants it: a key is answered within a frame."""
DEFAULT_HEIGHT = 50
"""Rows read at once when nobody says how many fit on the screen."""


class Mail:
    """The received mail of the accounts that have any."""

    def __init__(self, config: Config, paths: Paths, announcer: Announcer) -> None:
        self._paths = paths
        self._announcer = announcer
        self.news = MailNews(announcer)
        self.sources = MailSources(paths, self._announce)
        """Where the mail is; connections to servers are shared."""
        self.accounts = MailAccounts(config.accounts.values())
        """Those whose mail can be read."""
        self.sync = self._threads = AccountThreads(self.accounts, paths, self.sources, self.news)
        """What keeps it in step with its mailboxes."""
        self._reader = ReaderHandle("mail reader", self._open_reader, self._threads.suspect)
        self._opener = MessageOpener(
            self._reader, self.accounts, self.sources, self._threads.offline, self._threads.opened
        )
        self.search = MailSearch(self._open_reader, self._threads.suspect, self.news, self.offline)
        """Which messages match a pattern."""
        self.threads = MailThreads(self._reader, self._threads.writer)
        """What is done to threads."""
        self.journal = MailJournal(paths, self._reader, self._threads.writer)
        """What is still to be done, and what was refused."""
        self.transfer = MailTransfer(paths, self._reader, self._opener, self._threads.writer)  # to other accounts
        self.mailboxes = Mailboxes(self._threads)
        """Folders created, renamed, deleted and left."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, *, sync: bool = True) -> None:
        """Begin to sync the accounts; without ``sync`` only what is asked for is done."""
        self._loop = self.news.loop = asyncio.get_running_loop()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._reader.start()
        self.search.start()
        self._threads.start(sync=sync)

    def stop(self) -> None:
        """Finish what was begun and end the threads. Awaits nothing."""
        self._threads.stop()
        self.search.stop()
        self._reader.stop()

    # -- reading

    async def folders(self) -> Sequence[FolderInfo]:
        """The folders of all accounts, as far as they were read. Raises StorageError."""
        return await self._reader.run(lambda reader: reader.folders())

    def syncing(self, account: str = "") -> str:
        """What is being read for the first time, in words ("INBOX: 12,000"); empty when nothing is."""
        return self._threads.syncing(account)

    def offline(self, account: str = "") -> str:
        """Why the server of an account, or of one of all, cannot be reached now, in words; empty when all can be."""
        return str(self._threads.offline(account) or "")

    def is_read_only(self, account: str) -> bool:
        """The mail of this account is never changed: what would do so is refused with UsageError."""
        return any(each.is_read_only for each in self.accounts if each.name == account)

    async def index(
        self,
        request: IndexRequest,
        *,
        first: int = -DEFAULT_HEIGHT,
        height: int = DEFAULT_HEIGHT,
        wanted: Iterable[str] = (),
        seek: MessageRef | None = None,
        places: Sequence[Place] | None = None,
    ) -> MessageIndex | None:
        """An index with the rows near the cursor read, as ``MailReader.index``; None: nothing was read yet.

        ``places`` is what the request finds, where that is known; else it is searched for first.

        Raises:
            StorageError: the cache cannot be read.
            UsageError: there is no such folder, or the limit asks for what is not searched.
        """
        ids = list(wanted)
        if places is None and (request.limit or request.only is not None or request.search):
            places = await self.search.chosen(request)

        def made(reader: MailReader) -> MessageIndex | None:
            from tuimail.cache.database import NoCacheError

            try:
                return reader.index(request, first=first, height=height, wanted=ids, seek=seek, places=places)
            except NoCacheError:
                return None

        return await self._reader.run(made)

    async def read(self, index: MessageIndex, first: int, end: int) -> None:
        """Read rows of an index. Raises StorageError."""
        await self._reader.run(lambda reader: reader.read(index, first, end))

    async def query(self, ask: Callable[[MailReader], T]) -> T:
        """What ``ask`` returns, called with the reader on its thread. Raises what that raises."""
        return await self._reader.run(ask)

    async def open(self, ref: MessageRef) -> BinaryIO:
        """The message's bytes, to be read in a thread and closed; fetched first where they are only at a server.

        Raises:
            TuimailError: it is gone or unreadable, or the server cannot be reached.
        """
        return await self._opener.open(ref)

    # -- what the user does

    async def change(
        self, refs: Sequence[MessageRef], plan: Callable[[list[ChosenMessage]], list[MessageChange]]
    ) -> list[MailCommand]:
        """Plan a change of messages (``mail_actions.plan_...``) and store it durably; it is carried out afterwards.

        Returns:
            The commands in the journal, one for each account, to undo them.

        Raises:
            UsageError: it cannot be done to one of them, or its account is read only.
            StorageError: the journal cannot be written; nothing was changed.
        """
        planned = await self._reader.run(lambda reader: _planned(reader, refs, plan))
        from tuimail.engine.mail_actions import actions_of

        commands = []
        actions = actions_of(planned)
        for account in dict.fromkeys(each.account for each in actions):
            own = [each for each in actions if each.account == account]
            number = await self._on(account, methodcaller("change", own))
            commands.append(MailCommand(account, number))
        return commands

    async def change_once(self, account: str, cause: str, make: Callable[[ActionJournal], MailAction]) -> int:
        """Store what follows from something that the user did before (``ActionJournal.add_once``); as ``change``.

        Returns:
            The action's id; 0: it was stored before.
        """
        return await self._on(account, lambda work: work.change_once(cause, make))

    async def ask_journal(self, account: str, ask: Callable[[ActionJournal], T]) -> T:
        """What ``ask`` returns, called with the journal on the thread of the account. Raises what that raises."""
        return await self._on(account, lambda work: ask(work.journal))

    async def flag(self, refs: Sequence[MessageRef], *, add: int = 0, remove: int = 0) -> list[MailCommand]:
        """Set and take away flags (mail/flags); as ``change``."""
        from tuimail.engine.mail_actions import plan_flags

        return await self.change(refs, lambda chosen: plan_flags(chosen, add=add, remove=remove))

    async def move(self, refs: Sequence[MessageRef], folder: str) -> list[MailCommand]:
        """Move messages to a folder of their own account; as ``change``."""
        from tuimail.engine.mail_actions import plan_transfer
        from tuimail.journal.action import ActionKind

        return await self.change(refs, lambda chosen: plan_transfer(chosen, ActionKind.MOVE, folder))

    async def copy(self, refs: Sequence[MessageRef], folder: str) -> list[MailCommand]:
        """Copy messages to a folder of their own account; as ``change``."""
        from tuimail.engine.mail_actions import plan_transfer
        from tuimail.journal.action import ActionKind

        return await self.change(refs, lambda chosen: plan_transfer(chosen, ActionKind.COPY, folder))

    async def delete(self, refs: Sequence[MessageRef]) -> list[MailCommand]:
        """Move messages to the trash; those in it, or where there is none, are deleted for good; as ``change``."""
        from tuimail.engine.mail_actions import plan_deletion

        return await self.change(refs, plan_deletion)

    async def move_to_special(self, refs: Sequence[MessageRef], use: str) -> list[MailCommand]:
        """Move messages to the folder with a special use ("archive", "junk") of their own account; as ``change``."""
        from tuimail.engine.mail_actions import plan_special

        return await self.change(refs, lambda chosen: plan_special(chosen, use))

    async def mark_all_read(self, request: IndexRequest) -> tuple[int, list[MailCommand]]:
        """Mark every unread message of a folder read; how many there were. As ``change``."""
        from tuimail.engine import index_search
        from tuimail.mail.flags import SEEN

        refs = await self._reader.run(lambda reader: index_search.unread(reader, request))
        return len(refs), await self.flag(refs, add=SEEN)

    async def mark_deleted(self, refs: Sequence[MessageRef], *, marked: bool = True) -> int:
        """Mark messages to be deleted, or take that back; durable when it returns. How many were not so before.

        Raises:
            UsageError: their account is read only, or a folder forbids it.
            StorageError: the journal cannot be written.
        """
        if marked:
            await self._reader.run(lambda reader: _check_marks(reader, refs))
        changed = 0
        for account in dict.fromkeys(each.account for each in refs):
            places = [(each.folder, each.key) for each in refs if each.account == account]
            changed += await self._on(account, lambda work, places=places: work.mark(places, marked=marked))  # type: ignore[misc]
        return changed

    async def undo(self, commands: Iterable[MailCommand]) -> list[MessageRef]:
        """Undo commands; where their messages are afterwards, as far as that is known.

        Raises:
            IllegalTransitionError: one cannot be undone; nothing of it was changed.
            StorageError: the journal cannot be written.
        """
        from tuimail.engine.mail_actions import places_now

        places: list[MessageRef] = []
        for command in commands:
            made = await self._on(command.account, methodcaller("undo", command.number))
            places += places_now(await self.transfer.followed(command, made))
        return places

    async def look(self) -> None:
        """Look for new mail now; returns when that is done."""
        await self._threads.look()

    async def replay(self) -> None:
        """Carry out what waits in the journal; returns when that was tried."""
        await self._threads.replay()

    async def write(self, account: str, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run ``work`` in a transaction of the account's cache, which is not announced. Raises StorageError."""
        await asyncio.wrap_future(self._threads.writer(account).write(work))

    async def _on(self, account: str, work: Callable[[AccountWork], T]) -> T:
        """What ``work`` returns, called on the thread of an account."""
        return await asyncio.wrap_future(self._threads.writer(account).run(work))

    def _open_reader(self) -> MailReader:
        from tuimail.engine.mail_reader import MailReader

        return MailReader(self.accounts, self._paths, self.sources, self.search.hits)

    def _announce(self, event: Event) -> None:
        """Called from the threads of connections."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._announcer.announce, event)


def _planned(
    reader: MailReader, refs: Iterable[MessageRef], plan: Callable[[list[ChosenMessage]], list[MessageChange]]
) -> list[MessageChange]:
    from tuimail.engine.mail_actions import check_allowed, choose

    chosen = choose(reader.mail, refs, writable=True)
    planned = plan(chosen)
    check_allowed(chosen, planned)
    return planned


def _check_marks(reader: MailReader, refs: Iterable[MessageRef]) -> None:
    """Raise UsageError if a folder forbids what the marks stand for."""
    from tuimail.engine.folder_rights import check_change
    from tuimail.journal.action import ActionKind

    for account, folder in {(each.account, each.folder) for each in refs}:
        check_change(reader.mail(account).mailbox(folder), ActionKind.DELETE)
