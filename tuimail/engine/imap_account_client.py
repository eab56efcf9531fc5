"""The connections to the IMAP server of an account: with its password, which is asked for when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import Auth
from tuimail.mailboxes.imap_client import ImapClient
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_errors import ImapError, ImapStage

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.config.secrets import Announce
    from tuimail.mailboxes.imap_session import ImapSession


def imap_client(account: Account, announce: Announce) -> ImapClient:
    """A client of the account's server; nothing is connected yet. ``announce`` may be called on any thread."""
    server = account.imap
    assert server is not None  # noqa: S101 - the caller has looked

    async def connect() -> ImapSession:
        from tuimail.config.secrets import forget, secret_for
        from tuimail.errors import SecretError

        if server.auth is Auth.OAUTH2:
            # An access token lives for minutes: the command that gives it knows when it needs a fresh one.
            forget(account.name)
        try:
            secret = await secret_for(server, account.name, announce=announce)
        except SecretError as error:
            raise ImapError(str(error), step=ImapStage.SIGN_IN, hint=error.hint, lasting=True) from None
        return await open_session(server, secret)

    return ImapClient(connect)
