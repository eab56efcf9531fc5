"""The mail of an account in mbox files, which are only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tuimail.engine.mail_source import check_writable, folder_gone, no_server

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection
    from pathlib import Path

    from tuimail.cache.database import ReadableCache, WritableCache
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import FoundAtServer, MailWatch
    from tuimail.journal.store import ActionJournal
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.sync.mailbox_sync import MailboxSync


class MboxSource:
    """An mbox file or a folder of them: a MailSource."""

    def __init__(self, account: Account, root: Path) -> None:
        self._root = root
        self._account = account

    def sync(
        self,
        cache: WritableCache,
        told: Callable[[str], None] = lambda _sentence: None,  # noqa: ARG002
    ) -> MailboxSync:
        """Its synchronisation with the cache."""
        from tuimail.sync.mbox_sync import MboxSync

        return MboxSync(cache, self._root, self._account.folders)

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """The first bytes of messages. Raises StorageError: the files cannot be read."""
        from tuimail.mailboxes.mbox_folder import find_mboxes
        from tuimail.sync.mbox_letters import MboxLetters

        return MboxLetters(cache, {each.name: each.path for each in find_mboxes(self._root)}).read

    def bodies(self, cache: ReadableCache, write: Callable[[Callable[[sqlite3.Connection], None]], None]) -> None:
        """All of it is on this machine."""

    def search(self, wire: str, criteria: Criteria) -> FoundAtServer:  # noqa: ARG002
        """All texts are here."""
        raise no_server()

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:
        """The bytes of a message. Raises MessageGoneError and StorageError."""
        from tuimail.mailboxes.mbox_folder import find_mboxes, open_mbox_message

        path = next((each.path for each in find_mboxes(self._root) if each.name == folder), None)
        if path is None:
            raise folder_gone(folder)
        return open_mbox_message(path, key, near=near)

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Nothing waits for a server."""

    def watch(self, changed: Callable[[], None]) -> MailWatch:
        """Watches its files, as far as the system does that."""
        from tuimail.engine.mailbox_watch import MailboxWatch
        from tuimail.mailboxes.mbox_folder import mbox_places

        return MailboxWatch(self._root, lambda: mbox_places(self._root), changed)

    def replayer(self, journal: ActionJournal, owner: str) -> None:  # noqa: ARG002
        """Nothing is changed in it."""
        return

    def leave(self, folder: str, keys: Collection[str]) -> None:
        """Nothing is changed in it."""

    def create_folder(self, name: str) -> None:  # noqa: ARG002
        """Raises UsageError."""
        check_writable(self._account)

    def rename_folder(self, name: str, to: str) -> None:  # noqa: ARG002
        """Raises UsageError."""
        check_writable(self._account)

    def delete_folder(self, name: str) -> None:  # noqa: ARG002
        """Raises UsageError."""
        check_writable(self._account)
