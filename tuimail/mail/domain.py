"""Mail domains: validation and conversion to ASCII (RFC 5321 section 4.1.2, RFC 5891)."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_DOMAIN = 253
MAX_LABEL = 63

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")


class DomainError(ValueError):
    """Not a mail domain; the text says why, as the rest of a sentence that begins with the domain."""


@lru_cache(maxsize=1024)
def ascii_domain(domain: str) -> str:
    """``domain`` with its international labels as A-labels (``bücher.example`` -> ``xn--bcher-kva.example``).

    IDNA 2008 with the mapping of UTS 46; the standard library's codec is the older IDNA 2003, which would send a
    letter for ``straße.example`` to ``strasse.example``. Address literals (``[192.0.2.1]``) stay as they are.

    Raises:
        DomainError: it is not a valid mail domain.
    """
    if domain.startswith("["):
        _check_literal(domain)
        return domain
    encoded = domain if domain.isascii() else _to_ascii(domain)
    _check_name(encoded)
    return encoded


@lru_cache(maxsize=1024)
def unicode_domain(domain: str) -> str:
    """The reverse, for the screen; stays as it is unless it would come back as the very same A-labels."""
    if "xn--" not in domain.casefold():
        return domain
    import idna

    try:
        decoded = idna.decode(domain)
        return decoded if idna.encode(decoded, uts46=True).decode("ascii") == domain.casefold() else domain
    except (idna.IDNAError, UnicodeError):
        return domain


def _to_ascii(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise DomainError("is not a valid international domain") from None


def _check_name(name: str) -> None:
    if not name:
        raise DomainError("is empty")
    if name.startswith(".") or ".." in name:
        raise DomainError("has a dot too many")
    if name.endswith("."):
        raise DomainError("ends in a dot")
    if len(name) > MAX_DOMAIN:
        raise DomainError(f"is longer than {MAX_DOMAIN} characters")
    labels = name.split(".")
    for label in labels:
        if len(label) > MAX_LABEL:
            raise DomainError(f"has a part of more than {MAX_LABEL} characters")
        if not _LABEL.match(label):
            wrong = next((char for char in label if not (char.isascii() and (char.isalnum() or char == "-"))), "")
            raise DomainError(f'holds "{wrong}"' if wrong else "has a part that begins or ends with a hyphen")
    if labels[-1].isdigit():
        raise DomainError("ends in a number; an IP address is written in brackets, as in user@[192.0.2.1]")


def _check_literal(literal: str) -> None:
    import ipaddress

    inner = literal[1:-1]
    try:
        if inner[:5].casefold() == "ipv6:":
            if "%" in inner:
                raise ValueError(inner)
            ipaddress.IPv6Address(inner[5:])
        else:
            ipaddress.IPv4Address(inner)
    except ValueError:
        raise DomainError("is not an IP address in brackets ([192.0.2.1] or [IPv6:2001:db8::1])") from None
