"""Watches the files that mail is kept in, as far as the system does that, and says how long a look is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.database import is_on_network
from tuimail.mailboxes.watch import FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuimail.mailboxes.watch import WatchedPlace

POLLED = 5.0
"""Seconds between two looks at a mailbox that the system tells nothing of."""
WATCHED = 60.0
"""Seconds between two looks at one that is watched."""


class MailboxWatch:
    """Used by the thread of the account."""

    def __init__(self, root: Path, places: Callable[[], Iterator[WatchedPlace]], changed: Callable[[], None]) -> None:
        """Make it; ``keep`` begins to watch.

        Args:
            root: where the mail is.
            places: the files and folders to be watched; it raises StorageError.
            changed: called, on another thread, when a program has changed the mail.
        """
        self._root = root
        self._places = places
        self._changed = changed
        self._watch: FileWatch | None = None
        self._is_elsewhere = False
        """The mailbox is on another machine's disk, where changes are made that this system does not see."""

    def keep(self) -> None:
        """Watch, or watch again what was gone."""
        if self._watch is not None and self._watch.is_lost:
            self.close()
        if self._watch is None:
            watch = FileWatch(self._places, self._changed)
            self._watch = watch if watch.open() else None
            self._is_elsewhere = is_on_network(self._root)

    @property
    def pause(self) -> float:
        """Seconds until the next look where nothing is told."""
        told = self._watch is not None and self._watch.is_complete and not self._is_elsewhere
        return WATCHED if told else POLLED

    def close(self) -> None:
        """Watch no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
