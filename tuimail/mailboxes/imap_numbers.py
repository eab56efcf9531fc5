"""Sets of uids (RFC 3501 section 9, sequence-set): read with bounds, written compactly. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_wire import ImapSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]
"""First and last numbers, both included."""

TOP_UID = 4_294_967_295
"""The highest that there can be. Used instead of ``*``, which names the last message even below the range."""
SET_BYTES = 8000
"""Maximum length of a set in a command; servers limit their lines (RFC 7162 section 4)."""
MOST_UIDS = 4_000_000
"""How many uids a server may name in one answer."""
MOST_RANGES = 200_000
"""In one set."""

_SET = re.compile(rb"\d{1,10}(?::\d{1,10})?(?:,\d{1,10}(?::\d{1,10})?)*+")
_RANGE = re.compile(rb"(\d+)(?::(\d+))?")
_NUMBER = re.compile(rb"\d{1,20}")


def number(value: object) -> int | None:
    """A number of at most 20 digits (MODSEQ has 19); None for anything else."""
    return int(value) if isinstance(value, bytes) and _NUMBER.fullmatch(value) else None


def uid_of(value: object) -> int | None:
    """A uid; None for anything else."""
    found = number(value)
    return found if found is not None and 0 < found <= TOP_UID else None


def read_set(text: bytes) -> Ranges:
    """The ranges of ``3,7:9``, in their order, each ascending.

    Raises:
        ImapSyntaxError: it is no set of uids, or one of more than MOST_RANGES ranges.
    """
    if not text:
        return ()
    if text.count(b",") >= MOST_RANGES or not _SET.fullmatch(text):
        raise ImapSyntaxError("a set of numbers that is none")
    found = [(int(first), int(last or first)) for first, last in _RANGE.findall(text)]
    if not all(0 < first <= TOP_UID and 0 < last <= TOP_UID for first, last in found):
        raise ImapSyntaxError("a number that no message can have")
    return tuple((first, last) if first <= last else (last, first) for first, last in found)


def expand(ranges: Iterable[tuple[int, int]], most: int = MOST_UIDS) -> list[int]:
    """Every number of ``ranges``, in their order.

    Raises:
        ImapSyntaxError: there are more than ``most``; nothing was expanded.
    """
    pairs = tuple(ranges)
    if sum(last - first + 1 for first, last in pairs) > most:
        raise ImapSyntaxError("more messages than there can be")
    return [each for first, last in pairs for each in range(first, last + 1)]


def compact(numbers: Iterable[int]) -> Ranges:
    """``numbers`` as ascending ranges that do not touch."""
    found: list[tuple[int, int]] = []
    for each in sorted(set(numbers)):
        if found and found[-1][1] == each - 1:
            found[-1] = (found[-1][0], each)
        else:
            found.append((each, each))
    return tuple(found)


def write_sets(numbers: Iterable[int], most_bytes: int = SET_BYTES) -> list[str]:
    """``numbers`` as sets for commands, ascending, each of at most ``most_bytes`` bytes; none for no numbers."""
    sets: list[str] = []
    words: list[str] = []
    size = 0
    for first, last in compact(numbers):
        word = str(first) if first == last else f"{first}:{last}"
        if words and size + len(word) > most_bytes:
            sets.append(",".join(words))
            words, size = [], 0
        words.append(word)
        size += len(word) + 1
    return [*sets, ",".join(words)] if words else sets
