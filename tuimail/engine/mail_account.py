"""The received mail of one account while the program runs: synced, changed and undone, on a thread of its own.

The thread writes the account's cache if no other process does, and carries out the journal's actions. What the user
does is durable in the journal, and shown by the cache, before it is told to be done; the mailbox follows.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.account_jobs import AccountJobs, begun_future
from tuimail.engine.look_schedule import LookSchedule
from tuimail.engine.server_state import ServerState
from tuimail.engine.store_handle import not_started
from tuimail.engine.work_problems import WorkProblems
from tuimail.errors import TuimailError
from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from concurrent.futures import Future

    from tuimail.cache.database import DamagedCacheError
    from tuimail.config.model import Account
    from tuimail.engine.account_jobs import AccountJob
    from tuimail.engine.account_work import AccountWork
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_news import MailNews
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths

T = TypeVar("T")

log = logging.getLogger(__name__)

START_PAUSE = 0.3
"""Seconds after the start until the mailbox is looked at."""
PAUSE = 2.0
"""Seconds until the next look after one that went wrong."""


class MailAccount:
    """The thread of one account. Its public methods may be called from any thread; the work is done on its own."""

    def __init__(
        self,
        account: Account,
        paths: Paths,
        sources: MailSources,
        changed: Callable[[str], None],
        news: MailNews,
        *,
        sync: bool,
    ) -> None:
        """Make the thread, not started. What it calls is called on it.

        Args:
            account: whose mail.
            paths: where cache and journal are.
            sources: where its mail is.
            changed: called with the account's name when the cache has changed.
            news: passes on what the user is to be told.
            sync: the mailbox is looked at; else only what somebody asks for is done.
        """
        self.account = account
        self.syncing = ""
        """What is being read for the first time, in words; empty when nothing is."""
        self.server = ServerState(account.name, news.told, self.announce, news.server_back)
        """Whether its server can be reached."""
        self._paths = paths
        self._sources = sources
        self._changed = changed
        self.tell = news.told
        """Say a sentence to the user."""
        self.arrived = news.arrived
        """There is new mail that the user is to be told of."""
        self.reports_wait = partial(news.reports_wait, account.name)
        """There are messages that may be delivery reports."""
        self.opened: Callable[[MessageRef], None] = lambda _ref: None  # told of what was fetched for another process
        self.wake: Callable[[str], None] = lambda _account: None  # told of another account that is to look again
        self._jobs = AccountJobs()
        self._lookers: list[Future[None]] = []
        """Told when the mailbox was looked at."""
        self.problems = WorkProblems(self.announce)
        """What went wrong but for the server: ``sync`` is the last look, ``journal`` what the user did."""
        self._replay_later = False
        """What the user did while the thread waited for the server is to be carried out."""
        self._waits = False
        """The thread waits for the server."""
        self._schedule = LookSchedule(active=sync)
        self._thread = threading.Thread(target=self._run, name=f"mail of {account.name}", daemon=False)

    def start(self) -> None:
        """Begin to sync."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job that runs and end the thread; waits for it."""
        with self._jobs.wake:
            self._jobs.stopped = True
            self._jobs.wake.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> Future[None]:
        """Look at the mailbox now; done when that is done."""
        future: Future[None] = begun_future()
        with self._jobs.wake:
            if self._jobs.stopped:
                raise not_started()
            self._lookers.append(future)
            self._jobs.wake.notify()
        return future

    def replay(self) -> Future[bool]:
        """Carry out what waits in the journal; done when that was tried."""
        return self._jobs.submit(self.carry_out, quiet=True, asks_server=True)

    def run(self, work: Callable[[AccountWork], T]) -> Future[T]:
        """What ``work`` returns, called on the thread; done when what it does is durable and shown."""
        return self._jobs.submit(lambda: work(self._work))

    @property
    def owns_cache(self) -> bool:
        """This process writes the account's cache."""
        return "_work" in self.__dict__ and self._work.cache.is_open

    def write(self, work: Callable[[sqlite3.Connection], None]) -> Future[None]:
        """Run ``work`` in a transaction of the cache, which is not announced. Fails with StorageError."""
        return self._jobs.submit(lambda: self._work.cache.write(work), quiet=True)

    def suspect(self, error: DamagedCacheError) -> None:
        """A reader found the cache damaged: it is begun anew if it is."""
        self._jobs.submit(lambda: self._work.cache.suspect(error), quiet=True)

    def between(self, folder: str, read: int) -> None:
        """Called by the thread in a long sync: what the user does is not to wait for its end.

        Raises:
            SyncStoppedError: the thread is to end.
        """
        self.syncing = f"{folder}: {read:,}"
        self.server.reached()
        while (job := self._jobs.next()) is not None:
            self._do(job)
        self._replay_what_waits()
        if self._jobs.stopped:
            raise SyncStoppedError
        self.announce()

    def meanwhile(self) -> None:
        """Called by the thread again and again while it waits for a server: what the user does is stored and shown."""
        before, self._waits = self._waits, True
        try:
            while (job := self._jobs.next_without_server()) is not None:
                self._do(job)
        finally:
            self._waits = before

    def carry_out(self) -> bool:
        """Carry out what waits in the journal; False: later, for the thread waits for the server already."""
        self._replay_later = self._waits
        if not self._waits:
            self.guarded("journal", self._work.replay)
        return not self._waits

    def look_soon(self) -> None:
        """Another program has changed the mailbox; called from any thread."""
        with self._jobs.wake:
            self._schedule.changed()
            self._jobs.wake.notify()

    def try_now(self) -> None:
        """The network is up, or the machine was asleep: look at the mailbox now; called from any thread."""
        if self.server.try_now():
            with self._jobs.wake:
                self._schedule.now()
                self._jobs.wake.notify()

    def announce(self) -> None:
        """The cache has changed."""
        self._changed(self.account.name)

    def guarded(self, name: str, work: Callable[[], T]) -> T | None:
        """Run ``work``, on the thread; what goes wrong is told once, and tried again with the next look."""
        try:
            result = work()
        except SyncStoppedError:
            return None
        except ImapError as error:
            self.server.lost(error)
            return None
        except TuimailError as error:
            log.warning("mail of %s: %s", self.account.name, error)
            if self.problems.came(name, str(error)):
                self.tell(f"{self.account.name}: {error}  {error.hint}".strip())
            return None
        except Exception:
            log.exception("mail of %s", self.account.name)
            return None
        self.problems.over(name)
        return result

    def _do(self, job: AccountJob) -> None:
        if job.run():
            self.announce()
            if self.server.offline is None:  # else the next look begins with it
                self._schedule.now()
                self.carry_out()

    def _replay_what_waits(self) -> None:
        if self._replay_later:
            self._schedule.now()  # what it does may lie in folders that were looked at before
            self.carry_out()

    def _run(self) -> None:
        try:
            self._give_way()
            self._work.cache.source.meanwhile(self.meanwhile)
            while self._turn():
                pass
        finally:
            if "_work" in self.__dict__:
                self._work.close()
            self._jobs.give_up()
            for looker in self._lookers:
                looker.set_result(None)

    def _give_way(self) -> None:
        """Let the interface start before the mailbox is looked at, if there is something to show meanwhile."""
        with self._jobs.wake:
            if (self._paths.cache / "mail").is_dir() and not self._has_work():
                self._jobs.wake.wait(START_PAUSE)

    @cached_property
    def _work(self) -> AccountWork:
        """What the thread does; made, and what it needs imported, on the thread."""
        from tuimail.engine.account_work import AccountWork

        return AccountWork(self, self.account, self._paths, self._sources)

    def _turn(self) -> bool:
        """One job, or one look at the mailbox, or a wait. False: the thread is to end."""
        job = self._jobs.next()
        if job is not None:
            self._do(job)
            return True
        if self._jobs.stopped:
            return False
        if self._lookers or self._schedule.next <= time.monotonic():
            self._look_now()
        with self._jobs.wake:
            while not self._has_work() and (left := self._schedule.next - time.monotonic()) > 0:
                self._jobs.wake.wait(min(left, threading.TIMEOUT_MAX))
        return True

    def _look_now(self) -> None:
        with self._jobs.wake:
            lookers, self._lookers = self._lookers, []
            self._schedule.begin()
        begun = time.monotonic()
        pause = self._look()
        if self.syncing:
            self.syncing = ""
            self.announce()
        for future in lookers:
            future.set_result(None)
        self._schedule.end(begun, time.monotonic(), PAUSE if pause is None else pause)

    def _look(self) -> float | None:
        """Seconds until the next look; None: this one went wrong."""
        with self.server.look():
            pause = self.guarded("sync", self._work.sync)
        if self.server.failed is not None:
            return self.server.pause()
        self.server.reached()
        self._replay_what_waits()
        return pause

    def _has_work(self) -> bool:
        return bool(self._jobs) or self._jobs.stopped or bool(self._lookers)


class SyncStoppedError(Exception):
    """The program ends in the middle of a sync; what was read stays."""
