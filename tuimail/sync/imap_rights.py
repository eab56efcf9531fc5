"""What the user may do in a mailbox, as the server says: asked once, and stored with the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.folders import update_mailbox

if TYPE_CHECKING:
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
        if not self._asked:
            self._told = self._server.rights(row.wire)
            self._asked = True
        rights = READ_ONLY if state.read_only else self._told
        now = "" if rights is None else rights or "l"  # it is listed, or nobody would ask
        if now != row.rights:
            with self._cache.writing() as db:
                update_mailbox(db, row.id, rights=now)
