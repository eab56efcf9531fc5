"""The mail of an account in a Maildir."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tuimail.config.model import MaildirLayout
from tuimail.engine.mail_source import folder_gone, no_server

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection
    from pathlib import Path

    from tuimail.cache.database import ReadableCache, WritableCache
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import FoundAtServer, MailWatch, Replayer
    from tuimail.journal.store import ActionJournal
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.sync.mailbox_sync import MailboxSync


class MaildirSource:
    """A Maildir: a MailSource."""

    def __init__(self, account: Account, root: Path) -> None:
        self._root = root
        self._account = account
        self._paths: dict[str, Path] = {}

    def sync(
        self,
        cache: WritableCache,
        told: Callable[[str], None] = lambda _sentence: None,  # noqa: ARG002
    ) -> MailboxSync:
        """Its synchronisation with the cache."""
        from tuimail.sync.maildir_sync import MaildirSync

        return MaildirSync(cache, self._root, self._account.folders)

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """The first bytes of messages. Raises StorageError: the Maildir cannot be read."""
        from tuimail.mailboxes.maildir_folder import find_folders
        from tuimail.sync.maildir_letters import MaildirLetters

        return MaildirLetters(cache, {each.name: each.path for each in find_folders(self._root)}).read

    def bodies(self, cache: ReadableCache, write: Callable[[Callable[[sqlite3.Connection], None]], None]) -> None:
        """All of it is on this machine."""

    def search(self, wire: str, criteria: Criteria) -> FoundAtServer:  # noqa: ARG002
        """All texts are here."""
        raise no_server()

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:  # noqa: ARG002
        """The bytes of a message. Raises MessageGoneError and StorageError."""
        from tuimail.mailboxes.maildir_folder import find_folders, open_message

        if folder not in self._paths or not self._paths[folder].is_dir():
            self._paths = {each.name: each.path for each in find_folders(self._root)}
        if folder not in self._paths:
            raise folder_gone(folder)
        return open_message(self._paths[folder], key)[0]

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Nothing waits for a server."""

    def watch(self, changed: Callable[[], None]) -> MailWatch:
        """Watches its files, as far as the system does that."""
        from tuimail.engine.mailbox_watch import MailboxWatch
        from tuimail.mailboxes.watch import maildir_places

        return MailboxWatch(self._root, lambda: maildir_places(self._root), changed)

    def replayer(self, journal: ActionJournal, owner: str) -> Replayer:
        """Carries out what the journal says."""
        from tuimail.sync.maildir_replay import MaildirReplayer

        return MaildirReplayer(journal, self._account.name, self._root, owner)

    def leave(self, folder: str, keys: Collection[str]) -> None:
        """Move messages from ``new`` to ``cur``, as every program does that shows a Maildir. Raises StorageError."""
        from tuimail.mailboxes.maildir_folder import keep_as_old

        keep_as_old(self._root, folder, keys)

    def create_folder(self, name: str) -> None:
        """Make a folder, in the layout that the user wants or the Maildir has. Raises UsageError and StorageError."""
        from tuimail.mailboxes.maildir_folders import create_folder

        layout = self._account.maildir_layout
        create_folder(self._root, name, dots=None if layout is MaildirLayout.AUTO else layout is MaildirLayout.DOTS)

    def rename_folder(self, name: str, to: str) -> None:
        """Give a folder, and those below it, another name. Raises UsageError and StorageError."""
        from tuimail.mailboxes.maildir_folders import rename_folder

        rename_folder(self._root, name, to)

    def delete_folder(self, name: str) -> None:
        """Delete a folder with its messages, for good. Raises UsageError and StorageError."""
        from tuimail.mailboxes.maildir_folders import delete_folder

        delete_folder(self._root, name)
