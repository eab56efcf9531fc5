"""The address that a provider sends the browser to (RFC 6749 section 4.1.2, RFC 9207): checked, then its code. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tuimail import log
from tuimail.accounts.oauth.token_answers import refusal
from tuimail.accounts.oauth.values import StrayAddressError, is_token
from tuimail.errors import SecretError

LONGEST = 8_192
"""Characters of an address."""
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Expected:
    """What the address of one sign-in has to say."""

    state: str = field(repr=False)
    host: str
    """Of the provider, for words."""
    issuer: str = ""
    names_itself: bool = False
    """The issuer has to be named; else only a wrong one is refused."""


def code_in(address: str, expected: Expected) -> str:
    """The authorization code in ``address``, an absolute URL or a path with a query.

    Raises:
        StrayAddressError: it is not the address of this sign-in.
        SecretError: it is from another issuer, or the provider refused.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    fields = _fields(address)
    if not hmac.compare_digest(fields.get("state", "").encode("utf-8", "replace"), expected.state.encode()):
        raise StrayAddressError("This address does not belong to this sign-in.", hint=_WHOLE)
    named = fields.get("iss")
    if (named is None and expected.names_itself) or (
        named is not None and named != expected.issuer and expected.issuer
    ):
        raise SecretError(
            f"The answer does not come from {expected.host}, so it was not used.",
            hint="Sign in again; if it stays so, tell the provider.",
        )
    try:
        # The library wants https, which a redirect to this machine is not (RFC 8252 section 7.3).
        found = WebApplicationClient("").parse_request_uri_response(
            f"https://127.0.0.1/?{urlsplit(address.strip()).query}", expected.state
        )
    except OAuth2Error as error:
        raise refusal(str(error.error), str(error.description or ""), expected.host) from None
    code = str(found.get("code", ""))
    if not is_token(code):
        raise StrayAddressError("There is no code in this address.", hint=_WHOLE)
    log.register_secret(code)
    return code


_WHOLE = "Copy the whole address that the browser shows at the end; it begins with http://127.0.0.1"


def _fields(address: str) -> dict[str, str]:
    """The fields of the query, of which none may come twice."""
    text = address.strip()
    try:
        if len(text) > LONGEST:
            raise ValueError(len(text))
        pairs = parse_qsl(urlsplit(text).query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise StrayAddressError("This is not an address of a sign-in.", hint=_WHOLE) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise StrayAddressError("This address says something twice.", hint=_WHOLE)
    return fields
