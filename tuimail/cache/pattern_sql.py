"""A search pattern as an expression of SQL over ``message``: 1, 0, or NULL where it cannot be told.

SQL's three values are those of ``mail/pattern_match``, so *and*, *or* and *not* are SQL's own, and the expression says
of each row exactly what ``pattern_match`` says of it. What SQL cannot tell is asked of two functions: ``pattern_leaf``,
which is ``pattern_match`` itself for one leaf, and ``pattern_text`` and ``pattern_files``, which read a message. Cheap
conditions come before them, and parts of an *and* stand in the order of what they cost.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tuimail.cache.fulltext_tokens import match_query
from tuimail.errors import UsageError
from tuimail.mail.folded_row import BETWEEN_FIELDS
from tuimail.mail.pattern_match import FLAG_BITS, MatchContext, folded
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
    from collections.abc import Callable, Iterable, Sequence

DEEPEST = 8
"""Levels of one expression; SQLite's parser has room for a hundred open constructs."""
_WIDEST = 300
"""Parts that are joined without parentheses; SQLite allows 1000 in a row."""
_INTEGER = (1 << 63) - 1
_FEW = 5000
"""Hits in texts up to which their rows are looked up one by one; more are compared while all rows are read."""

CHEAP, TEXT, FUNCTION, READING = range(4)
"""What an expression costs: a comparison; looking through a row's text; Python; a file."""

_COLUMNS = {
    TermKind.SUBJECT: ("subject",),
    TermKind.FROM: ("from_name", "from_addr"),
    TermKind.TO: ("substr(recipients, 1, instr(recipients || char(10), char(10)) - 1)",),
    TermKind.CC: ("substr(recipients, instr(recipients || char(10), char(10)) + 1)",),
    TermKind.TO_OR_CC: ("recipients",),
    TermKind.PEOPLE: ("from_name", "from_addr", "recipients"),
    TermKind.SUMMARY: ("subject", "from_name", "from_addr", "recipients"),
}
_ARGUMENTS = ("subject", "from_name", "from_addr", "recipients", "list_id", "keywords", "refs")
"""Of ``pattern_leaf``, behind the leaf's number."""
_ONES = {
    TermKind.SUBJECT: ("subject",),
    TermKind.FROM: ("from_name", "from_addr"),
    TermKind.TO: ("recipients",),
    TermKind.CC: ("recipients",),
    TermKind.TO_OR_CC: ("recipients",),
    TermKind.PEOPLE: ("from_name", "from_addr", "recipients"),
    TermKind.SUMMARY: ("subject", "from_name", "from_addr", "recipients"),
    TermKind.KEYWORD: ("keywords",),
    TermKind.REFERENCES: ("refs",),
}
"""Of these, what a term needs."""
_SEPARATORS = frozenset("<>\t\n")
_DUPLICATES = (
    "message_id <> '' AND message_id IN (SELECT message_id FROM message WHERE message_id <> '' AND leaving IS NULL "
    "GROUP BY message_id HAVING count(*) > 1)"
)
_ALONE = "thread IN (SELECT id FROM thread GROUP BY id HAVING sum(total) = 1)"


class TextSource(Protocol):
    """What is known of the texts of messages."""

    def hits(self, query: str) -> Sequence[int] | None:
        """The rows of the full-text index that match; None: there is no index."""

    def messages(self, texts: Sequence[int]) -> list[int]:
        """The messages that have these texts."""

    @property
    def complete(self) -> bool:
        """All messages are indexed."""

    @property
    def reads(self) -> bool:
        """Messages that are not indexed can be read."""


class Expression(NamedTuple):
    """A part of the pattern in SQL."""

    sql: str
    """Safe between AND, OR and NOT."""
    cost: int = CHEAP
    level: int = 1


class TextQuestion(NamedTuple):
    """What is asked of the text of a message that is not indexed."""

    query: str
    """Of FTS5; empty to look for ``term`` in the header's bytes."""
    term: Term | None = None


class PatternSql:
    """Turns one pattern into SQL; has what the statement then needs."""

    def __init__(
        self,
        context: MatchContext,
        texts: TextSource,
        evaluate: Callable[[str, Sequence[object]], tuple[list[int], list[int]]],
    ) -> None:
        """``evaluate`` gives the ids for which an expression with these values is 1, and those where it is NULL."""
        self.values: list[object] = []
        """Of ?1, ?2, ... in the statement."""
        self.leaves: list[Pattern] = []
        """What ``pattern_leaf`` is asked, by number."""
        self.questions: list[TextQuestion] = []
        """What ``pattern_text`` is asked, by number."""
        self.counts: list[tuple[int | None, int | None]] = []
        """What ``pattern_files`` is asked, by number: how many attachments at least, and at most."""
        self.reads = False
        """Files may be read."""
        self._context = context
        self._texts = texts
        self._evaluate = evaluate

    def expression(self, pattern: Pattern) -> Expression:
        """``pattern`` as SQL.

        Raises:
            UsageError: it asks for what is not searched.
            StorageError: the cache cannot be read.
        """
        if pattern in self._context.answers and not isinstance(pattern, Words):
            return Expression(self._among("id", _ids(self._context.answers[pattern])))
        match pattern:
            case And(parts):
                return self._joined("AND", parts)
            case Or(parts):
                return self._joined("OR", parts)
            case Not(part):
                inner = self._shallow(self.expression(part))
                return Expression(f"(NOT {inner.sql})", inner.cost, inner.level + 1)
            case ThreadHas(part):
                return self._thread(part)
            case Words(words):
                return self._and([self._word(word) for word in words])
            case Term():
                return self._term(pattern)
            case Flag():
                return self._flag(pattern)
            case DateRange(since, before, arrival):
                column = "arrived" if arrival else "date"
                return self._range(column, ("<", before), (">=", since))
            case SizeRange(least, most):
                return self._range("size", ("<=", most), (">=", least))
            case Count(least, most):
                return self._count(least, most)

    # -- how parts are joined
    def _joined(self, operator: str, parts: Sequence[Pattern]) -> Expression:
        made = sorted((self._shallow(self.expression(part)) for part in parts), key=lambda each: each.cost)
        return _all_of(operator, made)

    def _and(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else _all_of("AND", sorted(parts, key=lambda each: each.cost))

    def _shallow(self, made: Expression) -> Expression:
        """The same with few levels: what is too deep is found out first."""
        if made.level < DEEPEST:
            return made
        true, unknown = self._evaluate(made.sql, self.values)
        sql = f"CASE WHEN {self._among('id', true)} THEN 1 WHEN {self._among('id', unknown)} THEN NULL ELSE 0 END"
        return Expression(f"({sql})")

    def _thread(self, part: Pattern) -> Expression:
        true, _ = self._evaluate(self.expression(part).sql, self.values)
        members = f"SELECT thread FROM message WHERE {self._among('id', true)}"  # noqa: S608 - ids only
        return Expression(f"(thread IN ({members}))")

    # -- leaves
    def _range(self, column: str, *limits: tuple[str, float | None]) -> Expression:
        parts = [
            f"{column} {sign} {self._value(min(limit, _INTEGER) if isinstance(limit, int) else limit)}"
            for sign, limit in limits
            if limit is not None
        ]
        return Expression(f"({' AND '.join(parts)})" if parts else "1")

    def _flag(self, flag: Flag) -> Expression:
        bits = FLAG_BITS.get(flag)
        context = self._context
        if bits is not None:
            return Expression(f"(flags & {bits[0]} = {bits[1]})" if bits[0] else "1")
        match flag:
            case Flag.DUPLICATE:
                return Expression(f"({_DUPLICATES})")
            case Flag.ALONE:
                return Expression(f"({_ALONE})")
            case Flag.TAGGED:
                return Expression(self._among("id", _ids(context.tagged)))
            case Flag.FROM_ME:
                return self._leaf(flag, "from_addr", condition=self._perhaps_own())
            case Flag.TO_ME:
                return self._leaf(flag, "recipients", condition="recipients <> ''")
            case Flag.TO_LIST | Flag.TO_SUBSCRIBED_LIST:
                known = context.subscribed if flag is Flag.TO_SUBSCRIBED_LIST else context.lists | context.subscribed
                if known:
                    return self._leaf(flag, "recipients", "list_id")
                return Expression("(list_id <> '')" if flag is Flag.TO_LIST else "0")
        raise UsageError("Collapsed threads are not searched by commands.", hint="Search for words instead.")

    def _perhaps_own(self) -> str:
        """True of all addresses of the user's, and of few others."""
        parts = [
            f"from_addr LIKE {self._value(f'%{_escaped(each)}%')} ESCAPE '\\'" for each in self._context.own.local_parts
        ]
        return f"({' OR '.join(['folded IS NOT NULL', *parts])})"

    def _term(self, term: Term) -> Expression:
        if term.mode is TermMode.REGEX:
            raise UsageError("Regular expressions are not searched by commands.", hint="Search for words instead.")
        if term.kind is TermKind.HEADER:
            return self._or_at_server(term, self._unread(TextQuestion("", term)))
        if term.kind in (TermKind.BODY, TermKind.WHOLE):
            query = match_query(
                term.text, "body" if term.kind is TermKind.BODY else "", whole=term.mode is TermMode.PHRASE
            )
            if not query:
                raise UsageError(
                    f"{term.text} has no letter or digit, and texts are searched for words.",
                    hint="Search for a word beside it.",
                )
            return self._or_at_server(term, self._text(query))
        if term.kind is TermKind.MESSAGE_ID:
            return Expression(f"(message_id = {self._value(term.text)})")
        if term.kind in (TermKind.KEYWORD, TermKind.REFERENCES):
            (column,) = _ONES[term.kind]
            return self._leaf(term, column, condition=f"{column} <> ''")
        return self._summary(term)

    def _summary(self, term: Term) -> Expression:
        """A part of subject, names or addresses."""
        wanted = folded(term.text)
        exact = bool(wanted) and not _SEPARATORS & set(wanted) and not wanted.endswith(" ") and "\0" not in wanted
        leaf = self._leaf(term, *_ONES[term.kind]).sql
        if not exact:
            return Expression(leaf, FUNCTION)
        inside = f"instr(folded, {self._value(wanted)})"
        # In all fields that are kept folded; where only some are asked, the hit may be in another one.
        other = inside if term.kind is TermKind.SUMMARY else f"{inside} AND {leaf}"
        if not wanted.isascii():
            return Expression(f"(folded IS NOT NULL AND {other})", TEXT)
        like = self._value(f"%{_escaped(wanted)}%")
        columns = " OR ".join(f"{column} LIKE {like} ESCAPE '\\'" for column in _COLUMNS[term.kind])
        return Expression(f"(CASE WHEN folded IS NULL THEN {columns} ELSE {other} END)", TEXT)

    def _word(self, word: str) -> Expression:
        """In the summary, or in the text as far as that is known: what is not indexed is no reason for a doubt."""
        return self._or_at_server(Words((word,)), self._word_here(word))

    def _or_at_server(self, leaf: Pattern, here: Expression) -> Expression:
        """What is known here, or what a server says it has found."""
        told = list(_ids(self._context.at_server.get(leaf, ())))
        if not told:
            return here
        return Expression(f"({self._among('id', told)} OR {here.sql})", here.cost, here.level + 1)

    def _word_here(self, word: str) -> Expression:
        summary = self._summary(Term(TermKind.SUMMARY, word))
        told = self._context.answers.get(Words((word,)))
        if told is not None:
            return Expression(f"({summary.sql} OR {self._among('id', _ids(told))})", TEXT)
        query = match_query(word, whole=" " in word)
        hits = self._texts.hits(query) if query else None
        if hits is None:
            return summary
        # A text that the message has not is no text of it: NULL IN (...) is not known, and must be false.
        return Expression(f"({summary.sql} OR coalesce({self._among('text', hits)}, 0))", TEXT)

    def _text(self, query: str) -> Expression:
        """In the full-text index; where a message is not indexed, in the message itself."""
        hits = self._texts.hits(query)
        if hits is not None and self._texts.complete:
            few = len(hits) <= _FEW
            return Expression(self._among("id", self._texts.messages(hits)) if few else self._among("text", hits))
        unread = self._unread(TextQuestion(query))
        if hits is None:
            return unread
        sql = f"(CASE WHEN text IS NULL THEN {unread.sql} ELSE {self._among('text', hits)} END)"
        return Expression(sql, READING)

    def _unread(self, question: TextQuestion) -> Expression:
        if not self._texts.reads:
            return Expression("NULL")
        self.reads = True
        self.questions.append(question)
        return Expression(f"pattern_text({len(self.questions) - 1}, id)", READING)

    def _count(self, least: int | None, most: int | None) -> Expression:
        """Of attachments it is known at most that there are none or some; how many, the message says."""
        none = (least is None or least <= 0) and (most is None or most >= 0)
        if most is not None and most < 1:
            some = "0"
        elif most is None and (least is None or least <= 1):
            some = "1"
        else:
            some = ""
        told = "NULL"
        if self._texts.reads:
            self.reads = True
            self.counts.append((least, most))
            told = f"pattern_files({len(self.counts) - 1}, id)"
        sql = f"(CASE WHEN attached IS NULL THEN {told} WHEN attached THEN {some or told} ELSE {int(none)} END)"
        return Expression(sql, READING)

    def _leaf(self, leaf: Pattern, *columns: str, condition: str = "") -> Expression:
        self.leaves.append(leaf)
        given = ", ".join(column if column in columns else "''" for column in _ARGUMENTS)
        call = f"pattern_leaf({len(self.leaves) - 1}, {given})"
        return Expression(f"({condition} AND {call})" if condition else call, FUNCTION)

    # -- values
    def _value(self, value: object) -> str:
        self.values.append(value)
        return f"?{len(self.values)}"

    def _among(self, column: str, numbers: Iterable[int]) -> str:
        found = list(numbers)
        if not found:
            return f"({column} IN ())"
        return f"({column} IN (SELECT value FROM json_each({self._value(json.dumps(found))})))"  # noqa: S608


def _all_of(operator: str, parts: Sequence[Expression]) -> Expression:
    joined = [
        f"({f' {operator} '.join(each.sql for each in parts[at : at + _WIDEST])})"
        for at in range(0, len(parts), _WIDEST)
    ]
    sql = joined[0] if len(joined) == 1 else f"({f' {operator} '.join(joined)})"
    return Expression(sql, max(each.cost for each in parts), max(each.level for each in parts) + 1)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _ids(answer: object) -> Iterable[int]:
    """The ids of an answer of the caller, which must be a collection here."""
    if not hasattr(answer, "__iter__"):
        raise TypeError("an answer to a pattern must list its ids")
    return [int(each) for each in answer]


assert BETWEEN_FIELDS in _SEPARATORS  # noqa: S101 - else a hit could reach over two fields
