"""A search in SQL finds exactly what ``pattern_match`` says of each row."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cache.support import NOON, written
from tuimail.cache import fulltext
from tuimail.cache.database import ReadableCache
from tuimail.cache.folders import add_mailbox
from tuimail.cache.fulltext import NewText, WritableFulltext
from tuimail.cache.pattern_search import READ_LIMIT, SearchStoppedError, matching_ids, newest_matching
from tuimail.cache.summaries import NewMessage, hide, insert
from tuimail.cache.windows import IndexOrder
from tuimail.errors import StorageError, UsageError
from tuimail.mail.indexed_text import IndexedText, indexed_text
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.pattern import parse
from tuimail.mail.pattern_match import MatchContext, matches, untold
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
from tuimail.mail.row_recipients import row_recipients
from tuimail.mail.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuimail.mail.row_recipients import ListedRecipient

LATIN = ("kim", "Kim", "mill", "%", "_", "\\", "a%b", "<", ">", " <k", "report", "rep")
OTHERS = ("KIM\u212a", "müller", "mu\u0308ller", "MÜLLER", "straße", "strasse", "é", "e\u0301", "ﬁn", "fin", "İx")
WORDS = (*LATIN, *OTHERS, "会議室", "会", "ΣΑΣ", "σας", "x\u0338")
ADDRESSES = ("ada@example.org", "Ada+x@EXAMPLE.org", "kim@x.example", "dev@lists.example", "ada@bücher.example", "kim")
TEXTS = ("the barrel is at the mill", "Müller said: report", "会議室 at noon", "reporting mills", "", "kim-and-ada x")
ASKED = ("mill", "report", "rep", "muller", "会", "会議", "議室", "kim and", "barrel at", "the mill", "x")
OWN = MatchContext(
    own=OwnAddresses(["ada@example.org", "a@bücher.example"]),
    lists=frozenset({"dev@lists.example"}),
    subscribed=frozenset({"kim@x.example"}),
    tagged=[1, 3],
    answers={Flag.COLLAPSED: [2, 3]},
)


class Letter(NamedTuple):
    summary: Summary
    mailbox: str
    text: str
    indexed: bool
    hidden: bool


phrases = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
people = st.one_of(
    st.sampled_from(ADDRESSES), st.builds("{} <{}>".format, st.sampled_from(WORDS), st.sampled_from(ADDRESSES))
)
recipients = st.builds(
    lambda to, cc: "\t".join(to) + ("\n" + "\t".join(cc) if cc else ""),
    st.lists(people, max_size=2),
    st.lists(people, max_size=2),
)
identifiers = st.integers(0, 4).map(lambda number: f"<{number}@x>")
summaries = st.builds(
    Summary,
    flags=st.integers(0, 127),
    keywords=st.sampled_from(["", "todo", "$Label1 töd", "Work\x00x"]),
    size=st.integers(0, 3000),
    arrived=st.integers(NOON, NOON + 5),
    date=st.integers(NOON, NOON + 5),
    from_name=phrases,
    from_addr=st.sampled_from(ADDRESSES),
    recipients=recipients,
    subject=phrases,
    base=st.just(""),
    message_id=st.one_of(st.just(""), identifiers),
    refs=st.lists(identifiers, max_size=2).map(" ".join),
    list_id=st.sampled_from(["", "dev.lists.example"]),
    attached=st.sampled_from([True, False, None]),
)
letters = st.lists(
    st.builds(
        Letter, summaries, st.sampled_from(["INBOX", "Sent"]), st.sampled_from(TEXTS), st.booleans(), st.booleans()
    ),
    min_size=1,
    max_size=7,
)
limits = st.one_of(st.none(), st.integers(0, 3), st.just(10**30))
moments = st.one_of(st.none(), st.integers(NOON, NOON + 5).map(float))
full_text = st.builds(
    Term,
    st.sampled_from([TermKind.BODY, TermKind.WHOLE, TermKind.HEADER]),
    st.sampled_from(ASKED),
    st.sampled_from([TermMode.TEXT, TermMode.PHRASE]),
)
leaves = st.one_of(
    st.sampled_from(list(Flag)),
    st.builds(
        Term,
        st.sampled_from([each for each in TermKind if each not in (TermKind.BODY, TermKind.WHOLE, TermKind.HEADER)]),
        st.sampled_from([*WORDS, " ", "kim ", "\t", "<0@x>", "todo", "TÖD"]),
    ),
    full_text,
    st.builds(Words, st.lists(st.sampled_from([*WORDS, *ASKED]), min_size=1, max_size=2).map(tuple)),
    st.builds(DateRange, moments, moments, st.booleans()),
    st.builds(SizeRange, limits, limits),
    st.builds(Count, limits, limits),
)
patterns = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(ThreadHas, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)


def raw_of(letter: Letter) -> bytes:
    """A message whose text is that of the letter; what is indexed of its header is told by the summary alone."""
    if letter.summary.attached:
        return ATTACHED.format(letter.text).encode()
    return f"X-Header: report the mill\n\n{letter.text}\n".encode()


ATTACHED = (
    "X-Header: report the mill\nContent-Type: multipart/mixed; boundary=-\n\n"
    "---\n\n{}\n---\nContent-Type: image/png\n\n0\n-----\n"
)
"""A message with a file."""


@dataclass(frozen=True)
class Row:
    """A row as ``pattern_match`` looks at it, made without the cache."""

    id: int
    letter: Letter

    def __getattr__(self, name: str) -> object:
        return getattr(self.letter.summary, name)

    @property
    def attached(self) -> int:
        """What is not known for certain is counted in the message."""
        return int(bool(self.letter.summary.attached))

    @property
    def recipients(self) -> list[ListedRecipient]:
        return row_recipients(self.letter.summary.recipients)


def tokens(text: str) -> list[str]:
    """The words of a text, by the book: without accents, and ideographs each by itself."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return re.findall("[\u4e00-\u9fff]|[^\\W_\u4e00-\u9fff]+", plain)


def has_words(text: str, asked: str, *, whole: bool) -> bool:
    """``asked`` is a run of words of ``text``; the last one may be the beginning of a longer word."""
    wanted, there = tokens(asked), tokens(text)
    longer = not whole and bool(wanted) and len(wanted[-1]) >= 3
    for at in range(len(there) - len(wanted) + 1 if wanted else 0):
        part = there[at : at + len(wanted)]
        if part == wanted or (longer and part[:-1] == wanted[:-1] and part[-1].startswith(wanted[-1])):
            return True
    return False


class Model:
    """All rows, and what the leaves that a summary cannot tell say of each."""

    def __init__(self, found: dict[int, Letter], threads: dict[int, int]) -> None:
        self.rows = {number: Row(number, each) for number, each in found.items() if not each.hidden}
        self.threads = threads

    def ids(self, pattern: Pattern) -> set[int]:
        answers = dict(OWN.answers)
        for leaf in untold(pattern):
            answers.setdefault(leaf, self.answer(leaf))
        for word in {word for leaf in self.leaves(pattern) if isinstance(leaf, Words) for word in leaf.words}:
            answers[Words((word,))] = {
                number
                for number, row in self.rows.items()
                if row.letter.indexed and has_words(row.letter.text, word, whole=" " in word)
            }
        context = MatchContext(OWN.own, OWN.lists, OWN.subscribed, OWN.tagged, answers)
        return {number for number, row in self.rows.items() if matches(pattern, row, context) is True}  # type: ignore[arg-type]

    def leaves(self, pattern: Pattern) -> Iterator[Pattern]:
        match pattern:
            case And(parts) | Or(parts):
                for part in parts:
                    yield from self.leaves(part)
            case Not(part):
                yield from self.leaves(part)
            case _:
                yield pattern

    def answer(self, leaf: Pattern) -> set[int]:
        rows = self.rows.items()
        match leaf:
            case ThreadHas(part):
                hit = {self.threads[number] for number in self.ids(part)}
                return {number for number, _ in rows if self.threads[number] in hit}
            case Term(kind=TermKind.HEADER, text=text):
                return {number for number, _ in rows if text in "X-Header: report the mill".lower()}
            case Term(text=text, mode=mode):
                return {n for n, row in rows if has_words(row.letter.text, text, whole=mode is TermMode.PHRASE)}
            case Flag.DUPLICATE:
                names = [row.message_id for _, row in rows]
                return {n for n, row in rows if row.message_id and names.count(row.message_id) > 1}
        together = [self.threads[number] for number, _ in rows]
        return {number for number, _ in rows if together.count(self.threads[number]) == 1}


class Searched:
    """A cache with letters, their texts and the model of both."""

    def __init__(self, folder: Path, some: list[Letter]) -> None:
        self.letters: dict[int, Letter] = {}
        with written(folder) as cache:
            with cache.writing() as db:
                self.boxes = {name: add_mailbox(db, name) for name in ("INBOX", "Sent")}
                for each in some:
                    (number,) = insert(db, self.boxes[each.mailbox], [NewMessage(each.summary)])
                    self.letters[number] = each
                threads = dict(db.execute("SELECT id, thread FROM message"))
                hide(db, [number for number, each in self.letters.items() if each.hidden], 1)
            index = WritableFulltext(cache.path.with_name(fulltext.new_name()))
            wanted = {number: each for number, each in self.letters.items() if each.indexed}
            made = index.add(
                [
                    NewText(b"%d" % n, each.summary.arrived, IndexedText("", "", each.text, ""))
                    for n, each in wanted.items()
                ]
            )
            index.close()
            with cache.writing() as db:
                fulltext.set_name(db, index.path.name)
                db.executemany("UPDATE message SET text = ? WHERE id = ?", ((made[b"%d" % n], n) for n in wanted))
        self.index = index.path
        self.model = Model(self.letters, threads)
        self.cache = ReadableCache(folder / "cache")

    def raw_of(self, number: int) -> bytes:
        return raw_of(self.letters[number])

    def expected(self, pattern: Pattern, mailbox: str | None, order: IndexOrder) -> list[int]:
        ids = {n for n in self.model.ids(pattern) if mailbox in (None, self.letters[n].mailbox)}
        return sorted(ids, key=lambda n: (getattr(self.letters[n].summary, order.value), n))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    some=letters,
    asked=st.lists(patterns, min_size=1, max_size=6),
    mailbox=st.sampled_from([None, "INBOX"]),
    order=st.sampled_from(IndexOrder),
)
def test_sql_says_what_pattern_match_says(
    tmp_path: Path, some: list[Letter], asked: list[Pattern], mailbox: str | None, order: IndexOrder
) -> None:
    searched = Searched(tmp_path / os.urandom(6).hex(), some)
    boxes = None if mailbox is None else [searched.boxes[mailbox]]
    try:
        for pattern in asked:
            expected = searched.expected(pattern, mailbox, order)
            found = matching_ids(searched.cache, boxes, pattern, OWN, raw_of=searched.raw_of, order=order)
            assert list(found) == expected
            newest = matching_ids(searched.cache, boxes, pattern, OWN, raw_of=searched.raw_of, order=order, limit=2)
            assert list(newest) == expected[-2:]
            lazy = newest_matching(searched.cache, boxes, pattern, OWN, raw_of=searched.raw_of, order=order)
            assert list(lazy) == expected[::-1]
    finally:
        searched.cache.close()


def a_letter(**fields: object) -> Letter:
    plain = {"subject": "plain", "from_addr": "ada@example.org", "attached": None, "arrived": NOON, "date": NOON}
    texts = ("keywords", "from_name", "recipients", "base", "message_id", "refs", "list_id")
    text = str(fields.pop("text", ""))
    indexed = bool(fields.pop("indexed", False))
    summary = Summary(**{"flags": 0, "size": 0, **dict.fromkeys(texts, ""), **plain, **fields})  # type: ignore[arg-type]
    return Letter(summary, "INBOX", text, indexed, hidden=False)


@pytest.mark.parametrize(
    ("letter", "pattern", "found"),
    [
        ({"recipients": "Kim <kim@x.example>"}, Term(TermKind.TO, "kim "), False),
        ({"recipients": "Kim <kim@x.example>"}, Term(TermKind.TO, "kim <"), False),
        ({"recipients": "Kim <kim@x.example>\tBo"}, Term(TermKind.TO, "\t"), False),
        ({"recipients": "Kim Li <kim@x.example>"}, Term(TermKind.TO, "kim "), True),
        ({"recipients": "kim\nbo"}, Term(TermKind.TO, "bo"), False),
        ({"recipients": "kim\nbo"}, Term(TermKind.CC, "kim"), False),
        ({"recipients": "kim"}, Term(TermKind.CC, "kim"), False),
        ({"recipients": "\nbo"}, Term(TermKind.CC, "BO"), True),
        ({"subject": "100% sure"}, Words(("%",)), True),
        ({"subject": "100 sure"}, Words(("0%s",)), False),
        ({"subject": "a_b"}, Words(("_",)), True),
        ({"subject": "axb"}, Words(("a_b",)), False),
        ({"subject": "a\\b"}, Words(("\\",)), True),
        ({"recipients": "Kim <\u0338x@x.example>"}, Words(("\u0338x",)), True),
        ({"subject": "Kelvin \u212a"}, Words(("vin k",)), True),
        ({"subject": "cafe\u0301"}, Words(("cafe",)), False),
        ({"subject": "CAFE\u0301"}, Words(("café",)), True),
        ({"subject": "a\0mill"}, Words(("mill",)), True),
        ({"subject": "Grüße", "from_name": "kim"}, Term(TermKind.SUBJECT, "kim"), False),
        ({"text": "mill"}, Words(("mill",)), False),
        ({"text": "mill"}, Not(Words(("mill",))), True),
        ({"text": "mill", "indexed": True}, Not(Words(("mill",))), False),
        ({"text": "mill"}, Term(TermKind.BODY, "mill"), True),
        ({"attached": True}, Not(Count(2, None)), True),
        ({"attached": True}, Count(1, 1), True),
        ({"attached": None}, Count(1, None), False),
        ({"attached": None}, Not(Count(1, None)), True),
    ],
)
def test_a_letter_and_a_pattern(tmp_path: Path, letter: dict[str, object], pattern: Pattern, found: bool) -> None:
    other = a_letter(text="the mill", indexed=True, subject="other", arrived=NOON - 1)
    searched = Searched(tmp_path, [a_letter(**letter), other])
    ids = matching_ids(searched.cache, None, pattern, OWN, raw_of=searched.raw_of)
    assert list(ids) == searched.expected(pattern, None, IndexOrder.ARRIVAL)
    assert (1 in ids) is found
    searched.cache.close()


@pytest.mark.parametrize(
    "text",
    [
        "~U " * 1300,
        "a " * 2000,
        "a | " * 1000 + "b",
        "(" * 49 + "a" + ")" * 49,
        "!(" * 24 + "~U" + ")" * 24,
        "!(~F " * 24 + "~U" + ")" * 24,
        "~(" * 40 + "a" + ")" * 40,
        "~(~U | ~s x ~(" * 15 + "a" + "))" * 15,
        "(~U | (~F ~s x " * 24 + "a" + "))" * 24,
    ],
    ids=lambda text: text[:12].strip(),
)
def test_wide_and_deep_patterns_are_no_trouble_for_sqlite(tmp_path: Path, text: str) -> None:
    searched = Searched(tmp_path, [a_letter(subject="a b x"), a_letter(subject="é"), a_letter(flags=5)])
    pattern = parse(text, NOON, UTC)
    found = matching_ids(searched.cache, None, pattern, OWN, raw_of=searched.raw_of)
    assert list(found) == searched.expected(pattern, None, IndexOrder.ARRIVAL)
    searched.cache.close()


@pytest.fixture
def searched(tmp_path: Path) -> Iterator[Searched]:
    some = [a_letter(subject=f"letter {n}", text="mill", indexed=n % 2 == 0, date=NOON + n) for n in range(600)]
    made = Searched(tmp_path, some)
    yield made
    made.cache.close()


def ids_of(searched: Searched, text: str, raw_of: Callable[[int], bytes] | None = None) -> list[int]:
    return list(matching_ids(searched.cache, None, parse(text, NOON, UTC), OWN, raw_of=raw_of))


def test_what_is_refused(searched: Searched) -> None:
    for text in ("/x/", "~s /x/", "!(~F /x/)"):
        with pytest.raises(UsageError, match="Regular expressions"):
            ids_of(searched, text)
    with pytest.raises(UsageError, match="Collapsed threads"):
        matching_ids(searched.cache, None, Flag.COLLAPSED, MatchContext())
    with pytest.raises(UsageError, match="no letter or digit"):
        ids_of(searched, "~b ->")


def test_the_newest_are_read_first_and_no_more_than_asked_for(searched: Searched) -> None:
    read: list[int] = []

    def raw_of(number: int) -> bytes:
        read.append(number)
        return searched.raw_of(number)

    found = newest_matching(searched.cache, None, parse("~b mill", NOON, UTC), OWN, raw_of=raw_of)
    assert [next(found) for _ in range(5)] == [600, 599, 598, 597, 596]
    assert set(read) <= {600, 598, 596, 594}
    found.close()  # type: ignore[attr-defined]
    assert not searched.cache.db.in_transaction


def test_what_is_not_indexed_is_left_out_where_nothing_may_be_read(searched: Searched) -> None:
    assert ids_of(searched, "~b mill") == list(range(1, 601, 2))
    assert ids_of(searched, "!~b mill") == []
    assert len(ids_of(searched, "~b mill", searched.raw_of)) == 600


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_without_the_index_all_texts_are_read(searched: Searched, harm: str) -> None:
    if harm == "gone":
        fulltext.remove(searched.index)
    else:
        for suffix in ("-wal", "-shm"):
            searched.index.with_name(searched.index.name + suffix).unlink(missing_ok=True)
        searched.index.write_bytes(b"\xff" * searched.index.stat().st_size)
    assert len(ids_of(searched, "~b mill", searched.raw_of)) == 600
    assert ids_of(searched, "mill") == []


def test_a_search_is_broken_off(searched: Searched) -> None:
    read: list[int] = []

    def raw_of(number: int) -> bytes:
        read.append(number)
        searched.cache.interrupt()
        return searched.raw_of(number)

    with pytest.raises(SearchStoppedError):
        ids_of(searched, "~b mill", raw_of)
    assert len(read) == 1
    pattern = parse(" | ".join(f"~s missing{n}" for n in range(200)), NOON, UTC)
    with pytest.raises(SearchStoppedError):
        matching_ids(searched.cache, None, pattern, OWN, stopped=lambda: True)
    assert ids_of(searched, "~s 599") == [600]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_of_the_reader_comes_through(searched: Searched, error: type[BaseException]) -> None:
    def raw_of(number: int) -> bytes:
        raise error

    with pytest.raises(error):
        ids_of(searched, "~b mill", raw_of)
    assert not searched.cache.db.in_transaction


def test_a_letter_that_cannot_be_read_has_no_text(searched: Searched) -> None:
    def raw_of(number: int) -> bytes:
        raise StorageError("gone")

    assert ids_of(searched, "~b mill", raw_of) == list(range(1, 601, 2))
    assert ids_of(searched, "!~b mill", raw_of) == list(range(2, 601, 2))


def test_the_text_of_a_message() -> None:
    raw = b"From: Kim <kim@x>\nTo: bo@y\nSubject: =?utf-8?q?M=C3=BChle?=\nContent-Type: multipart/mixed; boundary=b\n\n"
    raw += b"--b\n\nThe mill\n> quoted\n--b\nContent-Type: image/png; name=a.png\n\nxx\n--b--\n"
    text = indexed_text(raw)
    assert text.subject == "Mühle"
    assert text.people == "Kim\nkim@x\nbo@y"
    assert text.body.split("\n") == ["The mill", "> quoted"]
    assert text.names == "a.png"
    assert len(indexed_text(b"\n" + b"word " * 50_000).body) <= 64 * 1024


def test_messages_whose_attachments_cannot_be_counted_are_told(tmp_path: Path) -> None:
    some = [a_letter(attached=None), a_letter(attached=True), a_letter(attached=False), a_letter(attached=None, size=9)]
    searched = Searched(tmp_path, some)

    def unreadable(number: int) -> bytes:
        raise StorageError(f"message {number} is not here")

    def asked(text: str, raw_of: Callable[[int], bytes]) -> tuple[list[int], set[int]]:
        uncertain: set[int] = set()
        pattern = parse(text, NOON, UTC)
        found = matching_ids(searched.cache, None, pattern, OWN, raw_of=raw_of, uncertain=uncertain)
        return list(found), uncertain

    assert asked("~X 1-", unreadable) == ([2], {1, 4})
    assert asked("!~X 1-", unreadable) == ([3], {1, 4})
    assert asked("~X 2-", unreadable) == ([], {1, 2, 4})
    assert asked("~z 5- ~X 1-", unreadable) == ([], {4})
    assert asked("~X 1", searched.raw_of) == ([2], set())
    assert asked("!~X 1", searched.raw_of) == ([1, 3, 4], set())
    searched.cache.close()


@pytest.mark.parametrize(("text", "found"), [("~X 1-", [1]), ("~X 2-", []), ("~X 1", []), ("~X 0", [])])
def test_of_a_message_that_is_not_read_to_its_end_the_files_seen_are_the_least(
    tmp_path: Path, text: str, found: list[int]
) -> None:
    searched = Searched(tmp_path, [a_letter(attached=None)])
    long = ATTACHED.format("").encode().ljust(READ_LIMIT, b"\n")
    uncertain: set[int] = set()
    ids = matching_ids(
        searched.cache, None, parse(text, NOON, UTC), OWN, raw_of=lambda _number: long, uncertain=uncertain
    )
    assert list(ids) == found
    assert uncertain == (set() if text in ("~X 1-", "~X 0") else {1})
    searched.cache.close()
