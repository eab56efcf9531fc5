"""Reads the files of messages that the cache lists, in a Maildir where names change all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.stored_names import read_name
from tuimail.mail.flags import OLD, to_maildir
from tuimail.mailboxes.maildir_folder import MaildirScanner, MessageGoneError, open_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.cache.database import ReadableCache

_FIND = (
    "SELECT mailbox.wire, emailid, server_flags FROM message JOIN mailbox ON mailbox.id = message.mailbox "
    "WHERE message.id = ? AND leaving IS NULL"
)


class MaildirLetters:
    """The messages of one account; used by the thread that uses ``cache``."""

    def __init__(self, cache: ReadableCache, folders: Mapping[str, Path]) -> None:
        """``folders`` has the path of each folder by its name."""
        self._cache = cache
        self._folders = folders
        self._listed: dict[str, dict[str, str]] = {}
        """Paths by unique part, of folders in which a name could not be told from the flags."""

    def read(self, message: int, limit: int) -> bytes:
        """The first ``limit`` bytes of the message with this id.

        Raises:
            MessageGoneError: it is gone.
            StorageError: it cannot be read.
        """
        with self._cache.reading() as db:
            row = db.execute(_FIND, (message,)).fetchone()
        if row is None or row[0] not in self._folders:
            raise MessageGoneError("The letter is gone: another program moved or deleted it.")
        folder, unique = self._folders[row[0]], read_name(row[1])
        path = self._path(folder, row[0], unique, row[2])
        file, _ = open_message(folder, unique, path=path)
        with file:
            return file.read(limit)

    def _path(self, folder: Path, name: str, unique: str, flags: int) -> str:
        """Where it should be. Looking through a large folder for each message would take for ever."""
        usual = f"cur/{unique}:2,{to_maildir(flags)}" if flags & OLD else f"new/{unique}"
        if (folder / usual).is_file():
            return usual
        if name not in self._listed:
            self._listed[name] = dict(MaildirScanner(folder, ()).scan().appeared)
        return self._listed[name].get(unique, "")
