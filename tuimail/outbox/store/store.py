"""The outbox on disk: letters in files, an index beside them.

::

    outbox/
      0mi3k9x2ab.letter          envelope, exact bytes, marks (store/letter_file): the truth
      index.db index.db-journal  states, schedules, timelines (store/database): rebuilt from the letters when damaged
      index.damaged-...          an index that was set aside
      outbox.id                  the name by which a log elsewhere knows this outbox (store/restore_check)
      lock                       shared by every open outbox (coordination/lock)
      bells/                     sockets of the processes at work (coordination/change_notifier)

Every method is synchronous and runs on the one writer thread of its process (coordination/writer). Each is one durable
transaction: when the writer tells that it is done, the change survives a power cut. Several processes may call them at
once. They raise StorageError when the disk refuses, NoSuchItemError for an unknown id, IllegalTransitionError when the
verb does not fit, LeaseLostError when ``owner`` does not hold the item's lease any more.

Its parts: queries, enqueue, claims, recovery, user_actions, rescheduling, sent_copies, evidence, bounces, rate_limit,
restore_check; each stands in a module of its own and on open_outbox.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

from tuimail.config.model import OutboxSettings
from tuimail.coordination.change_notifier import ChangeNotifier
from tuimail.coordination.lock import FolderLock, Host, Machine
from tuimail.errors import ForeignStoreError, StorageError
from tuimail.outbox.store.audit_log import AuditLog
from tuimail.outbox.store.bounces import Bounces
from tuimail.outbox.store.enqueue import Enqueue
from tuimail.outbox.store.queries import Queries
from tuimail.outbox.store.rebuild import open_index
from tuimail.outbox.store.rescheduling import Rescheduling
from tuimail.outbox.store.restore_check import RestoreCheck
from tuimail.outbox.store.sent_copies import SentCopyRecords
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.outbox.model.outcome import Chance

log = logging.getLogger(__name__)


class Store(RestoreCheck, Queries, Enqueue, SentCopyRecords, Rescheduling, Bounces):
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
        witness: Path | None = None,
    ) -> None:
        """Open the outbox of ``folder``, making it if there is none, repairing what can be repaired.

        ``witness`` is the log, outside of the folder, by which a restored backup is noticed (store/restore_check).

        Raises:
            ForeignStoreError: the folder is another user's, or others may write to it.
            StorageError: the disk refuses, another tuimail holds it, or a newer one wrote it.
        """
        private_dir(folder)
        if witness is not None:
            _refuse_foreign(witness.parent)
        self._lock = FolderLock(folder)
        try:
            index, self.notice = open_index(folder, self._lock, clock)
        except BaseException:
            self._lock.close()
            raise
        self.doorbell = ChangeNotifier(folder)
        index.committed = self.doorbell.ring
        super().__init__(folder, index, clock, host or Machine(), settings or OutboxSettings(), chance)
        if witness is not None:
            try:
                told = self._held_against(witness)
            except BaseException:
                self.close()
                raise
            self.notice = " ".join(filter(None, (self.notice, told)))

    def _held_against(self, path: Path) -> str:
        witness = AuditLog(path)
        alone = self._lock.try_alone()
        try:
            if alone:
                witness.shorten(self.clock.now())
        finally:
            self._lock.share()
        return self.hold_against(witness)

    def close(self) -> None:
        """Close the database."""
        self.close_witness()
        self.index.close()
        self.doorbell.pay()
        self._lock.close()


def _refuse_foreign(state: Path) -> None:
    """What was sent is not believed to a folder of others. One that cannot be made is no reason not to send."""
    try:
        private_dir(state)
    except ForeignStoreError:
        raise
    except StorageError as error:
        log.warning("what becomes of the letters cannot be noted: %s", error)
