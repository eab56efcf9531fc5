"""Search patterns as SEARCH criteria (RFC 3501 section 6.4.4), as far as IMAP can express them. Pure.

Only what stands in texts is asked for: all else is known here. What a server finds may be more than a search here finds
(part of a word, another accent); what it is not asked for is left to what is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tuimail.clock import DAY
from tuimail.mail.date import MONTHS
from tuimail.mail.pattern_tree import And, DateRange, Not, Or, Term, TermKind, TermMode, ThreadHas, Words
from tuimail.mailboxes.imap_numbers import TOP_UID
from tuimail.mailboxes.imap_wire import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuimail.mail.pattern_tree import Pattern

MOST_LEAVES = 5
"""Searches for one pattern in one mailbox."""
LONGEST = 500
"""Characters that are looked for; the rest of a longer text is left out."""

_HEADER = re.compile(r"([!-9;-~]{1,60}):\s*(\S.*)", re.DOTALL)
_SLACK = 2 * DAY
"""Dates of a server are days in some time zone."""
_FIRST_YEAR, _LAST_YEAR = 1970, 9999


@dataclass(frozen=True, slots=True)
class Criteria:
    """What follows SEARCH."""

    head: str
    """The first line; it ends in the announcement of a literal if there are ``literals``."""
    literals: tuple[bytes, ...] = ()
    """What is sent at each request of the server: the literal, and the line behind it without its end."""


def text_leaves(pattern: Pattern) -> list[Pattern]:
    """The leaves that look for something in texts and can be asked of a server, each once; MOST_LEAVES at most."""
    return list(dict.fromkeys(each for each in _leaves(pattern) if _words(each)))[:MOST_LEAVES]


def criteria_of(leaf: Pattern, days: Sequence[str] = (), first_uid: int = 1) -> Criteria:
    """What finds the messages of which the text has ``leaf``, one of ``text_leaves``.

    Args:
        leaf: what is looked for.
        days: of the whole pattern (``days_of``).
        first_uid: only messages from it on.
    """
    parts: list[str | bytes] = [f"UID {first_uid}:{TOP_UID}"] if first_uid > 1 else []
    parts += days
    for key, text in _words(leaf):
        parts += [key, quoted(text) if text.isascii() else text.encode()]
    return _joined(parts)


def _joined(parts: list[str | bytes]) -> Criteria:
    lines = [b""]
    for each in parts:
        space = b" " if lines[-1] else b""
        if isinstance(each, str):
            lines[-1] += space + each.encode("ascii")
        else:
            lines[-1] += space + b"{%d}" % len(each)
            lines.append(each)
    if len(lines) > 1:
        lines[0] = b"CHARSET UTF-8 " + lines[0]
    return Criteria(lines[0].decode("ascii"), tuple(lines[1:]))


def _leaves(pattern: Pattern) -> Iterator[Pattern]:
    waiting = [pattern]
    while waiting:
        each = waiting.pop()
        match each:
            case And(parts) | Or(parts):
                waiting += reversed(parts)
            case Not(part) | ThreadHas(part):
                waiting.append(part)
            case Words(words):
                yield from (Words((word,)) for word in words)
            case _:
                yield each


def _words(leaf: Pattern) -> list[tuple[str, str]]:
    """Keys and texts that must all be there; none: IMAP cannot express it."""
    match leaf:
        case Words((word,)):
            found = [("BODY", word)]
        case Term(TermKind.BODY | TermKind.WHOLE, text, mode) if mode is not TermMode.REGEX:
            key = "BODY" if leaf.kind is TermKind.BODY else "TEXT"
            found = [(key, each) for each in ([text] if mode is TermMode.PHRASE else text.split())]
        case Term(TermKind.HEADER, text, mode) if mode is not TermMode.REGEX and (match := _HEADER.fullmatch(text)):
            found = [(f"HEADER {quoted(match[1])}", match[2])]
        case _:
            return []
    cut = [(key, " ".join(text[:LONGEST].split())) for key, text in found]
    return [(key, text) for key, text in cut if text and "\0" not in text]


def days_of(pattern: Pattern) -> tuple[str, ...]:
    """Criteria for the days outside of which nothing matches.

    The date of a message is here that of its header, or that of its arrival.
    """
    parts = pattern.parts if isinstance(pattern, And) else (pattern,)
    if any(isinstance(each, ThreadHas) for each in _leaves_of_threads(pattern)):
        return ()  # a message of another day may be in the thread
    found = []
    for each in parts:
        if isinstance(each, DateRange):
            for at, key, by in ((each.since, "SINCE", -_SLACK), (each.before, "BEFORE", _SLACK)):
                day = None if at is None else _day(at + by)
                if day is not None:
                    found.append(f"{key} {day}" if each.arrival else f"OR SENT{key} {day} {key} {day}")
    return tuple(found)


def _leaves_of_threads(pattern: Pattern) -> Iterator[Pattern]:
    waiting = [pattern]
    while waiting:
        each = waiting.pop()
        if isinstance(each, And | Or):
            waiting += each.parts
        elif isinstance(each, Not):
            waiting.append(each.part)
        else:
            yield each


def _day(at: float) -> str | None:
    try:
        day = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year}" if _FIRST_YEAR <= day.year <= _LAST_YEAR else None
