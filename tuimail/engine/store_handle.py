"""A store of the engine, and the one thread that may touch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.coordination.writer import Writer

S = TypeVar("S")
T = TypeVar("T")


def not_started() -> RuntimeError:
    """The error of everything that is asked of an engine before ``start`` or after ``stop``."""
    return RuntimeError("the engine is not started")


class StoreHandle(Generic[S]):
    """Runs calls on a store in a thread of its own, so that neither the event loop nor another store waits for it."""

    def __init__(self, name: str, make: Callable[[], S], close: Callable[[S], None] | None = None) -> None:
        """``make`` opens the store and ``close`` closes it, both on its thread; ``name`` is that of the thread.

        The store is opened when it is used for the first time.
        """
        self._name = name
        self._make = make
        self._close = close
        self._writer: Writer | None = None
        self._store: S | None = None
        self.started = False
        """``run`` can be called."""

    def start(self) -> None:
        """Allow calls."""
        self.started = True

    @property
    def writer(self) -> Writer:
        """The thread. Raises RuntimeError when the engine is not started."""
        if not self.started:
            raise not_started()
        if self._writer is None:
            from tuimail.coordination.writer import Writer

            self._writer = Writer(self._name)
        return self._writer

    async def run(self, work: Callable[[S], T]) -> T:
        """What ``work`` returns, called with the store on its thread. Begun, it is carried out even if not awaited.

        Raises:
            RuntimeError: the engine is not started.
            TuimailError: what opening the store or ``work`` raises.
        """
        return await self.writer.run(self._call, work)

    def stop(self) -> None:
        """Finish what was begun, close the store if it was opened, and end the thread. Awaits nothing."""
        self.started = False
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.call(self._closed)
        finally:
            writer.close()

    def _call(self, work: Callable[[S], T]) -> T:
        if self._store is None:
            self._store = self._make()
        return work(self._store)

    def _closed(self) -> None:
        store, self._store = self._store, None
        if store is not None and self._close is not None:
            self._close(store)
