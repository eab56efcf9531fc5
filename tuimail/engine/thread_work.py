"""What the user did to threads, on the thread of an account: stored in the journal, shown by the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.thread_edits import forget_newly_muted, newly_muted, store_edits, store_muted
from tuimail.sync.muted_threads import read_actions
from tuimail.sync.projection import project

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from tuimail.engine.account_cache import AccountCache
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.thread_edit import ThreadEdit

    Show = Callable[[Callable[[sqlite3.Connection], None]], None]
    """Changes what the cache shows, if this process writes it."""


class ThreadWork:
    """The threads of one account."""

    def __init__(self, account: str, journal: Callable[[], ActionJournal], show: Show) -> None:
        self._account = account
        self._journal = journal
        self._show = show
        self._version: int | None = None
        """Of the journal as the cache shows it; None: not known."""

    def edit(self, put: Iterable[ThreadEdit], drop: Iterable[str]) -> None:
        """Store edits and forget those of other messages: durable, then shown. Raises StorageError."""
        self._journal().threads.edit(self._account, put, drop)
        self._show_all()

    def mute(self, names: Iterable[str], *, muted: bool) -> None:
        """Mute the threads of messages, or take that back: durable, then shown. Raises StorageError."""
        self._journal().threads.mute(self._account, names, muted=muted)
        self._show_all()

    def reopened(self) -> None:
        """The cache may show anything: it was just opened."""
        self._version = None

    def follow(self) -> bool:
        """Show what another process did, and, in a cache that was reopened, all; whether that changed anything."""
        version = self._journal().version()
        if version == self._version:
            return False
        self._version = version
        return self._show_all()

    def read_muted(self, cache: AccountCache) -> bool:
        """New messages of muted threads are to arrive read; whether there is an action to be carried out."""
        found = cache.read(newly_muted)
        if not found:
            return False
        actions = read_actions(self._account, found)
        stored = self._journal().add(actions) if actions else []

        def show(db: sqlite3.Connection) -> None:
            project(db, stored)
            forget_newly_muted(db)

        self._show(show)
        return bool(stored)

    def _show_all(self) -> bool:
        threads = self._journal().threads
        edits, muted = threads.edits(self._account), threads.muted(self._account)
        changed = False

        def show(db: sqlite3.Connection) -> None:
            nonlocal changed
            changed = store_edits(db, edits) | store_muted(db, muted)

        self._show(show)
        return changed
