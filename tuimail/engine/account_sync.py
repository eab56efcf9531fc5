"""One account brought into step without a screen: what waits is carried out, folders are synced, messages fetched."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tuimail.cache.database import ReadableCache
from tuimail.cache.folders import all_mailboxes
from tuimail.coordination.request_socket import NobodyListensError, SilentError
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.engine.account_cache import AccountCache
from tuimail.engine.account_requests import ask_to_sync
from tuimail.engine.mail_actions import replay_ready
from tuimail.engine.thread_work import ThreadWork
from tuimail.engine.unsent_sources import unsent_sources
from tuimail.errors import EX_TEMPFAIL, TuimailError
from tuimail.journal.action import UNDECIDED
from tuimail.journal.store import ActionJournal
from tuimail.sync.fulltext_sync import FulltextSync

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_source import MailSource
    from tuimail.journal.action import MailAction
    from tuimail.paths import Paths

BRIEF = 1.0
"""Seconds to wait for another process that syncs the account: most commands have ended by then."""
PATIENCE = 10.0
"""Seconds to wait for it while it has something to carry out."""
PAUSE = 0.1
"""Seconds between two looks at what it does."""

DONE_BY_OTHER = "another tuimail keeps this account in step; the server is not asked twice."


class AccountHeldError(TuimailError):
    """Another process has the account, and does not reach its mailbox or has not finished: nothing was synced."""

    exit_code = EX_TEMPFAIL

    def __init__(self, process: int, *, silent: bool = False) -> None:
        """``process`` is its number; 0: not known. ``silent``: it does not answer."""
        who = f"Another tuimail (process {process})" if process else "Another tuimail"
        state = "does not answer" if silent else "is offline or not finished"
        super().__init__(
            f"{who} keeps this account, and {state}: nothing was synced.",
            hint="Try again later, or end it.",
        )


class SyncProgress(Protocol):
    """What is told of a sync while it runs."""

    def read(self, folder: str, messages: int) -> None:
        """So many new messages of a folder were listed."""
        ...

    def fetched(self, messages: int) -> None:
        """So many messages were fetched."""
        ...

    def say(self, sentence: str) -> None:
        """Something else, in words."""
        ...


@dataclass
class SyncReport:
    """What a sync did to one account."""

    account: str
    folders: int = 0
    """That there are."""
    new: int = 0
    changed: int = 0
    """Messages with other flags."""
    gone: int = 0
    fetched: int = 0
    """Messages that are on this machine now and were not before."""
    waiting: int = 0
    """Actions of the user that are not carried out yet."""
    elsewhere: bool = False
    """Another process syncs the account, and its last look succeeded: nothing was asked."""
    error: TuimailError | None = field(default=None, compare=False)
    """Why it ended before it was done."""


class AccountSync:
    """One account, once."""

    def __init__(self, account: Account, paths: Paths, sources: MailSources, progress: SyncProgress) -> None:
        self._account = account
        self._paths = paths
        self._source: MailSource = sources.of(account)
        self._progress = progress
        self._report = SyncReport(account.name)
        self._cache = AccountCache(account, self._source, paths, progress.say)

    def run(self) -> SyncReport:
        """Do it all; what goes wrong is in the report. Blocks."""
        report = self._report
        try:
            with closing(ActionJournal(self._paths.journal)) as journal, closing(self._cache):
                try:
                    self._run(journal)
                finally:
                    report.waiting = len(self._waiting(journal))
                    report.folders = self._count_folders()
        except TuimailError as error:
            report.error = error
        return report

    def _run(self, journal: ActionJournal) -> None:
        threads = ThreadWork(self._account.name, lambda: journal, self._cache.show)
        self._cache.was_opened = threads.reopened
        if not self._become_writer(journal):
            self._report.elsewhere = True
            return
        self._replay(journal)
        for last in (False, True):
            try:
                self._cache.open()
                threads.follow()  # before messages are stored that it is about
                self._sync(journal)
                if not self._account.is_read_only:
                    threads.read_muted(self._cache)
                if journal.next_ready(self._account.name) is not None:  # that, and what was recognised only now
                    self._replay(journal)
                    self._cache.lay_over(journal, changed=True)
                self._keep()
            except DamagedDatabaseError:
                if last:
                    raise
            else:
                return

    def _become_writer(self, journal: ActionJournal) -> bool:
        """Whether this process writes the cache; else the other one is waited for while it has something to do.

        Raises:
            AccountHeldError: the other one is not in step with the mailbox itself.
        """
        begun = time.monotonic()
        while not self._cache.open():
            if time.monotonic() - begun >= BRIEF and self._is_done_by_other():
                return False
            if time.monotonic() - begun >= (PATIENCE if self._waiting(journal) else BRIEF):
                holder = self._cache.writer()
                if not holder.in_step:
                    raise AccountHeldError(holder.process)
                self._progress.say(DONE_BY_OTHER)
                return False
            time.sleep(PAUSE)
        return True

    def _is_done_by_other(self) -> bool:
        """Whether the other process has looked at the mailbox now, because it was asked; False: it takes no requests.

        Raises:
            AccountHeldError: it cannot reach the mailbox, or does not answer.
        """
        try:
            if ask_to_sync(self._account, self._paths):
                self._progress.say(DONE_BY_OTHER)
                return True
        except NobodyListensError:
            return False
        except SilentError:
            raise AccountHeldError(self._cache.writer().process, silent=True) from None
        raise AccountHeldError(self._cache.writer().process)

    def _replay(self, journal: ActionJournal) -> None:
        if journal.next_ready(self._account.name) is None:
            return
        ended = replay_ready(self._account, self._source, self._paths, journal)
        self._cache.show_ended(ended)
        for each in ended:
            if each.words:
                self._progress.say(each.words)

    def _sync(self, journal: ActionJournal) -> None:
        try:
            for change in self._cache.sync(progress=self._progress.read):
                self._report.new += change.new
                self._report.changed += change.changed
                self._report.gone += change.gone
        finally:  # part of it may be stored
            self._cache.lay_over(journal, changed=True)

    def _keep(self) -> None:
        """Fetch what is to be kept, then index the texts of what is here."""
        with closing(ReadableCache(self._cache.folder)) as reader:
            bodies = self._source.bodies(reader, self._cache.write)
            if bodies is not None:
                bodies.look(unsent_sources(self._paths, self._account.name))
            try:
                while bodies is not None and bodies.step() is not None:
                    self._report.fetched = bodies.fetched
                    self._progress.fetched(bodies.fetched)
            finally:
                texts = FulltextSync(
                    reader, self._cache.write, self._source.texts(reader), only_kept=self._account.is_on_server
                )
                with closing(texts):
                    texts.fill()

    def _waiting(self, journal: ActionJournal) -> list[MailAction]:
        return journal.actions(UNDECIDED, account=self._account.name)

    def _count_folders(self) -> int:
        try:
            with closing(ReadableCache(self._cache.folder)) as reader, reader.reading() as db:
                return len(all_mailboxes(db))
        except TuimailError:
            return 0  # nothing of it was read yet
