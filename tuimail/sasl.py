"""The first words of SASL mechanisms that are one message long; SMTP and IMAP say the same. Pure."""

from __future__ import annotations


def plain(user: str, password: str) -> bytes:
    """PLAIN (RFC 4616). Raises UnicodeEncodeError when a part is no text."""
    return f"\0{user}\0{password}".encode()


def oauthbearer(user: str, token: str, host: str, port: int) -> bytes:
    """OAUTHBEARER (RFC 7628), behind the GS2 header of RFC 5801 section 4."""
    escaped = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={escaped},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


def xoauth2(user: str, token: str) -> bytes:
    """XOAUTH2, Google's forerunner of OAUTHBEARER."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()
