"""Whether one message in memory matches a search pattern, as far as its summary can tell. Pure.

The answer has three values: what only the body, the server, other messages or a regular expression can tell is None
unless the context brings the answer. An ``or`` with one part that is true, and an ``and`` with one that is false, are
certain all the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, OLD, SEEN
from tuimail.mail.own_addresses import OwnAddresses, mailbox_key
from tuimail.mail.pattern_tree import (
    And,
    Count,
    DateRange,
    Flag,
    Not,
    Or,
    Pattern,
    SizeRange,
    Term,
    TermKind,
    TermMode,
    ThreadHas,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence


class RowRecipient(Protocol):
    """A recipient in the header of a message."""

    @property
    def name(self) -> str:
        """Decoded; may be empty."""

    @property
    def address(self) -> str:
        """As it was written."""

    @property
    def copied(self) -> bool:
        """It is in Cc, else in To."""


class SummaryRow(Protocol):
    """What a list knows of a message."""

    @property
    def id(self) -> int:
        """Its number in the cache."""

    @property
    def flags(self) -> int:
        """Bits of ``mail/flags``."""

    @property
    def keywords(self) -> str:
        """Separated by spaces."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def arrived(self) -> float:
        """Seconds since the epoch."""

    @property
    def date(self) -> float:
        """Of the Date field, in seconds since the epoch."""

    @property
    def from_name(self) -> str:
        """Decoded; may be empty."""

    @property
    def from_addr(self) -> str:
        """As it was written."""

    @property
    def recipients(self) -> Sequence[RowRecipient]:
        """Of To and Cc."""

    @property
    def subject(self) -> str:
        """Decoded."""

    @property
    def message_id(self) -> str:
        """In angle brackets; empty if there is none."""

    @property
    def refs(self) -> str:
        """Message-IDs separated by spaces."""

    @property
    def list_id(self) -> str:
        """Empty if it did not come from a list."""

    @property
    def attached(self) -> int | None:
        """The number of attachments; True: at least one; None: not known yet."""


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What a row itself does not know."""

    own: OwnAddresses = field(default_factory=OwnAddresses)
    lists: frozenset[str] = frozenset()
    """Addresses of known mailing lists, each as ``mailbox_key`` gives it."""
    subscribed: frozenset[str] = frozenset()
    """Those of them that the user reads."""
    tagged: Container[int] = frozenset()
    """Ids."""
    answers: Mapping[Pattern, Container[int]] = field(default_factory=dict)
    """For leaves that a summary cannot tell (``untold``): the ids of all messages that match. For ``Words`` of one
    word: the ids whose full text has it."""
    at_server: Mapping[Pattern, Container[int]] = field(default_factory=dict)
    """For terms that look into texts, and ``Words`` of one word: ids of messages of which a server says that they
    match, besides those that are known here."""


def matches(pattern: Pattern, row: SummaryRow, context: MatchContext) -> bool | None:
    """Whether ``row`` matches; None when it cannot be told."""
    match pattern:
        case And(parts):
            return _all(matches(part, row, context) for part in parts)
        case Or(parts):
            return _negated(_all(_negated(matches(part, row, context)) for part in parts))
        case Not(part):
            return _negated(matches(part, row, context))
        case Words(words):
            return all(_has_word(word, row, context) for word in words)
        case DateRange(since, before, arrival):
            at = row.arrived if arrival else row.date
            return (since is None or at >= since) and (before is None or at < before)
        case SizeRange(least, most):
            return (least is None or row.size >= least) and (most is None or row.size <= most)
        case Count(least, most):
            return _count(row.attached, least, most)
        case Flag() if pattern not in _UNTOLD_FLAGS:
            return _flag(pattern, row, context)
        case Term() if not _is_untold(pattern):
            return _term(pattern, row)
    found = context.answers.get(pattern)
    return None if found is None else row.id in found


def untold(pattern: Pattern) -> tuple[Pattern, ...]:
    """The leaves of ``pattern`` that no summary can tell, each once: they are keys of ``MatchContext.answers``."""
    return tuple(dict.fromkeys(leaf for leaf in _leaves(pattern) if _is_untold(leaf)))


def asks_texts(pattern: Pattern) -> bool:
    """Whether it looks for something in the texts of messages, plain words apart."""
    waiting = list(untold(pattern))
    while waiting:
        leaf = waiting.pop()
        if isinstance(leaf, ThreadHas):
            waiting += untold(leaf.part)
        elif isinstance(leaf, Term) and leaf.kind in (TermKind.BODY, TermKind.WHOLE):
            return True
    return False


def folded(text: str) -> str:
    """``text`` as it is compared: without regard to case and to how accents are encoded."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.casefold())


def _leaves(pattern: Pattern) -> Iterator[Pattern]:
    waiting = [pattern]
    while waiting:
        each = waiting.pop()
        if isinstance(each, And | Or):
            waiting.extend(reversed(each.parts))
        elif isinstance(each, Not):
            waiting.append(each.part)
        else:
            yield each


_UNTOLD_FLAGS = (Flag.DUPLICATE, Flag.ALONE, Flag.COLLAPSED)
_UNTOLD_TERMS = (TermKind.BODY, TermKind.WHOLE, TermKind.HEADER)


def _is_untold(leaf: Pattern) -> bool:
    if isinstance(leaf, Term):
        return leaf.kind in _UNTOLD_TERMS or leaf.mode is TermMode.REGEX
    return leaf in _UNTOLD_FLAGS or isinstance(leaf, ThreadHas)


def _all(answers: Iterable[bool | None]) -> bool | None:
    certain = True
    for answer in answers:
        if answer is False:
            return False
        certain = certain and answer is not None
    return True if certain else None


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _has_word(word: str, row: SummaryRow, context: MatchContext) -> bool:
    """In the summary, or in the full text as far as it is known: a text that is not kept is no reason for a doubt."""
    return _term(Term(TermKind.SUMMARY, word), row) or row.id in context.answers.get(Words((word,)), ())


def _term(term: Term, row: SummaryRow) -> bool:
    if term.kind is TermKind.MESSAGE_ID:
        return row.message_id == term.text
    wanted = folded(term.text)
    return any(wanted in folded(text) for text in _texts(term.kind, row))


def _texts(kind: TermKind, row: SummaryRow) -> Iterator[str]:
    if kind in (TermKind.SUBJECT, TermKind.SUMMARY):
        yield row.subject
    if kind in (TermKind.FROM, TermKind.PEOPLE, TermKind.SUMMARY):
        yield row.from_name
        yield row.from_addr
    if kind in (TermKind.TO, TermKind.CC, TermKind.TO_OR_CC, TermKind.PEOPLE, TermKind.SUMMARY):
        for recipient in row.recipients:
            if kind is (TermKind.TO if recipient.copied else TermKind.CC):
                continue
            yield recipient.name
            yield recipient.address
    if kind is TermKind.REFERENCES:
        yield row.refs
    if kind is TermKind.KEYWORD:
        yield row.keywords


def _count(attached: int | None, least: int | None, most: int | None) -> bool | None:
    if attached is None:
        return None
    if attached is True:
        if most is not None and most < 1:
            return False
        return True if most is None and (least is None or least <= 1) else None
    return (least is None or attached >= least) and (most is None or attached <= most)


FLAG_BITS = {
    Flag.ALL: (0, 0),
    Flag.NEW: (SEEN | OLD, 0),
    Flag.OLD: (SEEN | OLD, OLD),
    Flag.UNREAD: (SEEN, 0),
    Flag.READ: (SEEN, SEEN),
    Flag.ANSWERED: (ANSWERED, ANSWERED),
    Flag.FLAGGED: (FLAGGED, FLAGGED),
    Flag.DELETED: (DELETED, DELETED),
}
"""Which bits of a message's flags are looked at, and what they must be."""


def _flag(flag: Flag, row: SummaryRow, context: MatchContext) -> bool:
    bits = FLAG_BITS.get(flag)
    if bits is not None:
        return row.flags & bits[0] == bits[1]
    if flag is Flag.TAGGED:
        return row.id in context.tagged
    if flag is Flag.FROM_ME:
        return row.from_addr in context.own
    if flag is Flag.TO_ME:
        return any(each.address in context.own for each in row.recipients)
    if flag is Flag.TO_LIST and row.list_id:
        return True
    lists = context.subscribed if flag is Flag.TO_SUBSCRIBED_LIST else context.lists | context.subscribed
    return bool(lists) and any(mailbox_key(each.address) in lists for each in row.recipients)
