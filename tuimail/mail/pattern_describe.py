"""A search pattern in plain English, for the status line: ``unread, from kim, since 1 November``."""

from __future__ import annotations

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
from tuimail.mail.text import safe_line

LONGEST_DESCRIPTION = 300
"""Characters; what is longer ends in an ellipsis."""

_TERMS = {
    TermKind.FROM: "from",
    TermKind.TO: "to",
    TermKind.CC: "cc",
    TermKind.TO_OR_CC: "to or cc",
    TermKind.PEOPLE: "from or to",
    TermKind.SUBJECT: "subject",
    TermKind.MESSAGE_ID: "Message-ID",
    TermKind.REFERENCES: "references",
    TermKind.KEYWORD: "keyword",
    TermKind.SUMMARY: "with",
    TermKind.BODY: "body",
    TermKind.WHOLE: "body or header",
    TermKind.HEADER: "header",
}


def describe(pattern: Pattern) -> str:
    """``pattern`` in one line that is safe to show."""
    said = safe_line(_describe(pattern))
    return said if len(said) <= LONGEST_DESCRIPTION else f"{said[: LONGEST_DESCRIPTION - 1]}…"


def _describe(pattern: Pattern) -> str:
    match pattern:
        case And(parts):
            return ", ".join(_grouped(part) if isinstance(part, Or) else _describe(part) for part in parts)
        case Or(parts):
            return " or ".join(_grouped(part) for part in parts)
        case Not(part):
            return f"not {_grouped(part)}"
        case ThreadHas(part):
            return f"thread with ({_describe(part)})"
        case Words(words):
            return "with " + " and ".join(f'"{word}"' for word in words)
        case Term():
            return _term(pattern)
        case DateRange():
            return f"arrived {pattern.said}" if pattern.arrival else pattern.said
        case SizeRange() | Count():
            return pattern.said
        case Flag():
            return pattern.value


def _grouped(pattern: Pattern) -> str:
    """In parentheses if it consists of several."""
    several = isinstance(pattern, And | Or) or (isinstance(pattern, Words) and len(pattern.words) > 1)
    return f"({_describe(pattern)})" if several else _describe(pattern)


def _term(term: Term) -> str:
    text = f"/{term.text}/" if term.mode is TermMode.REGEX else term.text
    if term.mode is TermMode.PHRASE or " " in term.text:
        text = f'"{term.text}"'
    return f"{_TERMS[term.kind]} {text}{' on the server' if term.server else ''}"
