"""Rows of messages that were fetched from an IMAP server, and of those that it could not deliver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.summaries import NewMessage, insert, set_flags
from tuimail.cache.uids import UNDELIVERED, UidRow, attach
from tuimail.mail.summary import Summary, base_subject, summary_of
from tuimail.sync.imap_changes import flag_changes

if TYPE_CHECKING:
    import sqlite3

    from tuimail.mailboxes.imap_values import FetchedHeader
    from tuimail.sync.imap_headers import ReadHeaders
    from tuimail.sync.imap_rematch import Rematch

NOT_DELIVERED = "The server cannot deliver this message."
"""In place of its subject."""
_LONGEST_ID = 255
_GIVE_WAY = 5
"""Messages that are read until another thread may run: keys are answered within a frame meanwhile."""


def key_of(validity: int, uid: int) -> str:
    """What a message is called in its mailbox, in the cache and in the journal."""
    return f"{validity}.{uid}"


class NewRows(NamedTuple):
    """Messages of one batch, by uid, ascending."""

    messages: list[NewMessage]

    @classmethod
    def of(cls, read: ReadHeaders, validity: int, now: float) -> NewRows:
        """Made outside the transaction, for reading headers takes longest.

        Args:
            read: what the server delivered, and what not.
            validity: UIDVALIDITY.
            now: when a message arrived of which that is not known.
        """
        messages = []
        for at, each in enumerate(sorted(read.headers, key=lambda header: header.uid)):
            messages.append(_delivered(each, validity))
            if at % _GIVE_WAY == 0:
                time.sleep(0)  # else the interface waits for the interpreter's lock
        arrived = max((each.arrived for each in read.headers), default=0) or int(now)
        messages += [_undelivered(uid, validity, arrived, read) for uid in read.undeliverable]
        return cls(sorted(messages, key=lambda message: message.uid or 0))

    def __bool__(self) -> bool:
        return bool(self.messages)

    def store(self, db: sqlite3.Connection, mailbox: int, rematch: Rematch | None = None) -> tuple[int, dict[str, str]]:
        """Insert them, or give the rows they had before their uids.

        Returns:
            How many are new, and the new keys of the others, by old ones.
        """
        new, keys = [], {}
        for each in self.messages:
            match = rematch.take(each.summary, each.objectid) if rematch and each.modseq != UNDELIVERED else None
            if match is None or each.uid is None:
                new.append(each)
                continue
            row, summary = match.row, each.summary
            attach(db, row.id, each.uid, each.emailid, each.objectid, same_text=match.certain)
            before = UidRow(row.id, each.uid, row.flags, row.server_flags, "\n")
            set_flags(db, flag_changes([before], {each.uid: summary}))
            keys[row.key] = each.emailid
        insert(db, mailbox, new)
        return len(new), keys


def _delivered(header: FetchedHeader, validity: int) -> NewMessage:
    summary = summary_of(
        header.header, flags=header.flags, keywords=header.keywords, size=header.size, arrived=header.arrived
    )
    return NewMessage(summary, header.uid, key_of(validity, header.uid), objectid=_object_id(header.emailid))


def _object_id(told: str) -> str:
    """RFC 8474 section 7: up to 255 ASCII characters."""
    return told if told.isascii() and len(told) <= _LONGEST_ID else ""


def _undelivered(uid: int, validity: int, arrived: int, read: ReadHeaders) -> NewMessage:
    flags = read.flags.get(uid)
    bits, keywords = (flags.flags, flags.keywords) if flags else (0, "")
    texts = ("", "", "", NOT_DELIVERED, base_subject(NOT_DELIVERED), "", "", "")
    summary = Summary(bits, keywords, 0, arrived, arrived, *texts, None)
    return NewMessage(summary, uid, key_of(validity, uid), modseq=UNDELIVERED)
