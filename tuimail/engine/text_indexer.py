"""Fills the full-text index of an account in the background, while this process writes the account's cache."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.errors import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_account import MailAccount
    from tuimail.paths import Paths

RETRY = 2.0
"""Seconds until it is looked again whether this process writes the cache."""

AGAIN = 30.0
"""Seconds after which it is tried again when the disk refused."""

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds after a change until it is looked for new messages: a sync stores many times in a row."""


class TextIndexer:
    """The thread of one account; it reads and parses messages, and has the account's thread write the cache."""

    def __init__(self, account: Account, paths: Paths, sources: MailSources, mail: MailAccount) -> None:
        self._account = account
        self._paths = paths
        self._sources = sources
        self._mail = mail
        self._again: float | None = None
        """Seconds until it is tried again; None: when something has changed."""
        self._told = False
        """The user knows that the disk refuses."""
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"texts of {account.name}", daemon=False)

    def start(self) -> None:
        """Begin with what an earlier run left."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There may be messages that are not indexed. From any thread."""
        self._wake.set()

    def stop(self) -> None:
        """End after the step that is under way; waits for it."""
        self._stopped.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._again)
            self._wake.clear()  # before it is looked whether to stop: ``stop`` may come at any moment
            if self._stopped.wait(PAUSE):
                return
            while not self._mail.owns_cache:  # not yet, or another process has it
                if self._stopped.wait(RETRY):
                    return
            self._again = None
            try:
                self._try_to_fill()
                self._told = False
            except StorageError as error:
                self._again = AGAIN
                self._tell(error)
            except Exception:
                log.exception("the full-text index of %s", self._account.name)

    def _tell(self, error: StorageError) -> None:
        """Say once that texts are not indexed any more, until they are again."""
        log.warning("the full-text index of %s cannot be filled: %s", self._account.name, error)
        if not self._told:
            self._told = True
            self._mail.tell(f"{self._account.name}: {error}  New letters are found by their words once that is mended.")

    def _try_to_fill(self) -> None:
        # Imported here: the interface starts meanwhile, and none of it is needed for that.
        from tuimail.cache.database import DamagedCacheError, NoCacheError

        try:
            self._fill()
        except NoCacheError:
            return
        except DamagedCacheError as error:
            self._mail.suspect(error)

    def _fill(self) -> None:
        from tuimail.cache.database import ReadableCache
        from tuimail.engine.cache_place import cache_of
        from tuimail.sync.fulltext_sync import FulltextSync

        source = self._sources.of(self._account)
        with (
            closing(ReadableCache(cache_of(self._account, self._paths)[0])) as cache,
            closing(
                FulltextSync(cache, self._write, source.texts(cache), only_kept=self._account.is_on_server)
            ) as texts,
        ):
            # A cache that was deleted would look as if nothing of it were ever indexed.
            texts.fill(stopped=lambda: self._stopped.is_set() or not self._mail.owns_cache or cache.is_lost())

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        self._mail.write(work).result()
