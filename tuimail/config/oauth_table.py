"""``[accounts.NAME.oauth]`` -> OAuthSettings, or None when it cannot be used. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tuimail.config.model import Auth, OAuthSettings, Server
from tuimail.config.reading import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.config.model import SubmissionCommand
    from tuimail.config.reading import Table

_LONGEST = 2_000
_NO_SECRET = "A secret does not belong in this file: use client_secret_command."


def read_oauth(table: Table, servers: Iterable[Server | SubmissionCommand | None]) -> OAuthSettings | None:
    """The settings in the table of an account; None without them, or if a value is wrong.

    ``servers`` are those of the account: without one that takes a token the user is warned.
    """
    written = table.table("oauth")
    if written is None:
        return None
    ways = [each for each in servers if isinstance(each, Server)]
    if not any(each.auth is Auth.OAUTH2 and not each.password_command for each in ways):
        table.warn("oauth", 'It is not used: no server has auth = "oauth2" without a password_command.')
    settings = OAuthSettings(
        issuer=written.text("issuer", check=url_fault).removesuffix("/"),
        client_id=written.text("client_id", check=_visible_fault),
        client_secret_command=written.argv("client_secret_command"),
        scopes=_scopes(written),
        authorization_endpoint=written.text("authorization_endpoint", check=url_fault),
        token_endpoint=written.text("token_endpoint", check=url_fault),
        device_endpoint=written.text("device_endpoint", check=url_fault),
        ca_file=written.file("ca_file"),
    )
    if not written.broken:
        _complain_of_gaps(written, settings)
    broken = written.broken
    written.finish(meant={"client_secret": _NO_SECRET, "refresh_token": _NO_SECRET, "token": _NO_SECRET})
    return None if broken else settings


def _complain_of_gaps(written: Table, settings: OAuthSettings) -> None:
    if not settings.issuer and not settings.token_endpoint:
        written.complain("issuer", "Must be the URL of the authorization server; or write its token_endpoint.")
    elif not settings.issuer and not (settings.authorization_endpoint or settings.device_endpoint):
        written.complain("authorization_endpoint", "Is needed, or device_endpoint, because there is no issuer.")
    elif not settings.issuer and not settings.client_id:
        written.complain("client_id", "Is needed, because there is no issuer to register at.")
    elif not settings.client_id and settings.client_secret_command:
        written.complain("client_secret_command", "Goes with a client_id of your own.")


def _scopes(written: Table) -> tuple[str, ...]:
    found = []
    for index, scope in written.list_of_texts("scopes"):
        if re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,500}", scope):  # RFC 6749 section 3.3
            found.append(scope)
        else:
            written.broken = True
            written.source.complain((*written.path, "scopes", index), f"Must be one scope, not {shown(scope)}.")
    return tuple(found)


def url_fault(url: str) -> str:
    """What is wrong with ``url`` as the URL of an authorization server; empty if nothing is."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        host = None
    if parts.scheme != "https" or not host or port == 0 or "@" in parts.netloc or "#" in url:
        return f"Must be a URL such as https://login.example.org, not {shown(url, 60)}."
    return ""


def _visible_fault(text: str) -> str:
    fits = text and len(text) <= 500 and text.isascii() and text.isprintable()
    return "" if fits else f"Must be the client id the provider gave you, not {shown(text, 60)}."
