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
from typing import TYPE_CHECKING, Any, TypeVar

from tuimail.cache import reports
from tuimail.cache.database import WritableCache, is_on_network, set_aside
from tuimail.cache.lookup import new_messages
from tuimail.config.model import MaildirLayout
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.engine.mail_actions import places_left, replay_ready
from tuimail.engine.mail_source import check_writable, mail_source
from tuimail.engine.received_mail import cache_of
from tuimail.engine.store_handle import not_started
from tuimail.engine.thread_work import ThreadWork
from tuimail.errors import StorageError, TuimailError, UsageError
from tuimail.journal.action import UNDECIDED, ActionState
from tuimail.journal.store import ActionJournal
from tuimail.mailboxes import maildir_folders
from tuimail.mailboxes.maildir_folder import keep_as_old
from tuimail.mailboxes.watch import FileWatch
from tuimail.sync.projection import project, settle, show_marks, show_stranded, undecided_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tuimail.config.model import Account
    from tuimail.journal.action import MailAction
    from tuimail.journal.marks import Place
    from tuimail.mail.thread_edit import ThreadEdit
    from tuimail.paths import Paths
    from tuimail.sync.mailbox_sync import MailboxSync

    Job = tuple[Callable[[], object], Future[object], bool]
    """Work, who waits for it, and whether it is told that something has changed."""

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two tries to become the syncer of an account, or to read mail that could not be read."""
POLLED = 5.0
"""Seconds between two looks at a mailbox that the system tells nothing of."""
WATCHED = 60.0
"""Seconds between two looks at one that is watched."""
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
        self._work = _AccountWork(self, account, paths)
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._stopped = False
        self._lookers: list[Future[None]] = []
        """Told when the mailbox was looked at."""
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

    def leave(self, folder: str) -> Future[None]:
        """The user has seen a folder: what is new in it is old from now on."""
        return self._submit(lambda: self._work.leave(folder))

    @property
    def owns_cache(self) -> bool:
        """This process writes the account's cache."""
        return self._work.owns_cache

    def write(self, work: Callable[[sqlite3.Connection], None]) -> Future[None]:
        """Run ``work`` in a transaction of the cache, which is not announced. Fails with StorageError."""
        return self._submit(lambda: self._work.write(work), quiet=True)

    def edit_threads(self, put: Sequence[ThreadEdit], drop: Sequence[str]) -> Future[None]:
        """Store edits of threads, and forget those of other messages; done when it is durable and shown."""
        return self._submit(lambda: self._work.threads.edit(put, drop))

    def mute_threads(self, names: Sequence[str], *, muted: bool) -> Future[None]:
        """Mute the threads of messages, or take that back; done when it is durable and shown."""
        return self._submit(lambda: self._work.threads.mute(names, muted=muted))

    def create_folder(self, name: str) -> Future[None]:
        """Create a folder of the account."""
        return self._submit(lambda: self._work.create_folder(name))

    def rename_folder(self, name: str, to: str) -> Future[None]:
        """Give a folder, and those below it, another name."""
        return self._submit(lambda: self._work.rename_folder(name, to))

    def delete_folder(self, name: str) -> Future[None]:
        """Delete a folder with its messages, for good."""
        return self._submit(lambda: self._work.delete_folder(name))

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
            self._guarded(self._work.replay)

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            self._work.close()
            with self._wake:
                left: list[Future[Any]] = [*(future for _, future, _ in self._jobs), *self._lookers]
            for each in left:
                each.set_exception(not_started())

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
        pause = self._guarded(self._work.sync)
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

    def _guarded(self, work: Callable[[], T]) -> T | None:
        """Run ``work``; what goes wrong is told once, and tried again with the next look."""
        try:
            result = work()
        except SyncStoppedError:
            return None
        except TuimailError as error:
            log.warning("mail of %s: %s", self.account.name, error)
            if str(error) != self._work.last_error:
                self._work.last_error = str(error)
                self._told(f"{self.account.name}: {error}  {error.hint}".strip())
            return None
        except Exception:
            log.exception("mail of %s", self.account.name)
            return None
        return result


def _begun() -> Future[Any]:
    """A future that whoever waits for it cannot cancel: what the user did is carried out all the same."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


class SyncStoppedError(Exception):
    """The program ends in the middle of a sync; what was read stays."""


class _AccountWork:
    """What the thread does; used by it alone."""

    def __init__(self, thread: MailAccount, account: Account, paths: Paths) -> None:
        self._thread = thread
        self._account = account
        self._paths = paths
        self._source = mail_source(account)
        self._folder, self._lock = cache_of(account, paths)
        self._journal: ActionJournal | None = None
        self._cache: WritableCache | None = None
        self._sync: MailboxSync | None = None
        self._watch: FileWatch | None = None
        self._is_elsewhere = False
        """The mailbox is on another machine's disk, where changes are made that this system does not see."""
        self.threads = ThreadWork(account.name, lambda: self.journal, self._show)
        self._fresh = False
        """The cache was opened since the mailbox was looked at."""
        self.last_error = ""

    def close(self) -> None:
        """Close what is open."""
        self._close_cache()
        self._lock.release()
        if self._journal is not None:
            self._journal.close()

    @property
    def journal(self) -> ActionJournal:
        """The journal, opened when it is needed."""
        if self._journal is None:
            self._journal = ActionJournal(self._paths.journal)
        return self._journal

    @property
    def owns_cache(self) -> bool:
        """No other process writes it."""
        return self._cache is not None

    def write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run ``work`` in a transaction of the cache. Raises StorageError."""
        if self._cache is None:
            raise StorageError("Another process writes the cache.")
        with self._cache.writing() as db:
            work(db)

    # -- what the user does
    def change(self, actions: Sequence[MailAction]) -> int:
        """Durable, then shown."""
        check_writable(self._account)
        stored = self.journal.add(actions)
        self._show(lambda db: project(db, stored))
        return stored[0].id

    def change_once(self, cause: str, make: Callable[[ActionJournal], MailAction]) -> None:
        """Durable, then shown; nothing if that was done before."""
        stored = self.journal.add_once(cause, lambda: make(self.journal))
        if stored is not None:
            self._show(lambda db: project(db, [stored]))

    def mark(self, places: Sequence[Place], *, marked: bool) -> None:
        """Durable, then shown."""
        check_writable(self._account)
        marks = self.journal.marks
        (marks.add if marked else marks.remove)(self._account.name, places)
        self._show(lambda db: show_marks(db, places, marked=marked))

    def undo(self, command: int) -> list[MailAction]:
        """Undone, shown, and carried out."""
        made = self.journal.undo(command)
        taken_back = self.journal.batch(command)

        def show(db: sqlite3.Connection) -> None:
            settle(db, taken_back)
            project(db, made)

        self._show(show)
        self.replay()
        if self._sync is not None:  # what came back is shown before the user is told
            self._sync.sync(only={folder for each in made for folder in (each.folder, each.target)})
        return [self.journal.get(each.id) for each in made]

    def replay(self) -> None:
        """Carry out what waits, and show what came of it."""
        if self.journal.next_ready(self._account.name) is None:
            return
        ended = replay_ready(self._account, self._paths, self.journal)
        self._show(lambda db: settle(db, ended))
        for action in ended:
            if action.state is ActionState.REFUSED or (action.state is ActionState.DROPPED and action.words):
                self._thread.tell(action.words)
        self.journal.marks.remove(self._account.name, places_left(ended))

    def _show(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """Change what the cache shows, if this process writes it; the change itself is in the journal already."""
        if self._cache is None:
            return
        try:
            with self._cache.writing() as db:
                change(db)
        except StorageError as error:
            log.warning("the cache does not show a change of %s: %s", self._account.name, error)

    def leave(self, folder: str) -> None:
        """Move what was shown from ``new`` to ``cur``, as every program does that shows a Maildir."""
        if self._cache is not None and not self._account.is_read_only:
            with self._cache.writing() as db:
                shown = new_messages(db, folder)
            keep_as_old(self._root, folder, shown)

    def create_folder(self, name: str) -> None:
        """A new folder, in the layout that the user wants or the Maildir has."""
        layout = self._account.maildir_layout
        dots = None if layout is MaildirLayout.AUTO else layout is MaildirLayout.DOTS
        maildir_folders.create_folder(self._root, name, dots=dots)
        self._sync_folders()

    def rename_folder(self, name: str, to: str) -> None:
        """Another name for a folder."""
        self._check_idle(name)
        maildir_folders.rename_folder(self._root, name, to)
        self._sync_folders()

    def delete_folder(self, name: str) -> None:
        """A folder and its messages, for good."""
        self._check_idle(name)
        maildir_folders.delete_folder(self._root, name)
        self._sync_folders()

    def _check_idle(self, name: str) -> None:
        for action in self.journal.actions(UNDECIDED, account=self._account.name):
            if any(each == name or each.startswith(f"{name}/") for each in (action.folder, action.target)):
                raise UsageError(
                    f"Changes of messages in {name} are not carried out yet.", hint="Try again in a moment."
                )

    def _sync_folders(self) -> None:
        """Show the folders as they are now, before the user is told."""
        if self._sync is not None:
            self._sync.sync_folders()

    @property
    def _root(self) -> Path:
        check_writable(self._account)
        return self._source.root

    # -- the mailbox
    def sync(self) -> float:
        """Look at the mailbox once; seconds until the next look. Raises StorageError."""
        if self._cache is not None and self._cache.is_lost():
            self._close_cache()
        if self._cache is None and not self._open():
            self.replay()
            return PAUSE
        cache = self._cache
        assert self._sync is not None and cache is not None  # noqa: S101, PT018 - opened together
        self.replay()
        self._keep_watch()
        if self.threads.follow():
            self._thread.announce()
        try:
            changes = self._sync.sync(progress=self._thread.between)
        except DamagedDatabaseError:
            self._close_cache()
            set_aside(self._folder)
            return 0.0
        self.last_error = ""
        if changes:
            marks = self.journal.marks.of(self._account.name)
            self._show(lambda db: show_marks(db, marks))
            if not self._account.is_read_only and self.threads.read_muted(cache):
                self.replay()
            self._thread.announce()
        if changes or self._fresh:
            self._fresh = False
            with cache.writing() as db:
                if reports.are_waiting(db):
                    self._thread.reports_wait()
        usual = WATCHED if self._is_told else POLLED
        return min(usual, self._sync.again_in or usual)

    def _keep_watch(self) -> None:
        """Watch the mailbox, as far as the system does that."""
        if self._watch is not None and self._watch.is_lost:
            self._end_watch()
        if self._watch is None:
            watch = FileWatch(self._source.places, self._thread.look_soon)
            self._watch = watch if watch.open() else None
            self._is_elsewhere = is_on_network(self._source.root)

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    @property
    def _is_told(self) -> bool:
        """The system tells of every change."""
        return self._watch is not None and self._watch.is_complete and not self._is_elsewhere

    def _open(self) -> bool:
        """Become the writer of the cache; False: another process is."""
        if not self._lock.acquire():
            return False
        self._cache = WritableCache(self._folder, self._lock)
        self._fresh = True
        self.threads.reopened()
        self._sync = self._source.sync(self._cache)
        undecided = undecided_ids(self.journal.actions(UNDECIDED, account=self._account.name))
        self._show(lambda db: show_stranded(db, undecided))
        return True

    def _close_cache(self) -> None:
        self._end_watch()
        cache, self._cache, self._sync = self._cache, None, None
        if cache is not None:
            cache.close()
