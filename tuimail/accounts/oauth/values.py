"""Endpoints, clients, grants, and the errors that are told apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tuimail.errors import SecretError

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


class SignInAgainError(SecretError):
    """The grant is not valid (any more): the user has to sign in again."""


class StrayAddressError(SecretError):
    """An address that does not belong to this sign-in; the right one may still come."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """URLs of an authorization server; empty where it has none."""

    token: str
    authorization: str = ""
    device: str = ""
    registration: str = ""
    issuer: str = ""
    """As it names itself."""
    names_itself: bool = False
    """Each redirect names the issuer (RFC 9207)."""
    secret_in_header: bool = False
    """A client's secret goes into the header and not into the body (RFC 6749 section 2.3.1)."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who the program is at an authorization server."""

    id: str
    secret: str = field(default="", repr=False)
    registered: bool = False
    """It registered itself; else the id is the user's own."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in leaves behind."""

    refresh_token: str = field(repr=False)
    client: Client
    token_endpoint: str
    secret_in_header: bool = False


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint gives."""

    access_token: str = field(repr=False)
    lifetime: float
    """Seconds."""
    refresh_token: str = field(default="", repr=False)
    """A new one, which may end the old one; empty: the old one stays."""


def is_token(text: object) -> bool:
    """Whether ``text`` can be a token: visible ASCII, at most 16 KiB."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None
