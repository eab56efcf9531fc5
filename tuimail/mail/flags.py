r"""Flags of a message: bits and keywords, as IMAP and the names of Maildir files write them. Pure."""

from __future__ import annotations

from enum import IntFlag
from functools import lru_cache

MOST_KEYWORDS = 100
_LONGEST_KEYWORD = 200


class MessageFlags(IntFlag):
    """The bits, as the cache stores them."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16
    FORWARDED = 32
    """The keyword $Forwarded (RFC 5788)."""
    OLD = 64
    """A list showed it before, and it is not read; of a Maildir: it is not in ``new``. No server knows this bit."""


SEEN, ANSWERED, FLAGGED, DELETED, DRAFT, FORWARDED, OLD = map(int, MessageFlags)
"""The bits as plain numbers, for loops: those of an IntFlag are slow."""


_WIRE = {
    MessageFlags.SEEN: "\\Seen",
    MessageFlags.ANSWERED: "\\Answered",
    MessageFlags.FLAGGED: "\\Flagged",
    MessageFlags.DELETED: "\\Deleted",
    MessageFlags.DRAFT: "\\Draft",
    MessageFlags.FORWARDED: "$Forwarded",
}
_FROM_WIRE = {name.lower().encode("ascii"): int(bit) for bit, name in _WIRE.items()}
_MAILDIR = {
    "D": MessageFlags.DRAFT,
    "F": MessageFlags.FLAGGED,
    "P": MessageFlags.FORWARDED,
    "R": MessageFlags.ANSWERED,
    "S": MessageFlags.SEEN,
    "T": MessageFlags.DELETED,
}
"""In the order of a file's name."""


@lru_cache(maxsize=4096)
def from_wire(flags: bytes) -> tuple[int, str]:
    r"""The bits and keywords of ``\Seen $Forwarded Work``, the list of a FETCH response.

    Keywords are sorted, separated by spaces. What only the server may set (``\Recent``) is left out.
    """
    bits, keywords = 0, set()
    for flag in flags.split():
        bit = _FROM_WIRE.get(flag.lower())
        if bit is not None:
            bits |= bit
        elif not flag.startswith(b"\\") and len(flag) <= _LONGEST_KEYWORD:
            keywords.add(flag.decode("ascii", "replace"))
    return bits, " ".join(sorted(keywords)[:MOST_KEYWORDS])


def to_wire(bits: int, keywords: str = "") -> str:
    r"""``\Seen $Forwarded Work``: the list of a STORE or APPEND command, without its parentheses."""
    return " ".join([*(name for bit, name in _WIRE.items() if bits & bit), *keywords.split()])


def from_maildir(letters: str) -> int:
    """The bits of the letters behind ``:2,``; letters that are not known are left out."""
    bits = 0
    for letter in letters:
        bits |= _MAILDIR.get(letter, 0)
    return int(bits)


def to_maildir(bits: int) -> str:
    """The letters for a file's name, sorted."""
    return "".join(letter for letter, bit in _MAILDIR.items() if bits & bit)


def flag_named(name: str) -> MessageFlags | None:
    """The flag called "seen", "answered", "flagged", "deleted", "draft" or "forwarded"; None for another name."""
    return MessageFlags.__members__.get(name.upper()) if name.islower() else None
