"""Which way to sign in, and what to say (RFC 3501 section 6.2, RFC 4616, RFC 7628). Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.config.model import Auth

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class SignIn:
    """One way; there is no falling back to another after a refusal."""

    mechanism: str
    """A SASL mechanism, or LOGIN for the plain command."""
    response: str
    """The SASL initial response in base64; empty for LOGIN."""

    def __repr__(self) -> str:
        return f"SignIn({self.mechanism})"


def choose(auth: Auth, capabilities: Collection[str], *, username: str, secret: str) -> SignIn | None:
    """The best way both sides know, or None.

    Args:
        auth: what the account wants; a password is never sent in place of a token, nor the reverse.
        capabilities: upper case, as read after TLS.
        username: who.
        secret: the password or access token; over a protected connection only.
    """
    if auth is Auth.OAUTH2:
        if "AUTH=OAUTHBEARER" in capabilities and "AUTH=XOAUTH2" not in capabilities:
            return SignIn("OAUTHBEARER", _packed(f"n,a={_escaped(username)},\1auth=Bearer {secret}\1\1"))
        if "AUTH=XOAUTH2" in capabilities:
            return SignIn("XOAUTH2", _packed(f"user={username}\1auth=Bearer {secret}\1\1"))
        return None
    if auth is Auth.PASSWORD:
        if "AUTH=PLAIN" in capabilities:
            return SignIn("PLAIN", _packed(f"\0{username}\0{secret}"))
        if "LOGINDISABLED" not in capabilities:
            return SignIn("LOGIN", "")
    return None


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _escaped(name: str) -> str:
    # A GS2 header's authzid (RFC 5801 section 4).
    return name.replace("=", "=3D").replace(",", "=2C")
