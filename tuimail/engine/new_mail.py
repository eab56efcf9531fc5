"""Which messages of an account are new mail that the user is to be told of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tuimail.cache.arrivals import last_stored, stored_since
from tuimail.errors import NoSuchItemError, StorageError
from tuimail.mail.flags import OLD, SEEN
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from tuimail.config.model import Account
    from tuimail.engine.mail_index import IndexEntry
    from tuimail.engine.mail_reader import MailReader

SLACK = 3600.0
"""Seconds by which the clock of a server may be behind, and a message be late."""
MOST = 100
"""Messages that are told of at once."""
QUIET = frozenset({"sent", "drafts", "trash", "junk", "all", "archive", "flagged"})
"""Special folders that ``notify = ["*"]`` does not mean."""


class NewMail:
    """Looks into the cache after each look at the mailbox. Used on the thread of the account."""

    def __init__(self, account: Account, *, now: Callable[[], float] = time.time) -> None:
        """``now`` gives the seconds since the epoch."""
        self._account = account.name
        self._folders = frozenset(account.notify)
        self._now = now
        self._after: int | None = None
        """The row that was stored last at the look before; None: what there is was there before the program."""
        self._looked = 0.0

    def reopened(self) -> None:
        """Another cache is begun: its rows are not new."""
        self._after = None

    def found(self, db: sqlite3.Connection) -> list[MessageRef]:
        """What came since this was asked before, the newest first; nothing for the first time. In a transaction."""
        after, looked = self._after, self._looked
        self._after, self._looked = last_stored(db), self._now()
        if after is None or after == self._after or not self._folders:
            return []
        rows = stored_since(db, after, looked - SLACK, MOST)
        return [
            MessageRef(self._account, each.folder, each.key) for each in rows if self._tells(each.folder, each.special)
        ]

    def _tells(self, folder: str, special: str) -> bool:
        return folder in self._folders or ("*" in self._folders and special not in QUIET)


def still_new(reader: MailReader, messages: Iterable[MessageRef]) -> list[IndexEntry]:
    """Those of the messages that nobody has seen or read meanwhile, here or with another program."""
    found = []
    for ref in messages:
        try:
            mail = reader.mail(ref.account)
            row = mail.message(ref).row
        except (NoSuchItemError, StorageError):
            continue
        if not row.flags & (SEEN | OLD):
            found.append(reader.entry(mail, row))
    return found
