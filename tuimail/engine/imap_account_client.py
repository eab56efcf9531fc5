"""The connections to the IMAP server of an account: with its password, which is asked for when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_client import ImapClient
from tuimail.mailboxes.imap_connect import secret_error, sign_in

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.config.secrets import Announce
    from tuimail.mailboxes.imap_session import ImapSession


def imap_client(account: Account, announce: Announce) -> ImapClient:
    """A client of the account's server; nothing is connected yet. ``announce`` may be called on any thread."""
    server = account.imap
    assert server is not None  # noqa: S101 - the caller has looked

    async def secret() -> str:
        from tuimail.accounts.sign_in_secret import sign_in_secret
        from tuimail.errors import SecretError

        try:
            return await sign_in_secret(account, server, announce=announce)
        except SecretError as error:
            raise secret_error(error) from None

    async def connect() -> ImapSession:
        return await sign_in(server, secret)

    return ImapClient(connect)
