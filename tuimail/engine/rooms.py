"""What every part of the engine stands on: the stores, the one thread that touches them, who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.clock import Clock, SystemClock
from tuimail.engine.wiring import SentCopies, Wiring
from tuimail.events import (
    Announcer,
    ItemChanged,
)
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft_store import DraftStore
    from tuimail.config.model import Config
    from tuimail.coordination.writer import Writer
    from tuimail.engine.evidence import EvidenceSeeker
    from tuimail.engine.surroundings import Surroundings
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.run.runner import Runner
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

P = ParamSpec("P")
T = TypeVar("T")


class Rooms:
    """The stores of an engine, and how its parts reach them."""

    def __init__(self, config: Config, paths: Paths, *, clock: Clock | None = None) -> None:
        self.config = config
        self.paths = paths
        self.clock = clock or SystemClock()
        self.announcer = Announcer()
        self._wiring = Wiring(config, paths, self.announcer)
        self._writer: Writer | None = None
        self._store: Store | None = None
        self._drafts: DraftStore | None = None
        self._correspondents: Correspondents | None = None
        self._copies = SentCopies(self._wiring, paths)
        self._runner: Runner | None = None
        self._running: asyncio.Task[None] | None = None
        self._surroundings: Surroundings | None = None
        self._seeking: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for due letters now (network up, resume, "send now")."""
        if self._runner is not None:
            self._runner.wake()

    def _changed(self, item: OutboxItem) -> None:
        self.announcer.announce(ItemChanged(item.id))
        self.wake()

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            raise RuntimeError("the engine is not started")
        return await self._writer.run(work, *args, **kwargs)

    @property
    def _queue(self) -> Store:
        if self._store is None:
            raise RuntimeError("the engine is not started")
        return self._store

    @property
    def _seeker(self) -> EvidenceSeeker:
        from tuimail.engine.evidence import EvidenceSeeker

        return EvidenceSeeker(
            lambda: self._run(self._queue.uncertain),
            lambda item_id: self._run(self._queue.found_sent, item_id),
            self._copies.holds,
            self.announcer,
            self.clock.now,
        )

    @property
    def _draft_store(self) -> DraftStore:
        if self._drafts is None:
            from tuimail.compose.draft_store import DraftStore

            self._drafts = DraftStore(private_dir(self.paths.drafts))
        return self._drafts

    @property
    def _known(self) -> Correspondents:
        if self._correspondents is None:
            from tuimail.compose.correspondents import Correspondents

            self._correspondents = Correspondents(self.paths.correspondents)
        return self._correspondents
