"""Why a server refuses: by its response code (RFC 5530), else by its words. Pure, linear.

Cyrus and Courier say of a full account and of missing rights in words alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_wire import Status

_FULL = re.compile(
    r"quota|\bfull\b|storage limit"
    r"|(?:no|insufficient|not enough|out of) (?:disk |storage |more )?(?:space|storage|room)",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"(?:permission|access) (?:is |was )?denied", re.IGNORECASE)
_WORDS_LIMIT = 1000
"""Maximum number of characters of a server's text that are searched."""


def reason(status: Status) -> str:
    """The response code; without one, OVERQUOTA or NOPERM where the words of a NO say so; else nothing."""
    if status.code or status.verdict != "NO":
        return status.code
    words = status.text[:_WORDS_LIMIT]
    if _FULL.search(words):
        return "OVERQUOTA"
    return "NOPERM" if _FORBIDDEN.search(words) else ""
