"""The searches that the user saved: engine.searches. The file is read and written in other threads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tuimail.clock import Clock
    from tuimail.config.saved_searches import SavedSearch, SavedSearches
    from tuimail.paths import Paths


class Searches:
    """Those of searches.toml; it may be changed by the user, or another process, at any time."""

    def __init__(self, paths: Paths, accounts: Callable[[], Collection[str]], clock: Clock) -> None:
        """``accounts`` gives the names of the accounts there are."""
        self._file = paths.searches_file
        self._accounts = accounts
        self._clock = clock
        self._changing = asyncio.Lock()

    async def all(self) -> SavedSearches:
        """All that can be read, and what is wrong with the others."""
        from tuimail.config.saved_searches import load_searches

        return await asyncio.to_thread(load_searches, self._file, self._clock.now(), self._accounts())

    async def add(self, search: SavedSearch) -> None:
        """Save one under a new name. Raises UsageError, ConfigError and StorageError as ``add_search``."""
        from tuimail.config.saved_searches import add_search

        await self._change(lambda now: add_search(self._file, search, now))

    async def remove(self, name: str) -> None:
        """Forget one. Raises as ``remove_search``."""
        from tuimail.config.saved_searches import remove_search

        await self._change(lambda now: remove_search(self._file, name, now))

    async def rename(self, name: str, new: str) -> None:
        """Give one another name. Raises as ``rename_search``."""
        from tuimail.config.saved_searches import rename_search

        await self._change(lambda now: rename_search(self._file, name, new, now))

    async def _change(self, change: Callable[[float], None]) -> None:
        async with self._changing:
            await asyncio.to_thread(change, self._clock.now())
