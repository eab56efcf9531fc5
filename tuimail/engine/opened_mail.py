"""The received mail of accounts, opened when it is asked for, on the thread of a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.database import NoCacheError, ReadableCache
from tuimail.engine.cache_place import cache_of
from tuimail.engine.received_mail import ReceivedMail

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_accounts import MailAccounts
    from tuimail.engine.server_hits import ServerHits
    from tuimail.paths import Paths


class OpenedMail:
    """Used by one thread; ``accounts`` may change meanwhile."""

    def __init__(self, accounts: MailAccounts, paths: Paths, sources: MailSources, hits: ServerHits | None) -> None:
        """``hits`` is what servers have found, shared by several readers."""
        self._accounts = accounts
        self._paths = paths
        self._sources = sources
        self._hits = hits
        self._opened: dict[str, ReceivedMail] = {}
        self._left: list[ReadableCache] = []
        """Caches of accounts that have another one now; what is still on the screen is read from them."""

    def close(self) -> None:
        """Close what is open."""
        for cache in (*self._left, *(each.cache for each in self._opened.values())):
            cache.close()
        self._left.clear()
        self._opened.clear()

    def of(self, account: str) -> ReceivedMail:
        """As ``MailReader.mail``."""
        configured = self._accounts.get(account)
        if configured is None:
            raise NoCacheError(f"The account {account} is not in the config any more.")
        opened = self._opened.get(account)
        if opened is not None and opened.cache.is_lost():
            opened.cache.close()
            del self._opened[account]
            opened = None
        if opened is None or opened.account is not configured:
            opened = self._opened[account] = self._open(configured, opened)
        return opened

    def _open(self, account: Account, before: ReceivedMail | None) -> ReceivedMail:
        folder = cache_of(account, self._paths)[0]
        if before is not None and before.cache.path.parent == folder:
            cache = before.cache
        else:
            cache = ReadableCache(folder)
            if before is not None:
                self._left.append(before.cache)
        opened = ReceivedMail(account, self._sources.of(account, fetches=False), cache)
        if self._hits is not None:
            opened.hits = self._hits
        return opened
