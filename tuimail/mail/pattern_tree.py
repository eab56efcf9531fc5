"""What a search pattern says, as a tree of immutable, hashable nodes.

``mail/pattern`` parses text into it, ``mail/pattern_match`` tests one row in memory, ``mail/pattern_describe`` puts it
in English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

_ESCAPED = re.compile(r"\\.", re.DOTALL)


class Flag(StrEnum):
    """What is true or false of a message, as a leaf of the tree."""

    ALL = "all"
    NEW = "new"
    """Unread, and not seen in the list before."""
    OLD = "old"
    """Unread, and seen in the list before."""
    UNREAD = "unread"
    READ = "read"
    ANSWERED = "answered"
    FLAGGED = "flagged"
    DELETED = "deleted"
    FROM_ME = "from me"
    TO_ME = "to me"
    """In To or Cc."""
    TAGGED = "tagged"
    TO_LIST = "to a list"
    TO_SUBSCRIBED_LIST = "to a subscribed list"
    DUPLICATE = "duplicate"
    """Another message has the same Message-ID."""
    ALONE = "alone in its thread"
    COLLAPSED = "in a collapsed thread"


class TermKind(StrEnum):
    """Where a text is looked for."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    TO_OR_CC = "to or cc"
    PEOPLE = "from, to or cc"
    SUBJECT = "subject"
    MESSAGE_ID = "message-id"
    """The whole Message-ID, in angle brackets; all other kinds look for a part."""
    REFERENCES = "references"
    KEYWORD = "keyword"
    SUMMARY = "subject, from, to or cc"
    """Where plain words are looked for."""
    BODY = "body"
    """Of words, as is the next: a word also finds longer ones that begin with it, unless it is in quotation marks."""
    WHOLE = "body or header"
    """The text, subject, people, or a file's name."""
    HEADER = "header"


class TermMode(StrEnum):
    """How the text of a term is read."""

    TEXT = "text"
    PHRASE = "phrase"
    """It was written in quotation marks: a full-text search keeps its words together."""
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Term:
    """A text in one place."""

    kind: TermKind
    text: str
    mode: TermMode = TermMode.TEXT
    server: bool = False
    """Only the server is asked."""

    @property
    def ignore_case(self) -> bool:
        """Whether a regular expression ignores case, as in mutt: it has no upper-case letter, escapes apart."""
        text = _ESCAPED.sub("", self.text)
        return text == text.lower()


@dataclass(frozen=True, slots=True)
class Words:
    """Each of ``words`` in subject, from, to or cc, or in the full text where it is kept."""

    words: tuple[str, ...]
    """One with a space in it is a phrase."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """``since`` <= date < ``before``, in seconds since the epoch; None: no limit."""

    since: float | None
    before: float | None
    arrival: bool = False
    """The time of arrival, instead of the Date field."""
    said: str = field(default="", compare=False)
    """In English: "since 1 November"."""


@dataclass(frozen=True, slots=True)
class SizeRange:
    """``least`` <= size <= ``most``, in bytes; None: no limit."""

    least: int | None
    most: int | None
    said: str = field(default="", compare=False)
    """In English: "larger than 1M"."""


@dataclass(frozen=True, slots=True)
class Count:
    """``least`` <= number of attachments <= ``most``; None: no limit."""

    least: int | None
    most: int | None
    said: str = field(default="", compare=False)
    """In English: "with more than 2 attachments"."""


@dataclass(frozen=True, slots=True)
class ThreadHas:
    """A message of its thread matches ``part``."""

    part: Pattern


@dataclass(frozen=True, slots=True)
class Not:
    """``part`` does not match."""

    part: Pattern


@dataclass(frozen=True, slots=True)
class And:
    """All of ``parts`` match."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of ``parts`` matches."""

    parts: tuple[Pattern, ...]


Pattern: TypeAlias = And | Or | Not | Words | Term | DateRange | SizeRange | Count | Flag | ThreadHas
