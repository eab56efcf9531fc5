"""What the token endpoint answers (RFC 6749 sections 5.1 and 5.2), as tokens or as an error in words. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.accounts.oauth.https import json_object
from tuimail.accounts.oauth.values import SignInAgainError, TokenAnswer, is_token
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.accounts.http_response import HttpResponse

USUAL_LIFETIME = 3600.0
"""Seconds, where the answer does not say."""
LONGEST_LIFETIME = 30 * 86_400.0
_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_KEYS = ("access_token", "refresh_token", "token_type", "expires_in", "error", "error_description")


class EndpointRefusalError(SecretError):
    """The endpoint refused; ``code`` is its error code (RFC 6749 section 5.2, RFC 8628 section 3.5)."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


def tokens_of(response: HttpResponse, host: str) -> TokenAnswer:
    """The tokens in ``response`` of ``host``.

    Raises:
        SignInAgainError: the grant is not valid.
        TokenDelayedError: the endpoint does not work now.
        EndpointRefusalError: it refused for another reason.
        SecretError: the answer cannot be used.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    found = json_object(response)
    if response.status == 429 or response.status >= 500:
        raise TokenDelayedError(
            f"{safe_line(host)} gives no token now (status {response.status}).", hint="It is tried again later."
        )
    if found is None:
        raise TokenDelayedError(f"{safe_line(host)} does not answer as a token endpoint does.", hint=_UNUSABLE)
    # The library takes values of any kind for what they should be; it is given only those that are.
    fitting = {key: found[key] for key in _KEYS if isinstance(found.get(key), str | int | float)}
    for key in ("access_token", "refresh_token"):
        if key in fitting and not is_token(fitting[key]):
            raise SecretError(f"{safe_line(host)} gave a token that cannot be one.", hint=_UNUSABLE)
        log.register_secret(str(fitting.get(key, "")))
    lifetime = _lifetime(fitting.pop("expires_in", None))
    try:
        given = WebApplicationClient("").parse_request_body_response(json.dumps(fitting))
    except OAuth2Error as error:
        raise refusal(str(error.error), str(error.description or ""), host) from None
    if str(given.get("token_type", "bearer")).casefold() != "bearer":
        raise SecretError(f"{safe_line(host)} gave a token of an unknown kind.", hint=_UNUSABLE)
    return TokenAnswer(str(given["access_token"]), lifetime, str(given.get("refresh_token", "")))


_UNUSABLE = "Check the endpoints in the config, or ask the provider."


def refusal(code: str, description: str, host: str) -> SecretError:
    """The error for a refusal; the words of a server are made safe and short."""
    place = safe_line(host)
    said = log.redact(safe_line(description))[:200] or safe_line(code)[:100]
    if code == "invalid_grant":
        return SignInAgainError(f"The sign-in at {place} is not valid any more ({said.rstrip('.')}).")
    if code in _LATER:
        return TokenDelayedError(f"{place} gives no token now ({said.rstrip('.')}).", hint="It is tried again later.")
    if code in _CLIENT:
        return EndpointRefusalError(
            f"{place} does not accept the client id ({said.rstrip('.')}).",
            code=code,
            hint="Check client_id and client_secret_command in the config, or sign in again.",
        )
    if code == "access_denied":
        return EndpointRefusalError(f"{place} was not allowed to let tuimail in.", code=code, hint="Sign in again.")
    return EndpointRefusalError(f"{place} refused: {said}", code=code, hint="Check scopes and endpoints in the config.")


def _lifetime(written: object) -> float:
    """Seconds; some servers write the number as a text."""
    if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) < 12:
        written = int(written)
    if isinstance(written, bool) or not isinstance(written, int | float) or not 0 < written < 1e12:
        return USUAL_LIFETIME
    return min(float(written), LONGEST_LIFETIME)
