"""What is left to do with letters that were accepted: their Sent copies, and the flags of the messages they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.states import FilingState, FlaggingState
from tuimail.outbox.run.answered_flag_worker import AnsweredFlagWorker
from tuimail.outbox.run.sent_copy_worker import SentCopyWorker

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from tuimail.clock import Clock
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.run.answered_flag_worker import AnsweredFlagger
    from tuimail.outbox.run.context import RunContext
    from tuimail.outbox.run.sent_copy_worker import CopyFiler


class AcceptedWork:
    """Starts and stops the workers of both; without a filer no copy is filed, without a flagger nothing is flagged."""

    def __init__(
        self,
        context: RunContext,
        clock: Clock,
        filer: CopyFiler | None,
        flagger: AnsweredFlagger | None,
        *,
        touched: Callable[[OutboxItem], None],
        ended: Callable[[asyncio.Task[None]], None],
    ) -> None:
        """``touched`` is called with every letter that was worked on, ``ended`` with each task that is over."""
        self._context = context
        self._copies = None if filer is None else SentCopyWorker(context, filer, clock, touched)
        self._flags = None if flagger is None else AnsweredFlagWorker(context, flagger, touched)
        self._ended = ended
        self._stopping = False

    @property
    def can_file(self) -> bool:
        """Copies can be filed, and none is being filed."""
        return self._copies is not None and not self._copies.busy

    @property
    def can_flag(self) -> bool:
        """Flags can be set, and none is being set."""
        return self._flags is not None and not self._flags.busy

    async def start_due(self) -> None:
        """Begin with what is due."""
        store, do = self._context.store, self._context.writer.run
        if self.can_file:
            unfiled = await do(store.sent_copies.due, most=1)
            self._start(copies=bool(unfiled))
        if self.can_flag:
            unflagged = await do(store.answered_flags.due, most=1)
            self._start(flags=bool(unflagged))

    def start_for(self, item: OutboxItem) -> None:
        """Begin with what ``item``, just sent, needs."""
        self._start(
            copies=item.filing.state is FilingState.DUE,
            flags=item.flagging.state is FlaggingState.DUE,
        )

    async def run(self, *, only: str | None = None) -> None:
        """Do all that is due; of all letters ``only`` what this one needs."""
        if self._copies is not None and not self._stopping:
            await self._copies.run(only=only)
        if self._flags is not None and not self._stopping:
            await self._flags.run(only=only)

    def stop(self) -> list[asyncio.Task[None]]:
        """Begin nothing more and cancel what is under way; its tasks, to be waited for."""
        self._stopping = True
        return [task for worker in (self._copies, self._flags) if worker is not None for task in worker.stop()]

    def _start(self, *, copies: bool = False, flags: bool = False) -> None:
        if copies and self._copies is not None and not self._stopping:
            self._copies.start(self._ended)
        if flags and self._flags is not None and not self._stopping:
            self._flags.start(self._ended)
