"""Where the mail of an account is kept, and what can be done there: a Maildir, mbox files, an IMAP server.

What each of them needs is imported when it is used: listing messages needs none of it, and is to begin at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from tuimail.errors import EX_UNAVAILABLE, StorageError, UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence

    from tuimail.cache.database import ReadableCache, WritableCache
    from tuimail.config.model import Account
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.mailboxes.maildir_folder import MessageGoneError
    from tuimail.sync.imap_bodies import ImapBodies
    from tuimail.sync.mailbox_sync import MailboxSync


class NotKeptError(StorageError):
    """A message is at the server, and not on this machine."""

    exit_code = EX_UNAVAILABLE
    waits_for = ""
    """The host that is out of reach for now, not safe to show; empty: trying again is of no use by itself."""


class FoundAtServer(NamedTuple):
    """What a server has found in a mailbox."""

    validity: int
    """UIDVALIDITY."""
    uidnext: int
    uids: Sequence[int]


class MailWatch(Protocol):
    """Tells of changes that are made elsewhere. Used by the thread of the account."""

    def keep(self) -> None:
        """Watch, or watch again what was lost."""
        ...

    @property
    def pause(self) -> float:
        """Seconds until the next look where nothing is told."""
        ...

    def close(self) -> None:
        """Watch no more."""
        ...


class Replayer(Protocol):
    """Carries out the journal's actions of one account."""

    def replay(self) -> list[MailAction]:
        """Carry out every action whose turn it is; they are returned as they are now. Raises TuimailError."""
        ...


class MailSource(Protocol):
    """The mail of one account. Used by one thread."""

    def sync(self, cache: WritableCache, told: Callable[[str], None] = lambda _sentence: None) -> MailboxSync:
        """Its synchronisation with the cache; ``told`` is called with sentences for the user."""
        ...

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """A function from the id of a message in the cache, and a limit, to its first bytes.

        It raises MessageGoneError and StorageError.
        """
        ...

    def bodies(
        self, cache: ReadableCache, write: Callable[[Callable[[sqlite3.Connection], None]], None]
    ) -> ImapBodies | None:
        """What keeps messages of a server on this machine; None: all of it is there.

        ``write`` runs a function in a transaction of the cache's only writer.
        """
        ...

    def search(self, wire: str, criteria: Criteria) -> FoundAtServer:
        """What a server finds in the texts of a mailbox. Raises ImapError; UsageError: it is at no server."""
        ...

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:
        """The bytes of a message, to be read once; it may be ``near`` that offset.

        Raises:
            MessageGoneError: there is no such folder or message.
            TuimailError: it cannot be read.
        """
        ...

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Have ``work`` called again and again while the current thread waits for a server; it must not raise."""
        ...

    def watch(self, changed: Callable[[], None]) -> MailWatch:
        """Watches it; ``changed`` is called, on another thread, when a program has changed the mail."""
        ...

    def replayer(self, journal: ActionJournal, owner: str) -> Replayer | None:
        """Carries out what the journal says; None: it is read only."""
        ...

    def leave(self, folder: str, keys: Collection[str]) -> None:
        """The user has seen these new messages: they are old from now on. Raises TuimailError."""
        ...

    def create_folder(self, name: str) -> None:
        """Make a folder. Raises TuimailError."""
        ...

    def rename_folder(self, name: str, to: str) -> None:
        """Give a folder, and those below it, another name. Raises TuimailError."""
        ...

    def delete_folder(self, name: str) -> None:
        """Delete a folder with its messages, for good. Raises TuimailError."""
        ...


def check_writable(account: Account) -> None:
    """Raises UsageError: the account's mail is only read."""
    if account.is_read_only:
        raise UsageError(
            f"The mbox of {account.name} is read only.",
            hint=f"Change {account.mbox} with the program that writes it.",
        )


def folder_gone(name: str) -> MessageGoneError:
    """The error of a folder that is not there any more."""
    from tuimail.mailboxes.maildir_folder import MessageGoneError

    return MessageGoneError(f"The folder {name} is gone: another program removed it.")


def message_gone() -> MessageGoneError:
    """The error of a message that is not there any more."""
    from tuimail.mailboxes.maildir_folder import MessageGoneError

    return MessageGoneError("The letter is gone: another program moved or deleted it.")


def no_server() -> UsageError:
    """The error of a question to a server where there is none."""
    return UsageError("The mail of this account is at no server.")
