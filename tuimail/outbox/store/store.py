"""The outbox on disk: letters in files, an index beside them.

::

    outbox/
      0mi3k9x2ab.letter          envelope, exact bytes, marks (store/letter_file): the truth
      index.db index.db-journal  states, schedules, timelines (store/database): rebuilt from the letters when damaged
      index.damaged-...          an index that was set aside
      index.checked              the index as it was left, and when its pages were checked (store/index_check)
      outbox.id                  the name by which a log elsewhere knows this outbox (store/restore_check)
      lock                       shared by every open outbox (coordination/lock)
      bells/                     sockets of the processes at work (coordination/change_notifier)

Every method is synchronous and runs on the one writer thread of its process (coordination/writer). Each is one durable
transaction: when the writer tells that it is done, the change survives a power cut. Several processes may call them at
once. They raise StorageError when the disk refuses, NoSuchItemError for an unknown id, IllegalTransitionError when the
verb does not fit, LeaseLostError when ``owner`` does not hold the item's lease any more.

Its parts: ``queries``, ``schedule``, ``claims``, ``recovery``, ``actions``, ``accounts``, ``sent_copies``,
``answered_flags``, ``evidence`` and ``bounces``; each is a module of its own. They change rows in transactions
(store/transaction).
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from tuimail.config.model import OutboxSettings
from tuimail.coordination.change_notifier import ChangeNotifier
from tuimail.coordination.lock import FolderLock, Host, Machine
from tuimail.errors import DuplicateLetterError, ForeignStoreError, StorageError
from tuimail.outbox.store.open_outbox import OpenOutbox
from tuimail.outbox.store.rebuild import open_index
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.config.model import Rate
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.model.outcome import Chance
    from tuimail.outbox.store.account_health import AccountHealthRecords
    from tuimail.outbox.store.answered_flags import AnsweredFlagRecords
    from tuimail.outbox.store.bounces import Bounces
    from tuimail.outbox.store.claims import Claims
    from tuimail.outbox.store.enqueue import Enqueued, Incoming
    from tuimail.outbox.store.evidence import Evidence
    from tuimail.outbox.store.queries import Queries
    from tuimail.outbox.store.recovery import Recovery
    from tuimail.outbox.store.schedule import Schedule
    from tuimail.outbox.store.sent_copies import SentCopyRecords
    from tuimail.outbox.store.user_actions import UserActions

log = logging.getLogger(__name__)


class Store:
    """A durable queue of letters in a folder; any number of processes may have it open."""

    notice: str
    """What to tell the user about the opening: rebuilt, found, set aside; empty when all was well."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        settings: OutboxSettings | None = None,
        rates: Mapping[str, Rate] | None = None,
        skip_reasons: Mapping[str, str] | None = None,
        host: Host | None = None,
        chance: Chance | None = None,
        audit_log: Path | None = None,
    ) -> None:
        """Open the outbox of ``folder``, making it if there is none, repairing what can be repaired.

        Args:
            folder: holds the letters and the index.
            clock: says what time it is.
            settings: ``[outbox]`` of the config.
            rates: the users' own limits, by account.
            skip_reasons: accounts whose letters get no Sent copy, and why.
            host: knows which owners of leases still live.
            chance: gives numbers from 0 to 1 that spread retries; default: random ones.
            audit_log: outside of the folder, by which a restored backup is noticed (store/restore_check).

        Raises:
            ForeignStoreError: the folder is another user's, or others may write to it.
            StorageError: the disk refuses, another tuimail holds it, or a newer one wrote it.
        """
        private_dir(folder)
        if audit_log is not None:
            _refuse_foreign(audit_log.parent)
        self._lock = FolderLock(folder)
        try:
            index, self.notice = open_index(folder, self._lock, clock)
        except BaseException:
            self._lock.close()
            raise
        self.change_notifier = ChangeNotifier(folder)
        index.committed = self.change_notifier.notify
        self.outbox = OpenOutbox(
            folder, index, clock, host or Machine(), settings or OutboxSettings(), chance or _random,
            rates=rates or {}, skip_reasons=skip_reasons or {},
        )  # fmt: skip
        if audit_log is not None:
            self._check_restored(audit_log)

    # -- the parts, each imported when it is first used: a command that only looks needs one of them
    @cached_property
    def queries(self) -> Queries:
        """Looking."""
        from tuimail.outbox.store.queries import Queries

        return Queries(self.outbox)

    @cached_property
    def schedule(self) -> Schedule:
        """What may be claimed, and when."""
        from tuimail.outbox.store.schedule import Schedule

        return Schedule(self.outbox)

    @cached_property
    def claims(self) -> Claims:
        """Leases and attempts."""
        from tuimail.outbox.store.claims import Claims

        return Claims(self.outbox)

    @cached_property
    def recovery(self) -> Recovery:
        """What dead processes left."""
        from tuimail.outbox.store.recovery import Recovery

        return Recovery(self.outbox)

    @cached_property
    def actions(self) -> UserActions:
        """What the user decides."""
        from tuimail.outbox.store.user_actions import UserActions

        return UserActions(self.outbox)

    @cached_property
    def accounts(self) -> AccountHealthRecords:
        """Accounts that cannot send."""
        from tuimail.outbox.store.account_health import AccountHealthRecords

        return AccountHealthRecords(self.outbox)

    @cached_property
    def sent_copies(self) -> SentCopyRecords:
        """Which copies are filed, and by which process."""
        from tuimail.outbox.store.sent_copies import SentCopyRecords

        return SentCopyRecords(self.outbox)

    @cached_property
    def answered_flags(self) -> AnsweredFlagRecords:
        """Which answered messages are to get their flag."""
        from tuimail.outbox.store.answered_flags import AnsweredFlagRecords

        return AnsweredFlagRecords(self.outbox)

    @cached_property
    def evidence(self) -> Evidence:
        """Uncertain letters found in Sent."""
        from tuimail.outbox.store.evidence import Evidence

        return Evidence(self.outbox)

    @cached_property
    def bounces(self) -> Bounces:
        """Delivery reports."""
        from tuimail.outbox.store.bounces import Bounces

        return Bounces(self.outbox)

    def enqueue(self, letter: Incoming) -> OutboxItem:
        """Store one letter durably (``enqueue_many``); one that is in the outbox already is that item.

        Raises:
            DuplicateLetterError: the letter is in the outbox or went out before (rule 15).
        """
        (enqueued,) = self.enqueue_many([letter])
        if enqueued.item is None:
            raise enqueued.refusal or DuplicateLetterError("The same letter is in the outbox already.")
        return enqueued.item

    def enqueue_many(self, letters: Sequence[Incoming]) -> list[Enqueued]:
        """Store letters durably in one transaction: see store/enqueue."""
        from tuimail.outbox.store.enqueue import enqueue_many

        return enqueue_many(self.outbox, letters)

    def prune(self, *, keep_days: float = 180.0) -> int:
        """Forget what is long over: see store/prune."""
        from tuimail.outbox.store.prune import prune

        return prune(self.outbox, keep_days=keep_days)

    def _check_restored(self, path: Path) -> None:
        from tuimail.outbox.store.audit_log import AuditLog
        from tuimail.outbox.store.restore_check import check_restored

        audit_log = AuditLog(path)
        try:
            if self._lock.try_alone():
                audit_log.shorten(self.outbox.clock.now())
            self._lock.share()
            message = check_restored(self.outbox, audit_log)
        except BaseException:
            self.close()
            raise
        self.notice = " ".join(filter(None, (self.notice, message)))

    def close(self) -> None:
        """Close the database."""
        if self.outbox.audit_log is not None:
            self.outbox.audit_log.close()
        self.outbox.index.close()
        self.change_notifier.flush()
        self._lock.close()


def _random() -> float:
    import random  # here: it takes a while, and only retries need it

    return random.random()  # noqa: S311 - spreads retries


def _refuse_foreign(state: Path) -> None:
    """Refuse an audit log in a folder of another user. A folder that cannot be made does not stop the sending."""
    try:
        private_dir(state)
    except ForeignStoreError:
        raise
    except StorageError as error:
        log.warning("there is no audit log: %s", error)
