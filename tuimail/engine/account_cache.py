"""The cache of one account as the thread of the account writes it, with what the journal does to it laid over.

Whatever happens to the file, deleted or damaged while the program runs, another one is begun and filled again: what the
user did is in the journal.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tuimail.cache.database import DamagedCacheError, ReadableCache, WritableCache, check, set_aside
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.engine.cache_place import cache_of
from tuimail.engine.mail_actions import places_left
from tuimail.errors import NoSuchItemError, StorageError
from tuimail.journal.action import FINISHED, UNDECIDED, ActionKind, ActionState
from tuimail.journal.after import held
from tuimail.sync.projection import let_go, project, project_again, settle, show_marks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tuimail.cache.writer_lock import LockHolder
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import MailSource
    from tuimail.journal.action import MailAction
    from tuimail.journal.marks import Place
    from tuimail.journal.store import ActionJournal
    from tuimail.paths import Paths
    from tuimail.sync.mailbox_sync import FolderChange, MailboxSync

T = TypeVar("T")

log = logging.getLogger(__name__)

MADE_ANEW = "The list of messages was damaged and is made anew. No letter is lost."


class AccountCache:
    """Used by one thread. While another process writes the cache, it only tells whether that changed."""

    def __init__(self, account: Account, source: MailSource, paths: Paths, told: Callable[[str], None]) -> None:
        """``told`` is called with sentences for the user: that the cache had to be made anew, what a server does."""
        self._account = account
        self.source = source
        """Where the mail is."""
        self.was_opened: Callable[[], None] = lambda: None
        """Called when this process has become the writer, or has begun another file."""
        self._told = told
        self._folder, self._lock = cache_of(account, paths)
        self._cache: WritableCache | None = None
        self._sync: MailboxSync | None = None
        self._damaged = False
        self._other: ReadableCache | None = None
        """What another process writes."""
        self._other_version = -1
        self._journal_version: int | None = None
        """Of the journal when it was laid over the rows; None: it must be laid over all of them."""
        self._laid_over: set[int] = set()
        """Actions that are shown and whose end was not seen."""
        self._marks: set[Place] = set()

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    @property
    def is_open(self) -> bool:
        """This process writes it."""
        return self._cache is not None

    def open(self) -> bool:
        """Become the writer of the cache, and begin another file where it was lost or damaged.

        Returns:
            False: another process writes it.

        Raises:
            StorageError: the disk refuses.
        """
        if self._cache is not None and (self._damaged or self._cache.is_lost()):
            self._close_writer()
        if self._damaged:
            set_aside(self._folder)
            self._damaged = False
            self._told(MADE_ANEW)
        if self._cache is None:
            if not self._lock.acquire():
                return False
            self._close_other()
            self._cache = WritableCache(self._folder, self._lock)
            self._sync = self.source.sync(self._cache, self._told)
            self._journal_version = None
            self.was_opened()
            if self._cache.set_aside is not None:
                self._told(MADE_ANEW)
        return True

    def tell(self, *, in_step: bool) -> None:
        """Let processes that wait for the cache know whether it follows the mailbox."""
        self._lock.tell(in_step=in_step)

    def writer(self) -> LockHolder:
        """Which process writes it."""
        return self._lock.holder()

    def close(self) -> None:
        """Close it, and let another process write."""
        self._close_writer()
        self._close_other()
        self._lock.release()

    def changed_by_others(self) -> bool:
        """Another process, which writes the cache, has changed it since this was asked last."""
        try:
            if self._other is None or self._other.is_lost():
                self._close_other()
                self._other = ReadableCache(self._folder)
            version = self._other.version()
        except StorageError:
            self._close_other()
            version = -1
        before, self._other_version = self._other_version, version
        return version != before

    def suspect(self, error: DamagedCacheError) -> None:
        """A reader said that the cache is damaged: look whether it is, and begin another one with the next sync."""
        if self._cache is None or error.file != self._cache.file:
            return
        self._damaged = self._damaged or error.is_certain or not self._is_sound()

    # -- writing
    def read(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """What ``ask`` returns, called within a transaction. Raises StorageError."""
        found: list[T] = []
        self.write(lambda db: found.append(ask(db)))
        return found[0]

    def write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run ``work`` in a transaction. Raises StorageError."""
        if self._cache is None:
            raise StorageError("Another process writes the cache.")
        try:
            with self._cache.writing() as db:
                work(db)
        except DamagedDatabaseError:
            self._damaged = True
            raise

    def show(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """Change what is shown, if this process writes it; the change itself is in the journal already."""
        if self._cache is None:
            return
        try:
            self.write(change)
        except StorageError as error:
            self._journal_version = None
            log.warning("the cache does not show a change of %s: %s", self._account.name, error)

    def show_waiting(self, actions: Sequence[MailAction]) -> None:
        """Show what actions will do. This process or another one carries them out."""
        self.show(lambda db: project(db, actions))
        self._laid_over |= {each.id for each in actions}

    def show_ended(self, ended: Sequence[MailAction]) -> None:
        """Show what came of actions that were carried out, refused or undone here."""
        self.show(lambda db: settle(db, ended))
        self._laid_over -= {each.id for each in ended if each.state in FINISHED}
        self._look_again(ended)

    def lay_over(self, journal: ActionJournal, *, changed: bool) -> bool:
        """Show what the journal says, if rows have ``changed`` or another process has changed it; whether it had.

        Raises:
            StorageError: the journal cannot be read, or the cache not be written.
        """
        version = journal.version()
        if not changed and version == self._journal_version:
            return False
        actions = journal.actions(UNDECIDED, account=self._account.name)
        marks = journal.marks.of(self._account.name)
        waits = held(
            journal.database, actions
        )  # nothing is done to these before the user decides, as if they were refused
        begun = [each for each in actions if each.state in (ActionState.WAITING, ActionState.SENT)]
        under_way = {each.id: each for each in begun if each.id not in waits}
        left = _those(journal, self._laid_over - under_way.keys())
        ended = [replace(each, state=ActionState.REFUSED) if each.id in waits else each for each in left]

        def lay(db: sqlite3.Connection) -> None:
            if self._journal_version is None:
                project_again(db, under_way.values(), marks)
                return
            let_go(db, ended)
            project(db, under_way.values())
            show_marks(db, self._marks - marks, marked=False)
            show_marks(db, marks)

        self.write(lay)
        self._look_again(ended)
        self._journal_version, self._laid_over, self._marks = version, set(under_way), marks
        return True

    # -- the mailbox
    def sync(
        self, *, only: Collection[str] | None = None, progress: Callable[[str, int], None] | None = None
    ) -> list[FolderChange]:
        """Bring it into step with the mailbox (MaildirSync.sync). Raises StorageError."""
        if self._sync is None:
            return []
        try:
            return self._sync.sync(only=only, progress=progress)
        except DamagedDatabaseError:
            self._damaged = True
            raise

    def sync_folders(self) -> None:
        """Show the folders as they are now. Raises StorageError."""
        if self._sync is not None:
            self._sync.sync_folders()

    @property
    def again_in(self) -> float | None:
        """Seconds after which ``sync`` can decide what was in doubt; None: nothing was."""
        return None if self._sync is None else self._sync.again_in

    def _look_again(self, ended: Sequence[MailAction]) -> None:
        """What was changed in the cache without a look at the mailbox is looked at again."""
        if self._sync is None:
            return
        for folder, key in places_left(ended, also_gone=True):
            self._sync.forget(folder, (key,))
        for action in ended:
            if action.kind is ActionKind.FLAG:
                self._sync.doubt(action.folder, [each.key for each in action.messages])

    def _is_sound(self) -> bool:
        try:
            with closing(ReadableCache(self._folder)) as cache:
                return check(cache)
        except StorageError:
            return False

    def _close_writer(self) -> None:
        cache, self._cache, self._sync = self._cache, None, None
        if cache is not None:
            cache.close()

    def _close_other(self) -> None:
        other, self._other = self._other, None
        if other is not None:
            other.close()


def _those(journal: ActionJournal, numbers: Collection[int]) -> Iterator[MailAction]:
    for number in sorted(numbers):
        try:
            yield journal.get(number)
        except NoSuchItemError:
            continue
