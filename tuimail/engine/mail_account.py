"""The received mail of one account while the program runs: synced, changed and undone, on a thread of its own.

The thread writes the account's cache if no other process does, and carries out the journal's actions. What the user
does is durable in the journal, and shown by the cache, before it is told to be done; the mailbox follows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tuimail.engine.store_handle import not_started
from tuimail.errors import TuimailError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from tuimail.cache.database import DamagedCacheError
    from tuimail.config.model import Account
    from tuimail.engine.account_work import AccountWork
    from tuimail.journal.action import MailAction
    from tuimail.journal.marks import Place
    from tuimail.journal.store import ActionJournal
    from tuimail.paths import Paths

    Job = tuple[Callable[[], object], Future[object], bool]
    """Work, who waits for it, and whether it is told that something has changed."""

T = TypeVar("T")

log = logging.getLogger(__name__)

START_PAUSE = 0.3
"""Seconds after the start until the mailbox is looked at."""
PAUSE = 2.0
"""Seconds until the next look after one that went wrong."""
REST = 4
"""How many times as long as a look took the next one waits, whatever is told: other programs change mail in bursts."""
LONGEST_REST = 5.0
"""Seconds."""


class MailAccount:
    """The thread of one account. Its public methods may be called from any thread; the work is done on its own."""

    def __init__(
        self,
        account: Account,
        paths: Paths,
        changed: Callable[[str], None],
        told: Callable[[str], None],
        reports_wait: Callable[[str], None],
    ) -> None:
        """Make the thread, not started. What it calls is called on it.

        Args:
            account: whose mail.
            paths: where cache and journal are.
            changed: called with the account's name when the cache has changed.
            told: called with what went wrong, in a sentence.
            reports_wait: called with the account's name when messages that may be delivery reports are to be read.
        """
        self.account = account
        self.syncing = ""
        """What is being read for the first time, in words; empty when nothing is."""
        self._paths = paths
        self._changed = changed
        self._told = told
        self._reports_wait = reports_wait
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._stopped = False
        self._lookers: list[Future[None]] = []
        """Told when the mailbox was looked at."""
        self._wrong: dict[str, str] = {}
        """What was told to have gone wrong, by the work."""
        self._was_changed = False
        """Another program changed the mailbox since the last look began."""
        self._due = 0.0
        """When the next look is due if nothing happens."""
        self._rested = 0.0
        """When it is due if something does."""
        self._thread = threading.Thread(target=self._run, name=f"mail of {account.name}", daemon=False)

    def start(self) -> None:
        """Begin to sync."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job that runs and end the thread; waits for it."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> Future[None]:
        """Look at the mailbox now; done when that is done."""
        future: Future[None] = _begun()
        with self._wake:
            if self._stopped:
                raise not_started()
            self._lookers.append(future)
            self._wake.notify()
        return future

    def change(self, actions: Sequence[MailAction]) -> Future[int]:
        """Store the actions of one command; the number of the command once they are durable and shown."""
        return self._submit(lambda: self._work.change(actions))

    def change_once(self, cause: str, make: Callable[[ActionJournal], MailAction]) -> Future[None]:
        """Store the action that ``make`` gives unless there is one of this cause; done when it is durable and shown."""
        return self._submit(lambda: self._work.change_once(cause, make))

    def mark(self, places: Iterable[Place], *, marked: bool) -> Future[None]:
        """Mark messages to be deleted, or take that back; done when it is durable and shown."""
        wanted = list(places)
        return self._submit(lambda: self._work.mark(wanted, marked=marked))

    def undo(self, command: int) -> Future[list[MailAction]]:
        """Undo a command; the inverses of what had begun, carried out."""
        return self._submit(lambda: self._work.undo(command))

    def replay(self) -> Future[None]:
        """Carry out what waits in the journal; done when that was tried."""
        return self._submit(lambda: self.guarded("journal", self._work.replay), quiet=True)

    def run(self, work: Callable[[AccountWork], T]) -> Future[T]:
        """What ``work`` returns, called on the thread; done when what it does is durable and shown."""
        return self._submit(lambda: work(self._work))

    @property
    def owns_cache(self) -> bool:
        """This process writes the account's cache."""
        return "_work" in self.__dict__ and self._work.cache.is_open

    def write(self, work: Callable[[sqlite3.Connection], None]) -> Future[None]:
        """Run ``work`` in a transaction of the cache, which is not announced. Fails with StorageError."""
        return self._submit(lambda: self._work.cache.write(work), quiet=True)

    def suspect(self, error: DamagedCacheError) -> None:
        """A reader found the cache damaged: it is begun anew if it is."""
        self._submit(lambda: self._work.cache.suspect(error), quiet=True)

    def between(self, folder: str, read: int) -> None:
        """Called by the thread in a long sync: what the user does is not to wait for its end.

        Raises:
            SyncStoppedError: the thread is to end.
        """
        self.syncing = f"{folder}: {read:,}"
        while (job := self._next_job()) is not None:
            self._do(job)
        if self._stopped:
            raise SyncStoppedError
        self.announce()

    def look_soon(self) -> None:
        """Another program has changed the mailbox; called from any thread."""
        with self._wake:
            self._was_changed = True
            self._wake.notify()

    def announce(self) -> None:
        """The cache has changed."""
        self._changed(self.account.name)

    def tell(self, sentence: str) -> None:
        """Say ``sentence`` to the user."""
        self._told(sentence)

    def reports_wait(self) -> None:
        """There are messages that may be delivery reports."""
        self._reports_wait(self.account.name)

    def guarded(self, name: str, work: Callable[[], T]) -> T | None:
        """Run ``work``, on the thread; what goes wrong is told once, and tried again with the next look."""
        try:
            result = work()
        except SyncStoppedError:
            return None
        except TuimailError as error:
            log.warning("mail of %s: %s", self.account.name, error)
            if str(error) not in self._wrong.values():
                self._told(f"{self.account.name}: {error}  {error.hint}".strip())
            self._wrong[name] = str(error)
            return None
        except Exception:
            log.exception("mail of %s", self.account.name)
            return None
        self._wrong.pop(name, None)
        return result

    def _submit(self, work: Callable[[], T], *, quiet: bool = False) -> Future[T]:
        future: Future[T] = _begun()
        with self._wake:
            if self._stopped:
                raise not_started()
            self._jobs.append((work, future, quiet))  # type: ignore[arg-type]
            self._wake.notify()
        return future

    def _next_job(self) -> Job | None:
        with self._wake:
            return self._jobs.popleft() if self._jobs else None

    def _do(self, job: Job) -> None:
        work, future, quiet = job
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)
            return
        future.set_result(result)
        if not quiet:
            self._due = 0.0
            self.announce()
            self.guarded("journal", self._work.replay)

    def _run(self) -> None:
        try:
            self._give_way()
            while self._turn():
                pass
        finally:
            if "_work" in self.__dict__:
                self._work.close()
            with self._wake:
                left: list[Future[Any]] = [*(future for _, future, _ in self._jobs), *self._lookers]
            for each in left:
                each.set_exception(not_started())

    def _give_way(self) -> None:
        """Let the interface start before the mailbox is looked at, if there is something to show meanwhile."""
        with self._wake:
            if (self._paths.cache / "mail").is_dir() and not self._has_work():
                self._wake.wait(START_PAUSE)

    @cached_property
    def _work(self) -> AccountWork:
        """What the thread does; made, and what it needs imported, on the thread."""
        from tuimail.engine.account_work import AccountWork

        return AccountWork(self, self.account, self._paths)

    def _turn(self) -> bool:
        """One job, or one look at the mailbox, or a wait. False: the thread is to end."""
        job = self._next_job()
        if job is not None:
            self._do(job)
            return True
        if self._stopped:
            return False
        if self._lookers or self._next_look() <= time.monotonic():
            self._look_now()
        with self._wake:
            while not self._has_work() and (left := self._next_look() - time.monotonic()) > 0:
                self._wake.wait(left)
        return True

    def _look_now(self) -> None:
        with self._wake:
            lookers, self._lookers = self._lookers, []
            self._was_changed = False
        begun = time.monotonic()
        pause = self.guarded("sync", self._work.sync)
        self.syncing = ""
        for future in lookers:
            future.set_result(None)
        ended = time.monotonic()
        self._due = ended + (PAUSE if pause is None else pause)
        self._rested = ended + min((ended - begun) * REST, LONGEST_REST)

    def _next_look(self) -> float:
        """When the next look is due, as of ``time.monotonic``."""
        return min(self._rested, self._due) if self._was_changed else self._due

    def _has_work(self) -> bool:
        return bool(self._jobs) or self._stopped or bool(self._lookers)


def _begun() -> Future[Any]:
    """A future that whoever waits for it cannot cancel: what the user did is carried out all the same."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


class SyncStoppedError(Exception):
    """The program ends in the middle of a sync; what was read stays."""
