"""The mail sources that the config of the accounts names."""

from __future__ import annotations

import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from tuimail.engine.cache_place import account_key
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.config.model import Account
    from tuimail.config.secrets import Announce
    from tuimail.engine.mail_source import MailSource
    from tuimail.mailboxes.imap_client import ImapClient
    from tuimail.paths import Paths


class MailSources:
    """Makes the sources of accounts. Connections to servers are shared by all of a process, and made when needed.

    Its methods may be called from any thread; each thread asks for a source of its own.
    """

    def __init__(self, paths: Paths, announce: Announce = lambda _event: None) -> None:
        """``announce`` is called, on any thread, when a password is waited for."""
        self._paths = paths
        self._announce = announce
        self._clients: dict[str, ImapClient] = {}
        self._closed = False
        self._lock = threading.Lock()

    def of(self, account: Account, *, fetches: bool = True, asks: bool = True) -> MailSource:
        """Where the account's mail is: its Maildir, else its IMAP server, else its mbox.

        ``fetches``: opening a message that is only at the server fetches it; else it raises NotKeptError. ``asks``:
        another process that keeps the account in step is asked for it first.

        Raises:
            UsageError: it has none.
        """
        if account.maildir is not None:
            from tuimail.engine.maildir_source import MaildirSource

            return MaildirSource(account, account.maildir)
        if account.imap is not None:
            from tuimail.engine.account_requests import ask_for_message, nobody_has
            from tuimail.engine.imap_source import ImapSource

            client, bodies, renamed = self._client(account), self._bodies(account), partial(self._renamed, account)
            elsewhere = partial(ask_for_message, account, self._paths) if asks else nobody_has
            return ImapSource(account, client, bodies, renamed, fetches=fetches, fetched_elsewhere=elsewhere)
        if account.mbox is not None:
            from tuimail.engine.mbox_source import MboxSource

            return MboxSource(account, account.mbox)
        raise _no_mail(account)

    def resume(self) -> None:
        """Connections are made again after ``close``."""
        with self._lock:
            self._closed = False
            self._clients.clear()

    def close(self) -> None:
        """End all connections; whatever waits for one, or asks for one from now on, gets an ImapError."""
        with self._lock:
            self._closed = True
            clients, self._clients = self._clients, {}
        for each in clients.values():
            each.close()

    def forget(self, account: str) -> None:
        """End the connection of an account, whose server may be another one from now on; as ``close``."""
        with self._lock:
            client = self._clients.pop(account, None)
        if client is not None:
            client.close()

    def _renamed(self, account: Account, folder: str, keys: Mapping[str, str]) -> None:
        """A server has given other uids to messages: what waits for them goes on under the new ones."""
        from tuimail.journal.new_keys import rename_keys
        from tuimail.journal.store import ActionJournal

        with closing(ActionJournal(self._paths.journal)) as journal:
            rename_keys(journal, account.name, folder, keys)

    def _bodies(self, account: Account) -> Path:
        return self._paths.cache / "bodies" / account_key(account)

    def _client(self, account: Account) -> ImapClient:
        from tuimail.engine.imap_account_client import imap_client

        with self._lock:
            if account.name not in self._clients:
                self._clients[account.name] = client = imap_client(account, self._announce)
                if self._closed:
                    client.close()
            return self._clients[account.name]


def _no_mail(account: Account) -> UsageError:
    return UsageError(
        f"The account {account.name} has no mail to read: no IMAP server, no Maildir and no mbox.",
        hint=f"Name one in the config: [accounts.{account.name}.imap] with host, or [accounts.{account.name}.maildir].",
    )
