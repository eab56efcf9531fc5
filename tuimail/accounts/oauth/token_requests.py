"""Requests to the token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 8628 section 3.4), made by oauthlib."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlsplit

from tuimail.accounts.oauth.https import HttpsRequest, send
from tuimail.accounts.oauth.token_answers import tokens_of

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.accounts.oauth.values import Client, TokenAnswer


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """A token endpoint and the client that asks. What its methods raise is what ``tokens_of`` and ``send`` raise."""

    url: str
    client: Client
    secret_in_header: bool
    ca_file: Path | None

    async def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> TokenAnswer:
        """The tokens for an authorization ``code``; ``verifier`` is of PKCE (RFC 7636)."""
        from oauthlib.oauth2 import WebApplicationClient

        return await self._ask(
            WebApplicationClient(self.client.id).prepare_request_body(
                code=code, redirect_uri=redirect_uri, code_verifier=verifier, **self._secret()
            )
        )

    async def refresh(self, refresh_token: str) -> TokenAnswer:
        """A new access token, and perhaps a new refresh token."""
        from oauthlib.oauth2 import WebApplicationClient

        return await self._ask(
            WebApplicationClient(self.client.id).prepare_refresh_body(
                refresh_token=refresh_token, client_id=self.client.id, **self._secret()
            )
        )

    async def poll(self, device_code: str) -> TokenAnswer:
        """The tokens for a device code, once the user has signed in."""
        from oauthlib.oauth2 import DeviceClient

        return await self._ask(
            DeviceClient(self.client.id).prepare_request_body(device_code, include_client_id=True, **self._secret())
        )

    def _secret(self) -> dict[str, str]:
        return {"client_secret": self.client.secret} if self.client.secret and not self.secret_in_header else {}

    async def _ask(self, body: str) -> TokenAnswer:
        basic = ""
        if self.client.secret and self.secret_in_header:
            pair = f"{quote_plus(self.client.id)}:{quote_plus(self.client.secret)}"
            basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
        response = await send(HttpsRequest(self.url, body, authorization=basic), self.ca_file)
        return tokens_of(response, urlsplit(self.url).hostname or "")
