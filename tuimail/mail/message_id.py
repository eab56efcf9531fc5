"""Message-IDs (RFC 5322 section 3.6.4): unique, without information about the machine or the user."""

from __future__ import annotations

import secrets

from tuimail.mail.domain import ascii_domain

_RANDOM_BYTES = 16


def make_message_id(domain: str) -> str:
    """A new ``<random@domain>``, with the identity's ``domain`` in ASCII.

    It contains no host name, user name, process number or time.

    Raises:
        DomainError: ``domain`` is not valid.
    """
    return f"<{secrets.token_hex(_RANDOM_BYTES)}@{ascii_domain(domain)}>"
