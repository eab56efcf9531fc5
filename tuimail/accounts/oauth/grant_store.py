"""The refresh token of an account in the store for passwords, with the client that it was given to.

Where nothing is stored (``[secrets] store = "memory"``), it is kept in the memory of this process.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.accounts.oauth.values import Client, Grant, is_token
from tuimail.config.model import Auth, Server
from tuimail.errors import SecretError

if TYPE_CHECKING:
    from tuimail.config.model import Account, OAuthSettings

_unstored: dict[str, Grant] = {}
"""Grants that no store has taken, by place: the only copy."""


def place_of(account: Account, settings: OAuthSettings) -> Server:
    """The place of an account's grant in the store, written as a server, which is how stores name things.

    It names the authorization server, so that a token is never sent to another one after a change of the config.
    """
    return Server(f"oauth:{settings.authority}", 443, username=_user(account), auth=Auth.OAUTH2)


def _user(account: Account) -> str:
    return next((each.username for each in account.token_servers), "") or account.identity.address


def key_of(place: Server) -> str:
    """The same for two accounts that share a grant."""
    return f"{place.host} {place.username}"


async def grant_at(place: Server) -> Grant | None:
    """The grant; None if there is none. Raises SecretError: the store cannot be used."""
    if key_of(place) in _unstored:
        return _unstored[key_of(place)]
    from tuimail.config.secrets import stored_secret

    written = await stored_secret(place)
    return None if written is None else _read(written)


async def keep_grant(place: Server, grant: Grant) -> None:
    """Store a grant, and read it back.

    Raises:
        SecretError: the store does not take it, or does not give it back. It is kept in memory then: the server may
            have ended the old one.
    """
    from tuimail.config.secrets import store_secret, stored_secret

    log.register_secret(grant.refresh_token)
    _unstored[key_of(place)] = grant
    written = _written(grant)
    log.register_secret(written)
    await store_secret(place, _owner(place), written)
    if await stored_secret(place) == written:
        del _unstored[key_of(place)]


async def remove_grant(place: Server) -> None:
    """Remove it from every store. Raises SecretError."""
    from tuimail.config.secrets import remove_secret

    _unstored.pop(key_of(place), None)
    await remove_secret(place, _owner(place))


def is_unstored(place: Server) -> bool:
    """Whether the only copy of the grant is in the memory of this process."""
    return key_of(place) in _unstored


def _owner(place: Server) -> str:
    """Not an account's name: what is known of that is forgotten whenever a server refuses a token."""
    return f"grant of {place.username}"


def _written(grant: Grant) -> str:
    client = {"id": grant.client.id, "registered": grant.client.registered}
    if grant.client.registered:
        client["secret"] = grant.client.secret  # the user's own comes from a command
    return json.dumps(
        {
            "refresh_token": grant.refresh_token,
            "client": client,
            "token_endpoint": grant.token_endpoint,
            "secret_in_header": grant.secret_in_header,
        }
    )


def _read(written: str) -> Grant:
    from tuimail.config.oauth_table import url_fault

    try:
        match json.loads(written):
            case {
                "refresh_token": str(token),
                "client": {"id": str(name), "registered": bool(registered), **more},
                "token_endpoint": str(endpoint),
                "secret_in_header": bool(in_header),
            } if is_token(token) and not url_fault(endpoint):
                log.register_secret(token)
                secret = str(more.get("secret", ""))
                log.register_secret(secret)
                return Grant(token, Client(name, secret, registered), endpoint, in_header)
    except (ValueError, RecursionError):
        pass
    raise SecretError("What is stored of the sign-in cannot be read.", hint="Sign in again.")
