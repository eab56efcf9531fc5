"""The mail of an account on an IMAP server. What was fetched once is read from this machine."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from tuimail.cache.bodies import BodyStore
from tuimail.engine.account_requests import nobody_has
from tuimail.engine.mail_source import NotKeptError, folder_gone, message_gone
from tuimail.errors import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from tuimail.cache.database import ReadableCache, WritableCache
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import FoundAtServer, MailWatch, Replayer
    from tuimail.journal.store import ActionJournal
    from tuimail.mailboxes.imap_client import ImapClient
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.sync.imap_bodies import ImapBodies
    from tuimail.sync.mailbox_sync import MailboxSync


IN_MEMORY = 64 * 1024 * 1024
"""Bytes of a message that is shown although the disk refuses to keep it."""


class ImapSource:
    """A MailSource. The client is shared with the other sources of the account."""

    def __init__(
        self,
        account: Account,
        client: ImapClient,
        bodies: Path,
        renamed: Callable[[str, Mapping[str, str]], None],
        *,
        fetches: bool = True,
        fetched_elsewhere: Callable[[str, str], bool] = nobody_has,
    ) -> None:
        """Make it; nothing is connected.

        Args:
            account: whose mail.
            client: the connections.
            bodies: the folder of the messages that are kept here.
            renamed: called with a folder and the new keys of its messages by the old ones.
            fetches: messages that are not kept here are fetched when they are opened.
            fetched_elsewhere: has another process fetch a message (folder, key) that is opened; whether it is kept now.
        """
        self._account = account
        self._client = client
        self._fetches = fetches
        self._fetched_elsewhere = fetched_elsewhere
        self._renamed = renamed
        self._bodies = BodyStore(bodies)
        self._wires: dict[str, str] = {}

    def sync(self, cache: WritableCache, told: Callable[[str], None] = lambda _sentence: None) -> MailboxSync:
        """Its synchronisation with the cache."""
        from tuimail.sync.imap_sync import ImapSync

        return ImapSync(
            cache,
            self._client,
            self._account.folders,
            renamed=self._renamed,
            policies=self._account.policy,
            only_subscribed=self._account.imap is not None and self._account.imap.subscribed,
            told=told,
        )

    def texts(self, cache: ReadableCache) -> Callable[[int, int], bytes]:
        """The first bytes of messages that are kept here; the others are gone, as far as this is concerned."""
        from tuimail.cache.lookup import place_of

        def read(message: int, limit: int) -> bytes:
            with cache.reading() as db:
                place = place_of(db, message)
            file = None if place is None else self._bodies.open(place.mailbox, place.emailid)
            if file is None:
                raise message_gone()
            with file:
                return file.read(limit)

        return read

    def bodies(self, cache: ReadableCache, write: Callable[[Callable[[sqlite3.Connection], None]], None]) -> ImapBodies:
        """What keeps messages on this machine."""
        from tuimail.sync.imap_bodies import ImapBodies

        return ImapBodies(cache, self._client, self._bodies, write)

    def search(self, wire: str, criteria: Criteria) -> FoundAtServer:
        """The uids that the server finds. Raises ImapError."""
        from tuimail.engine.mail_source import FoundAtServer

        mailbox = self._client.select(wire)
        state = mailbox.opened.state
        return FoundAtServer(state.validity, state.uidnext, mailbox.search(criteria))

    def open(self, folder: str, key: str, *, near: int | None = None) -> BinaryIO:  # noqa: ARG002
        """The bytes of a message, which is kept from then on; if the disk refuses that, they are in memory alone.

        Raises:
            NotKeptError: it is not kept here, and was not to be fetched.
            MessageGoneError: the server does not have it any more.
            ImapError: it is not kept here, and the server cannot be reached.
            StorageError: the disk refuses, and the message is large.
        """
        for _ in range(2):
            file = self._bodies.open(folder, key)
            if file is not None:
                return file
            if not self._fetches:
                raise NotKeptError("The letter is not on this machine yet.", hint="It comes from the server.")
            if self._fetched_elsewhere(folder, key):
                continue
            try:
                self.fetch(folder, key)
            except StorageError as error:
                return self._in_memory(folder, key, error)
        raise message_gone()

    def fetch(self, folder: str, key: str, *, interactive: bool = True) -> None:
        """Fetch a message and keep it. Raises as ``open``."""
        validity, _, uid = key.partition(".")
        mailbox = self._client.select(self._wire(folder), interactive=interactive)
        if str(mailbox.opened.state.validity) != validity or not uid.isdecimal():
            raise message_gone()
        if self._bodies.keep(folder, key, lambda write: mailbox.fetch(int(uid), write)) is None:
            raise message_gone()

    def _in_memory(self, folder: str, key: str, refused: StorageError) -> BinaryIO:
        """Fetch it and keep it nowhere. Raises as ``open``, and ``refused`` for one that is larger than IN_MEMORY."""
        file = BytesIO()

        def write(piece: bytes) -> None:
            if file.tell() + len(piece) > IN_MEMORY:
                raise refused
            file.write(piece)

        if not self._client.select(self._wire(folder), interactive=True).fetch(int(key.partition(".")[2]), write):
            raise message_gone()
        file.seek(0)
        return file

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Have ``work`` called again and again while the current thread waits for the server; it must not raise."""
        self._client.meanwhile(work)

    def watch(self, changed: Callable[[], None]) -> MailWatch:
        """Watches the inbox with IDLE."""
        from tuimail.engine.server_watch import ServerWatch

        return ServerWatch(self._client, changed)

    def replayer(self, journal: ActionJournal, owner: str) -> Replayer:
        """Carries out what the journal says."""
        from tuimail.sync.imap_replay import ImapReplayer

        return ImapReplayer(journal, self._account.name, self._client, owner, self._account.folders)

    def leave(self, folder: str, keys: Collection[str]) -> None:
        """A server has no word for it."""

    def create_folder(self, name: str) -> None:
        """Make a folder. Raises ImapError."""
        wire = self._own_wire(name)
        self._client.create(wire)
        self._client.subscribe(wire, subscribed=True)

    def rename_folder(self, name: str, to: str) -> None:
        """Give a folder, and those below it, another name. Raises ImapError."""
        wire, target = self._wire(name), self._own_wire(to)
        self._client.rename(wire, target)
        with _refusals_passed_over():
            below = wire + self._delimiter
            for each in sorted(self._client.subscribed()):
                # Not every server takes a subscription along; an account may show subscribed folders alone.
                if each == wire or each.startswith(below):
                    self._client.subscribe(target + each.removeprefix(wire), subscribed=True)
                    self._client.subscribe(each, subscribed=False)

    def delete_folder(self, name: str) -> None:
        """Delete a folder with its messages, for good. Raises ImapError."""
        wire = self._wire(name)
        self._client.delete(wire)
        with _refusals_passed_over():
            self._client.subscribe(wire, subscribed=False)

    def _own_wire(self, name: str) -> str:
        """What the server will call a folder of the user's: Courier has all of them below ``INBOX.``."""
        from tuimail.mailboxes.mailbox_names import own_wire

        return own_wire(name, self._client.prefix(), self._delimiter)

    @property
    def _delimiter(self) -> str:
        return next((each.delimiter for each in self._client.folders() if each.delimiter), "/")

    def _wire(self, folder: str) -> str:
        """What the server calls a folder. Raises MessageGoneError: it has none of this name."""
        if folder == "INBOX":
            return folder
        if folder not in self._wires:
            self._wires = {each.name: each.wire for each in self._client.folders()}
        if folder not in self._wires:
            raise folder_gone(folder)
        return self._wires[folder]


@contextmanager
def _refusals_passed_over() -> Iterator[None]:
    """For subscriptions, on which the folder itself does not depend. A lost connection is raised."""
    from tuimail.mailboxes.imap_errors import ImapError

    try:
        yield
    except ImapError as error:
        if error.status is None:
            raise
