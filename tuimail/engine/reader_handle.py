"""The mail reader of the engine on its thread; a cache that it finds damaged is reported to who writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.store_handle import StoreHandle
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.cache.database import DamagedCacheError
    from tuimail.engine.mail_reader import MailReader

T = TypeVar("T")


class ReaderHandle:
    """Runs calls on a MailReader that is opened when it is used for the first time."""

    def __init__(self, name: str, make: Callable[[], MailReader], damaged: Callable[[DamagedCacheError], None]) -> None:
        """``damaged`` is called with an error that a call raised; ``name`` is that of the thread."""
        self._handle = StoreHandle(name, make, lambda reader: reader.close())
        self._damaged = damaged

    def start(self) -> None:
        """Allow calls."""
        self._handle.start()

    def stop(self) -> None:
        """As ``StoreHandle.stop``."""
        self._handle.stop()

    async def run(self, work: Callable[[MailReader], T]) -> T:
        """As ``StoreHandle.run``."""
        try:
            return await self._handle.run(work)
        except StorageError as error:
            from tuimail.cache.database import DamagedCacheError

            if isinstance(error, DamagedCacheError):
                self._damaged(error)
            raise
