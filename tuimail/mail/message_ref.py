"""Public ids of received messages: what ``tuimail search`` prints and ``tuimail show`` takes. Pure.

An id is made of what the message is stored under, never of a row of the cache: it names the same message, or none, when
the cache was lost. The parts are joined by colons; in a part everything but letters, digits and ``._/@+=,-`` is
percent-encoded (RFC 3986 section 2.1), so that an id is one word in a shell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from tuimail.errors import UsageError

LONGEST = 4096
"""Characters of an id."""

_SAFE = "._/@+=,-"
_PART = re.compile(r"(?:[A-Za-z0-9._/@+=,-]|%[0-9A-F]{2})+")


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message is kept."""

    account: str
    folder: str
    """As it is shown: "INBOX", "Lists/Rust"."""
    key: str
    """What it is called there: the unique part of a Maildir's file name, a hash in an mbox, "UIDVALIDITY.UID"."""

    def __str__(self) -> str:
        parts = (quote(each, safe=_SAFE) for each in (self.account, self.folder, self.key))
        return ":".join(parts).replace("~", "%7E")  # quote() takes it for safe; a shell does not


def parse_message_ref(text: str) -> MessageRef:
    """The reference that ``text`` is the id of.

    Raises:
        UsageError: it is no id.
    """
    parts = text.split(":") if len(text) <= LONGEST else []
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise UsageError(
            f"{text[:80]!r} is not the id of a message.", hint="Ids are listed by: tuimail search PATTERN --json"
        )
    try:
        account, folder, key = (unquote(part, errors="strict") for part in parts)
    except UnicodeDecodeError:
        raise UsageError(f"{text[:80]!r} is not the id of a message: it is not UTF-8.") from None
    return MessageRef(account, folder, key)
