"""The authorization server of an account: its endpoints, and who the program is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.accounts.oauth.metadata import endpoints_of
from tuimail.accounts.oauth.registration import registered_client
from tuimail.accounts.oauth.token_requests import TokenEndpoint
from tuimail.accounts.oauth.values import Client

if TYPE_CHECKING:
    from tuimail.accounts.oauth.values import Endpoints
    from tuimail.config.model import Account, OAuthSettings

SECRET_LIMIT = 30.0
"""Seconds ``client_secret_command`` may take."""


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """An authorization server that a sign-in goes to."""

    endpoints: Endpoints
    client: Client
    settings: OAuthSettings

    @property
    def token_endpoint(self) -> TokenEndpoint:
        """Where tokens are asked for."""
        ends = self.endpoints
        return TokenEndpoint(ends.token, self.client, ends.secret_in_header, self.settings.ca_file)


async def provider_of(account: Account, settings: OAuthSettings) -> AuthorizationServer:
    """The provider, where the program is registered by now. Raises SecretError, TokenDelayedError."""
    endpoints = await endpoints_of(settings)
    client = await own_client(account, settings) or await registered_client(endpoints, settings)
    return AuthorizationServer(endpoints, client, settings)


async def own_client(account: Account, settings: OAuthSettings) -> Client | None:
    """The user's own client; None if the config has none. Raises SecretError: its secret cannot be had."""
    if not settings.client_id:
        return None
    secret = ""
    if settings.client_secret_command:
        from tuimail.config.password_command import first_line

        name = f"The client_secret_command of account {account.name}"
        command = settings.client_secret_command
        secret = await first_line(command, name, limit=SECRET_LIMIT, setting="client_secret_command")
        log.register_secret(secret)
    return Client(settings.client_id, secret)
