"""The outbox on disk: letters in files, an index beside them. The real outbox/queue.Queue.

::

    outbox/
      0mi3k9x2ab.letter          envelope, exact bytes, marks (outbox/letter): the truth
      index.db index.db-journal  states, schedules, timelines (outbox/index): rebuilt from the letters when damaged
      index.damaged-...          an index that was set aside
      lock                       shared by every open outbox (outbox/lock)

Its parts: looking, intake, sending, filing, deciding, rearranging. Everything runs on one thread at a time
(outbox/writer).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tuimail.config.model import OutboxSettings
from tuimail.outbox.filing import Copies
from tuimail.outbox.intake import Intake
from tuimail.outbox.lock import FolderLock, Host, Machine
from tuimail.outbox.looking import Looking
from tuimail.outbox.rearranging import Rearranging
from tuimail.outbox.rebuild import open_index
from tuimail.paths import private_dir

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.outbox.settle import Chance


class Store(Looking, Intake, Copies, Rearranging):
    """A durable queue of letters in a folder; any number of processes may have it open."""

    notice: str
    """What to tell the user about the opening: rebuilt, found, set aside; empty when all was well."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        settings: OutboxSettings | None = None,
        host: Host | None = None,
        chance: Chance = random.random,
    ) -> None:
        """Open the outbox of ``folder``, making it if there is none, repairing what can be repaired.

        Raises:
            ForeignStoreError: the folder is another user's, or others may write to it.
            StorageError: the disk refuses, another tuimail holds it, or a newer one wrote it.
        """
        private_dir(folder)
        self._lock = FolderLock(folder)
        try:
            index, self.notice = open_index(folder, self._lock, clock)
        except BaseException:
            self._lock.close()
            raise
        super().__init__(folder, index, clock, host or Machine(), settings or OutboxSettings(), chance)

    def close(self) -> None:
        """Close the database."""
        self.index.close()
        self._lock.close()


if TYPE_CHECKING:
    from tuimail.outbox.queue import Queue

    def _is_a_queue(store: Store) -> Queue:
        return store
