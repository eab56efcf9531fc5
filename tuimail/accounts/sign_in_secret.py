"""The password or token that a server of an account is signed in to with: one function, for SMTP and IMAP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import Auth

if TYPE_CHECKING:
    from tuimail.config.model import Account, Server
    from tuimail.config.secrets import Announce


async def sign_in_secret(account: Account, server: Server, *, announce: Announce) -> str:
    """The password or token for ``server`` of ``account``; empty if it needs none.

    A token is one that no server has refused so far (config.refused_tokens): who is refused asks once more.

    Raises:
        TokenDelayedError: there is none now, and nothing is wrong with the account.
        SecretError: there is none until the user does something; the hint says what.
    """
    if server in account.token_servers:
        return await _token(account, announce)
    from tuimail.config.secrets import forget, secret_for

    if server.auth is Auth.OAUTH2:
        # An access token lives for minutes: the command that gives it knows when it needs a fresh one.
        forget(account.name)
    return await secret_for(server, account.name, announce=announce)


async def _token(account: Account, announce: Announce) -> str:
    from tuimail.accounts.oauth.access_tokens import access_tokens
    from tuimail.events import WaitingForSecret

    tokens = access_tokens()
    if tokens.has(account):
        return await tokens.token(account)
    # The keyring may show a dialog, and the provider may be slow.
    announce(WaitingForSecret(account.name, "provider", done=False))
    try:
        return await tokens.token(account)
    finally:
        announce(WaitingForSecret(account.name, "provider", done=True))
