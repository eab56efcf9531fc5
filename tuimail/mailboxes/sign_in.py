"""Chooses how to sign in to IMAP (RFC 3501 section 6.2, RFC 4616, RFC 7628). Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail import sasl
from tuimail.config.model import Auth

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.config.model import Server


@dataclass(frozen=True, slots=True)
class SignIn:
    """One way to sign in; no other is tried after a refusal."""

    mechanism: str
    """A SASL mechanism, or LOGIN for the plain command."""
    response: str
    """The SASL initial response in base64; empty for LOGIN."""

    def __repr__(self) -> str:
        return f"SignIn({self.mechanism})"


def choose(server: Server, capabilities: Collection[str], secret: str) -> SignIn | None:
    """The best way that both sides support, or None.

    Args:
        server: the account's settings: a password is never sent in place of a token, nor the reverse.
        capabilities: upper case, as read after TLS.
        secret: the password or access token; over a protected connection only.
    """
    if server.auth is Auth.OAUTH2:
        if "AUTH=OAUTHBEARER" in capabilities and "AUTH=XOAUTH2" not in capabilities:
            return SignIn("OAUTHBEARER", _packed(sasl.oauthbearer(server.username, secret, server.host, server.port)))
        if "AUTH=XOAUTH2" in capabilities:
            return SignIn("XOAUTH2", _packed(sasl.xoauth2(server.username, secret)))
        return None
    if server.auth is Auth.PASSWORD:
        if "AUTH=PLAIN" in capabilities:
            return SignIn("PLAIN", _packed(sasl.plain(server.username, secret)))
        if "LOGINDISABLED" not in capabilities:
            return SignIn("LOGIN", "")
    return None


def _packed(response: bytes) -> str:
    return base64.b64encode(response).decode()
