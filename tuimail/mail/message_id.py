"""Message-IDs (RFC 5322 section 3.6.4): unique, and silent about the machine and the person."""

from __future__ import annotations

import secrets

from tuimail.mail.domain import ascii_domain

_RANDOM_BYTES = 16


def make_message_id(domain: str) -> str:
    """A fresh ``<random@domain>``, with ``domain`` (that of the identity written as) in ASCII.

    No host name, user name, process number or time stands in it.

    Raises:
        DomainError: ``domain`` is none.
    """
    return f"<{secrets.token_hex(_RANDOM_BYTES)}@{ascii_domain(domain)}>"
