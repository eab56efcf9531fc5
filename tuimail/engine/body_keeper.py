"""Fetches messages of a server in the background, while this process writes the account's cache."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.reconnect import Reconnect

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from tuimail.cache.database import ReadableCache
    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_account import MailAccount
    from tuimail.paths import Paths
    from tuimail.sync.imap_bodies import ImapBodies

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds after a change until it is looked for messages to fetch: a sync stores many times in a row."""
RETRY = 0.5
"""Seconds until it is looked again whether this process writes the cache."""
TURN = 0.1
"""Seconds until it is looked again whether the account's thread has finished its look."""
COMPARE = 600.0
"""Seconds after which the files are compared with the cache once more."""


class BodyKeeper:
    """The thread of one account. It gives way after each message; offline it waits until the server is back."""

    def __init__(
        self, account: Account, paths: Paths, sources: MailSources, mail: MailAccount, kept: Callable[[], None]
    ) -> None:
        """``kept`` is called, on the thread, when messages were fetched."""
        self._account = account
        self._paths = paths
        self._sources = sources
        self._mail = mail
        self._kept = kept
        self._opened: set[tuple[str, str]] = set()
        self._guard = threading.Lock()
        self._compared = -math.inf
        self._reconnect = Reconnect()
        self._again: float | None = None
        """Seconds until it is tried again; None: when something has changed."""
        self._open: tuple[ReadableCache, ImapBodies] | None = None
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"messages of {account.name}", daemon=False)

    def start(self) -> None:
        """Begin with what an earlier run left."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There may be messages to fetch. From any thread."""
        self._wake.set()

    def opened(self, folder: str, key: str) -> None:
        """A message was fetched because the user opened it. From any thread."""
        with self._guard:
            self._opened.add((folder, key))
        self._wake.set()

    def stop(self) -> None:
        """End after the message that is under way; waits for it."""
        self._stopped.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._wake.wait(self._again)
                self._wake.clear()  # before it is looked whether to stop: ``stop`` may come at any moment
                if self._stopped.wait(0.0 if self._opened else PAUSE):
                    return
                while not self._mail.owns_cache:  # not yet, or another process has it
                    if self._stopped.wait(RETRY):
                        return
                self._guarded()
        finally:
            self._close()

    def _guarded(self) -> None:
        # Imported here: the interface starts meanwhile.
        from tuimail.cache.database import DamagedCacheError, NoCacheError

        self._again = None
        try:
            self._keep()
            self._reconnect.succeeded()
        except NoCacheError:
            return
        except ImapError as error:  # the thread of the account may not notice
            self._again = self._reconnect.failed(lasting=error.lasting)
            log.info("messages of %s cannot be fetched now: %s", self._account.name, error)
        except DamagedCacheError as error:
            self._close()
            self._mail.suspect(error)
        except TuimailError as error:  # there may be room on the disk again
            self._again = self._reconnect.failed(lasting=False)
            log.info("messages of %s cannot be fetched now: %s", self._account.name, error)
        except Exception:
            log.exception("messages of %s", self._account.name)

    def _keep(self) -> None:
        from tuimail.engine.unsent_sources import unsent_sources

        cache, bodies = self._ready()
        with self._guard:
            places, self._opened = self._opened, set()
        if places:
            bodies.opened(places)
            self._kept()
        if time.monotonic() - self._compared >= COMPARE:
            bodies.look(unsent_sources(self._paths, self._account.name))
            self._compared = time.monotonic()
            self._kept()
        while self._goes_on() and not cache.is_lost():
            fetched = bodies.step(self._goes_on)
            if fetched is None:
                return
            if fetched:
                self._kept()

    def _goes_on(self) -> bool:
        """Waits for the end of a look: both would select mailboxes on one connection in turn."""
        while self._mail.server.looking and not self._stopped.is_set():
            self._stopped.wait(TURN)
        if self._stopped.is_set() or self._opened:
            return False
        return self._mail.server.offline is None and self._mail.owns_cache

    def _ready(self) -> tuple[ReadableCache, ImapBodies]:
        """What is open; another cache was begun if that one was lost. Raises StorageError."""
        from tuimail.cache.database import ReadableCache
        from tuimail.engine.cache_place import cache_of

        if self._open is not None and self._open[0].is_lost():
            self._close()
        if self._open is None:
            cache = ReadableCache(cache_of(self._account, self._paths)[0])
            bodies = self._sources.of(self._account).bodies(cache, self._write)
            assert bodies is not None  # noqa: S101 - made for accounts on a server alone
            self._open = cache, bodies
            self._compared = -math.inf
        return self._open

    def _close(self) -> None:
        before, self._open = self._open, None
        if before is not None:
            before[0].close()

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        self._mail.write(work).result()
