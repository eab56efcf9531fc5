"""Where the mail of an account is kept: a Maildir, or mbox files, which are only read.

What each of them needs is imported when it is used: listing messages needs none of it, and is to begin at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuimail.cache.database import ReadableCache, WritableCache
    from tuimail.config.model import Account
    from tuimail.mailboxes.maildir_folder import MessageGoneError
    from tuimail.mailboxes.watch import WatchedPlace
    from tuimail.sync.mailbox_sync import MailboxSync


class MailSource(Protocol):
    """The mail of one account. Used by one thread."""

    @property
    def root(self) -> Path:
        """Where it is."""
        ...

    @property
    def name(self) -> str:
        """Tells it from every other source of the account, for the name of its cache."""
        ...

    def sync(self, cache: WritableCache) -> MailboxSync:
        """Its synchronisation with the cache."""
        ...

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """A function from the id of a message in the cache, and a limit, to its first bytes.

        It raises MessageGoneError and StorageError.
        """
        ...

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:
        """The bytes of a message, to be read once; it may be ``near`` that offset.

        Raises:
            MessageGoneError: there is no such folder or message.
            StorageError: it cannot be read.
        """
        ...

    def places(self) -> Iterator[WatchedPlace]:
        """The files and folders to be watched. Raises StorageError."""
        ...


class MaildirSource:
    """A Maildir: a MailSource."""

    def __init__(self, account: Account, root: Path) -> None:
        self.root = root
        self.name = str(root)
        self._account = account
        self._paths: dict[str, Path] = {}

    def sync(self, cache: WritableCache) -> MailboxSync:
        """Its synchronisation with the cache."""
        from tuimail.sync.maildir_sync import MaildirSync

        return MaildirSync(cache, self.root, self._account.folders)

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """The first bytes of messages. Raises StorageError: the Maildir cannot be read."""
        from tuimail.mailboxes.maildir_folder import find_folders
        from tuimail.sync.maildir_letters import MaildirLetters

        return MaildirLetters(cache, {each.name: each.path for each in find_folders(self.root)}).read

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:  # noqa: ARG002
        """The bytes of a message. Raises MessageGoneError and StorageError."""
        from tuimail.mailboxes.maildir_folder import find_folders, open_message

        if folder not in self._paths or not self._paths[folder].is_dir():
            self._paths = {each.name: each.path for each in find_folders(self.root)}
        if folder not in self._paths:
            raise _folder_gone(folder)
        return open_message(self._paths[folder], key)[0]

    def places(self) -> Iterator[WatchedPlace]:
        """Its folders. Raises StorageError."""
        from tuimail.mailboxes.watch import maildir_places

        return maildir_places(self.root)


class MboxSource:
    """An mbox file or a folder of them: a MailSource."""

    def __init__(self, account: Account, root: Path) -> None:
        self.root = root
        self.name = f"mbox\0{root}"
        self._account = account

    def sync(self, cache: WritableCache) -> MailboxSync:
        """Its synchronisation with the cache."""
        from tuimail.sync.mbox_sync import MboxSync

        return MboxSync(cache, self.root, self._account.folders)

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """The first bytes of messages. Raises StorageError: the files cannot be read."""
        from tuimail.mailboxes.mbox_folder import find_mboxes
        from tuimail.sync.mbox_letters import MboxLetters

        return MboxLetters(cache, {each.name: each.path for each in find_mboxes(self.root)}).read

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:
        """The bytes of a message. Raises MessageGoneError and StorageError."""
        from tuimail.mailboxes.mbox_folder import find_mboxes, open_mbox_message

        path = next((each.path for each in find_mboxes(self.root) if each.name == folder), None)
        if path is None:
            raise _folder_gone(folder)
        return open_mbox_message(path, key, near=near)

    def places(self) -> Iterator[WatchedPlace]:
        """The file, or the folder. Raises StorageError."""
        from tuimail.mailboxes.mbox_folder import mbox_places

        return mbox_places(self.root)


def mail_source(account: Account) -> MailSource:
    """Where the account's mail is; the Maildir if there is an mbox as well.

    Raises:
        UsageError: it has none.
    """
    if account.maildir is not None:
        return MaildirSource(account, account.maildir)
    if account.mbox is not None:
        return MboxSource(account, account.mbox)
    raise UsageError(
        f"The account {account.name} has no Maildir and no mbox to read.",
        hint=f'Name one in the config: [accounts.{account.name}.maildir] with path = "~/Maildir".',
    )


def check_writable(account: Account) -> None:
    """Raises UsageError: the account's mail is only read."""
    if account.is_read_only:
        raise UsageError(
            f"The mbox of {account.name} is read only.",
            hint=f"Change {account.mbox} with the program that writes it.",
        )


def _folder_gone(name: str) -> MessageGoneError:
    from tuimail.mailboxes.maildir_folder import MessageGoneError

    return MessageGoneError(f"The folder {name} is gone: another program removed it.")
