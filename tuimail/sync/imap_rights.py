"""What the user may do in a mailbox, as the server says: asked once, and stored with the mailbox."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.cache.folders import update_mailbox
from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.cache.database import WritableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.mailboxes.imap_values import MailboxState
    from tuimail.sync.imap_server import ImapServer

READ_ONLY = "lr"
"""Of a mailbox that was selected READ-ONLY: listed and read."""


class MailboxRights:
    """The rights of one mailbox. On the thread that writes the cache."""

    def __init__(self, cache: WritableCache, server: ImapServer) -> None:
        self._cache = cache
        self._server = server
        self._told: str | None = None
        self._asked = False

    def store(self, row: CachedMailbox, state: MailboxState) -> None:
        """Store those of a mailbox that was opened. Raises ImapError: the connection is lost; and StorageError."""
        self._ask(row)
        self._store(row, READ_ONLY if state.read_only else self._told)

    @contextmanager
    def stored_if_refused(self, row: CachedMailbox) -> Iterator[None]:
        """If the server refuses to open it within, store them: most often it may not be read. Raises as ``store``."""
        try:
            yield
        except ImapError as error:
            if error.status is not None:
                self._ask(row)
                if self._told is not None:
                    self._store(row, self._told)
            raise

    def _ask(self, row: CachedMailbox) -> None:
        if not self._asked:
            self._told = self._server.rights(row.wire)
            self._asked = True

    def _store(self, row: CachedMailbox, rights: str | None) -> None:
        now = "" if rights is None else rights or "l"  # it is listed, or nobody would ask
        if now != row.rights:
            with self._cache.writing() as db:
                update_mailbox(db, row.id, rights=now)
