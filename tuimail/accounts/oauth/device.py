"""The device code flow (RFC 8628): the user types a code at the provider, on any machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tuimail import log
from tuimail.accounts.oauth.https import HttpsRequest, json_object, send
from tuimail.accounts.oauth.token_answers import EndpointRefusalError, refusal
from tuimail.accounts.oauth.values import is_token
from tuimail.config.oauth_table import url_fault
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.accounts.oauth.provider import AuthorizationServer
    from tuimail.accounts.oauth.values import TokenAnswer

USUAL_INTERVAL = 5.0
"""Seconds between two questions, where the server does not say (RFC 8628 section 3.2)."""
LONGEST_INTERVAL = 60.0
LONGEST_LIFE = 1_800.0
"""Seconds after which nothing is asked any more, whatever the server says."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the server gives for one sign-in."""

    device_code: str = field(repr=False)
    user_code: str
    """To be typed by the user; safe to show."""
    address: str
    """Where; a URL with https."""
    whole_address: str
    """The same with the code in it; empty if the server gives none."""
    interval: float
    """Seconds."""
    life: float
    """Seconds."""


async def device_code(provider: AuthorizationServer) -> DeviceCode:
    """Ask for a code. Raises SecretError, TokenDelayedError."""
    url = provider.endpoints.device
    host = urlsplit(url).hostname or ""
    scope = {"scope": " ".join(provider.settings.scopes)} if provider.settings.scopes else {}
    response = await send(
        HttpsRequest(url, urlencode({"client_id": provider.client.id, **scope})), provider.settings.ca_file
    )
    if response.status == 429 or response.status >= 500:
        raise TokenDelayedError(f"{safe_line(host)} gives no code now (status {response.status}).", hint="Try later.")
    found = json_object(response) or {}
    if isinstance(found.get("error"), str):
        raise refusal(str(found["error"]), str(found.get("error_description", "")), host)
    # Google calls it verification_url.
    address = found.get("verification_uri", found.get("verification_url"))
    code, user_code, whole = found.get("device_code"), found.get("user_code"), found.get("verification_uri_complete")
    if (
        not (is_token(code) and isinstance(user_code, str) and 0 < len(user_code) <= 100)
        or not isinstance(address, str)
        or url_fault(address)
    ):
        raise SecretError(f"{safe_line(host)} gives no code that can be used.", hint="Sign in by the browser instead.")
    log.register_secret(str(code))
    return DeviceCode(
        str(code),
        safe_line(user_code),
        address,
        whole if isinstance(whole, str) and not url_fault(whole) else "",
        _seconds(found.get("interval"), USUAL_INTERVAL, LONGEST_INTERVAL),
        _seconds(found.get("expires_in"), LONGEST_LIFE, LONGEST_LIFE),
    )


async def tokens_for(
    provider: AuthorizationServer, code: DeviceCode, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> TokenAnswer:
    """The tokens, as soon as the user has signed in; ``pause`` waits for seconds.

    Raises:
        SecretError: the user did not allow it, or took too long.
    """
    interval, left = code.interval, code.life
    while left > 0:
        await pause(interval)
        left -= interval
        try:
            return await provider.token_endpoint.poll(code.device_code)
        except TokenDelayedError:
            # RFC 8628 section 3.5: "slow_down", and a server that does not answer, want more time.
            interval = min(interval + 5.0, LONGEST_INTERVAL)
        except EndpointRefusalError as error:
            if error.code == "authorization_pending":
                continue
            if error.code != "expired_token":
                raise
            break
    raise SecretError("The code was not used in time.", hint="Sign in again.")


def _seconds(written: object, usual: float, most: float) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float) or not 1 <= written < 1e9:
        return usual
    return min(float(written), most)
