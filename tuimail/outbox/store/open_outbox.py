"""One open outbox: its folder, its index, the clock and the settings, shared by the parts of the store."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.coordination.batch import Failed, Outcome, do_first
from tuimail.outbox.store.letter_file import letter_path
from tuimail.outbox.store.transaction import Transaction, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.config.model import OutboxSettings, Rate
    from tuimail.coordination.lock import Host
    from tuimail.outbox.model.outcome import Chance
    from tuimail.outbox.store.audit_log import AuditLog
    from tuimail.outbox.store.database import Database

log = logging.getLogger(__name__)


class OpenOutbox:
    """What the parts of the store stand on. Calls that join share its transactions (coordination/batch.Group)."""

    def __init__(
        self,
        folder: Path,
        index: Database,
        clock: Clock,
        host: Host,
        settings: OutboxSettings,
        chance: Chance,
        *,
        rates: Mapping[str, Rate],
        skip_reasons: Mapping[str, str],
    ) -> None:
        self.folder = folder
        self.index = index
        self.clock = clock
        self.host = host
        self.settings = settings
        self.chance = chance
        self.rates = rates
        """The users' own limits, by account."""
        self.skip_reasons = skip_reasons
        """Accounts whose letters get no Sent copy, and why."""
        self.audit_log: AuditLog | None = None
        """Notes the state of every letter outside of the folder."""

    def reconfigure(
        self, settings: OutboxSettings, *, rates: Mapping[str, Rate], skip_reasons: Mapping[str, str]
    ) -> None:
        """Go by other settings from now on. On the thread of the outbox, outside of a transaction."""
        self.settings = settings
        self.rates = rates
        self.skip_reasons = skip_reasons

    @property
    def inside(self) -> bool:
        """A transaction is open."""
        return self.index.inside

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Read outside of a transaction, or what the open one sees."""
        with self.index.reading() as db:
            yield View(db, self.folder, self.clock.now())

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One durable transaction, or a part of the open one (outbox/store/database).

        Raises:
            StorageError: the disk refuses, or another process holds the outbox; nothing was changed then.
        """
        with self.index.writing():
            yield Transaction(self.index, self.folder, self.clock.now(), self.audit_log)

    def letter_path(self, item_id: str) -> Path:
        """The letter's file; gone once the item is done."""
        return letter_path(self.folder, item_id)

    # -- calls that share a transaction
    def first(self, calls: Sequence[Callable[[], object]]) -> None:
        """Make the answers among the calls durable on their letters, before anything can go wrong with the index."""
        for descriptor in [do_first(each) for each in calls]:
            if descriptor is not None:
                try:
                    os.fsync(descriptor)
                except OSError as error:
                    log.warning("an answer could not be put on its letter: %s", error)
                finally:
                    os.close(descriptor)

    def together(self, calls: Sequence[Callable[[], object]]) -> list[Outcome]:
        """Carry out calls that join in one durable transaction."""
        outcomes: list[Outcome] = []
        try:
            with self.index.writing() as db:
                for call in calls:
                    try:
                        outcomes.append(call())
                    except Exception as error:
                        outcomes.append(Failed(error))
                        if not db.in_transaction:
                            raise  # SQLite gave up the whole
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            failed: list[Outcome] = [each if isinstance(each, Failed) else Failed(error) for each in outcomes]
            return failed + [Failed(error)] * (len(calls) - len(failed))
        return outcomes
