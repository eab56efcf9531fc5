"""The program registers itself at an authorization server (RFC 7591), as a public client of this user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tuimail import __version__, log
from tuimail.accounts.oauth.https import JSON, HttpsRequest, json_object, send
from tuimail.accounts.oauth.values import Client
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.accounts.oauth.values import Endpoints
    from tuimail.config.model import OAuthSettings

REDIRECT = "http://127.0.0.1/"
"""An authorization server lets the port be any (RFC 8252 section 7.3)."""

_OWN = "Register a client at the provider and write its client_id into the config."


async def registered_client(endpoints: Endpoints, settings: OAuthSettings) -> Client:
    """A new client.

    Raises:
        TokenDelayedError: the server is out of reach.
        SecretError: it does not register clients, or not this one.
    """
    if not endpoints.registration:
        raise SecretError(
            f"{safe_line(settings.authority)} lets programs not register themselves, and the config has no client_id.",
            hint=_OWN,
        )
    kinds = ["authorization_code", "refresh_token"]
    if endpoints.device:
        kinds.append("urn:ietf:params:oauth:grant-type:device_code")
    wanted = {
        "client_name": "tuimail",
        "software_id": "tuimail",
        "software_version": __version__,
        "application_type": "native",
        "redirect_uris": [REDIRECT],
        "grant_types": kinds,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **({"scope": " ".join(settings.scopes)} if settings.scopes else {}),
    }
    request = HttpsRequest(endpoints.registration, json.dumps(wanted), JSON)
    response = await send(request, settings.ca_file)
    found = json_object(response) or {}
    if response.status == 429 or response.status >= 500:
        raise TokenDelayedError(f"The registration answers with status {response.status}.", hint="Try again later.")
    name, secret = found.get("client_id"), found.get("client_secret", "")
    if response.status not in (200, 201) or not _is_plain(name) or not isinstance(secret, str):
        said = safe_line(str(found.get("error_description") or found.get("error") or f"status {response.status}"))
        raise SecretError(f"{safe_line(settings.authority)} did not register the program: {said[:200]}.", hint=_OWN)
    log.register_secret(secret)
    return Client(str(name), secret, registered=True)


def _is_plain(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 2_000 and text.isascii() and text.isprintable()
