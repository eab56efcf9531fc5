"""The endpoints of an authorization server: what the config says, else its metadata (RFC 8414, OpenID Discovery)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tuimail.accounts.oauth.https import HttpsRequest, json_object, send
from tuimail.accounts.oauth.values import Endpoints
from tuimail.config.oauth_table import url_fault
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.config.model import OAuthSettings

_BY_HAND = "Write authorization_endpoint and token_endpoint into the config, as the provider names them."


async def endpoints_of(settings: OAuthSettings) -> Endpoints:
    """The endpoints.

    Raises:
        TokenDelayedError: the server is out of reach.
        SecretError: its metadata cannot be used.
    """
    found = await _metadata(settings) if settings.issuer else {}
    methods = found.get("token_endpoint_auth_methods_supported")
    basic = isinstance(methods, list) and "client_secret_basic" in methods and "client_secret_post" not in methods
    endpoints = Endpoints(
        token=settings.token_endpoint or _url(found, "token_endpoint"),
        authorization=settings.authorization_endpoint or _url(found, "authorization_endpoint"),
        device=settings.device_endpoint or _url(found, "device_authorization_endpoint"),
        registration=_url(found, "registration_endpoint"),
        issuer=str(found.get("issuer", "")),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        secret_in_header=basic,
    )
    if not endpoints.token:
        raise SecretError(f"The metadata of {safe_line(settings.issuer)} names no token endpoint.", hint=_BY_HAND)
    return endpoints


async def _metadata(settings: OAuthSettings) -> dict[str, object]:
    for url in _places(settings.issuer):
        response = await send(HttpsRequest(url), settings.ca_file)
        if response.status == 429 or response.status >= 500:
            raise TokenDelayedError(
                f"{safe_line(settings.issuer)} answers with status {response.status}.", hint="Try again later."
            )
        found = json_object(response) if response.status == 200 else None
        if found is None:
            continue
        # RFC 8414 section 3.3: metadata that names another issuer may lead to somebody else's server.
        if str(found.get("issuer", "")).removesuffix("/") != settings.issuer:
            raise SecretError(
                f"The metadata of {safe_line(settings.issuer)} is that of another issuer, "
                f"{safe_line(str(found.get('issuer', 'without a name')))[:200]}; it was not used.",
                hint=f"Set issuer to that if it is right. {_BY_HAND}",
            )
        return found
    raise SecretError(f"{safe_line(settings.issuer)} has no metadata of an authorization server.", hint=_BY_HAND)


def _places(issuer: str) -> tuple[str, str]:
    """Where the metadata may be: RFC 8414 section 3.1, then OpenID Connect Discovery section 4."""
    parts = urlsplit(issuer)
    first = f"https://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}"
    return first, f"{issuer}/.well-known/openid-configuration"


def _url(found: dict[str, object], key: str) -> str:
    url = found.get(key)
    return url if isinstance(url, str) and not url_fault(url) else ""
