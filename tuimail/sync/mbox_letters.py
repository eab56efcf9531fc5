"""Reads messages that the cache lists, in mbox files that other programs change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.stored_names import read_name
from tuimail.mailboxes.maildir_folder import MessageGoneError
from tuimail.mailboxes.mbox import open_mbox
from tuimail.mailboxes.mbox_folder import digest_of, message_at, read_message, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.cache.database import ReadableCache

_FIND = (
    "SELECT mailbox.wire, emailid, message.modseq FROM message JOIN mailbox ON mailbox.id = message.mailbox "
    "WHERE message.id = ? AND leaving IS NULL"
)


class MboxLetters:
    """The messages of one account; used by the thread that uses ``cache``."""

    def __init__(self, cache: ReadableCache, folders: Mapping[str, Path]) -> None:
        """``folders`` has the file of each folder by its name."""
        self._cache = cache
        self._folders = folders

    def read(self, message: int, limit: int) -> bytes:
        """The first ``limit`` bytes of the message with this id, with LF line ends.

        Only looked for where it was at the last sync: looking through the file for each would take for ever.

        Raises:
            MessageGoneError: it is not there any more.
            StorageError: it cannot be read.
        """
        with self._cache.reading() as db:
            row = db.execute(_FIND, (message,)).fetchone()
        if row is None or row[0] not in self._folders:
            raise MessageGoneError("The letter is gone: another program deleted or changed it.")
        path = self._folders[row[0]]
        try:
            with open_mbox(path) as file:
                found = message_at(file, row[2])
                if found is not None and digest_of(file, found) == read_name(row[1]).partition(".")[0]:
                    return read_message(file, found, limit)
        except OSError as error:
            raise unreadable(path, error) from error
        raise MessageGoneError("The letter is gone: another program deleted or changed it.")
