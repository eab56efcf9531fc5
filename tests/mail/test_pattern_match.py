"""A pattern and one message: what its summary tells, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, FORWARDED, OLD, SEEN
from tuimail.mail.own_addresses import OwnAddresses, mailbox_key
from tuimail.mail.pattern import parse
from tuimail.mail.pattern_match import MatchContext, asks_texts, folded, matches, untold
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

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC).timestamp()
DAY = 86400.0


class To(NamedTuple):
    name: str
    address: str
    copied: bool = False


@dataclass(frozen=True)
class Message:
    id: int = 7
    flags: int = 0
    keywords: str = "todo $Label1"
    size: int = 12_000
    arrived: float = NOW - DAY
    date: float = NOW - 3 * DAY
    from_name: str = "Kim Müller"
    from_addr: str = "kim@grants.example"
    recipients: tuple[To, ...] = (
        To("Ada", "ada+work@example.org"),
        To("", "dev@lists.example"),
        To("Bo Li", "bo@x.example", copied=True),
    )
    subject: str = "Re: [dev] The Straße report"
    message_id: str = "<m1@grants.example>"
    refs: str = "<r1@x> <r2@y>"
    list_id: str = ""
    attached: int | None = 2


MESSAGE = Message()
CONTEXT = MatchContext(
    own=OwnAddresses(["Ada@example.org", "a@bücher.example"]),
    lists=frozenset({"dev@lists.example"}),
    tagged={7},
)


def told(text: str, message: Message = MESSAGE, context: MatchContext = CONTEXT) -> bool | None:
    return matches(parse(text, NOW, UTC), message, context)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("~A", True),
        ("kim", True),
        ("KIM report", True),
        ("kim missing", False),
        ("strasse", True),
        ('"the strasse"', True),
        ("müller", True),
        ("mu\u0308ller", True),
        ("bo@x", True),
        ("~f müller", True),
        ("~f grants", True),
        ("~f bo", False),
        ("~t ada", True),
        ("~t bo", False),
        ("~c bo", True),
        ("~c ada", False),
        ("~C bo", True),
        ("~C ada", True),
        ("~C kim", False),
        ("~L kim", True),
        ("~L bo", True),
        ("~L report", False),
        ("~s report", True),
        ("~s kim", False),
        ("=s report", True),
        ("~i m1@grants.example", True),
        ("~i m1@grants", False),
        ("~x r2@y", True),
        ("~x m1", False),
        ("~y todo", True),
        ("~y $label1", True),
        ("~y done", False),
        ("~U", True),
        ("~N", True),
        ("~O", False),
        ("~R", False),
        ("~T", True),
        ("~P", False),
        ("~p", True),
        ("~l", True),
        ("~u", False),
        ("~d <1w", True),
        ("~d <2d", False),
        ("~r <2d", True),
        ("~d 24/11/26", True),
        ("~d =3d", True),
        ("~d 25/11/26-", False),
        ("~d -23/11/26", False),
        ("~z >10K", True),
        ("~z >12K", False),
        ("~z 12K", True),
        ("~z <12K", False),
        ("~X 2", True),
        ("~X >2", False),
        ("~X 1-", True),
        ("~b word", None),
        ("~B word", None),
        ("~h word", None),
        ("=b word", None),
        ("~s /rep.rt/", None),
        ("/rep.rt/", None),
        ("~=", None),
        ("~$", None),
        ("~v", None),
        ("~(~A)", None),
        ("!~b word", None),
        ("~b word ~F", False),
        ("~b word ~U", None),
        ("~b word | ~U", True),
        ("~b word | ~F", None),
        ("!(~b word | ~U)", False),
    ],
)
def test_answers(text: str, answer: bool | None) -> None:
    assert told(text) is answer


@pytest.mark.parametrize(
    ("letter", "match"),
    [
        ("N", lambda flags: not flags & (SEEN | OLD)),
        ("O", lambda flags: not flags & SEEN and flags & OLD),
        ("U", lambda flags: not flags & SEEN),
        ("R", lambda flags: flags & SEEN),
        ("Q", lambda flags: flags & ANSWERED),
        ("F", lambda flags: flags & FLAGGED),
        ("D", lambda flags: flags & DELETED),
    ],
)
def test_states_are_read_from_the_bits(letter: str, match: object) -> None:
    assert callable(match)
    bits = (SEEN, ANSWERED, FLAGGED, DELETED, DRAFT, FORWARDED, OLD)
    for chosen in product((False, True), repeat=len(bits)):
        flags = sum(bit for bit, on in zip(bits, chosen, strict=True) if on)
        assert told(f"~{letter}", replace(MESSAGE, flags=flags)) is bool(match(flags))


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("ada@example.org", True),
        ("ADA@EXAMPLE.ORG", True),
        ("ada+lists+x@example.org", True),
        ("a@xn--bcher-kva.example", True),
        ("a+b@BÜCHER.example", True),
        ("ada@example.com", False),
        ("adam@example.org", False),
        ("+ada@example.org", False),
        ("", False),
        ("ada", False),
        ("@", False),
        ("a@" + "ü" * 1000, False),
        ("a@\ud800", False),
    ],
)
def test_own_addresses(address: str, own: bool) -> None:
    assert (address in CONTEXT.own) is own
    assert told("~P", replace(MESSAGE, from_addr=address)) is own
    assert told("~p", replace(MESSAGE, recipients=(To("", address, copied=True),))) is own


def test_a_tag_is_only_its_own() -> None:
    own = OwnAddresses(["ada+news@example.org"])
    assert own.identity("ADA+news@example.org") == "ada+news@example.org"
    assert "ada@example.org" not in own
    assert "ada+other@example.org" not in own


def test_lists() -> None:
    to_nobody = replace(MESSAGE, recipients=())
    from_list = replace(to_nobody, list_id="dev.lists.example")
    subscribed = MatchContext(subscribed=frozenset({mailbox_key("Dev@Lists.example")}))
    assert [told("~l", each) for each in (MESSAGE, to_nobody, from_list)] == [True, False, True]
    assert [told("~u", each, subscribed) for each in (MESSAGE, to_nobody, from_list)] == [True, False, False]
    assert told("~l", MESSAGE, subscribed) is True
    assert told("~l", MESSAGE, MatchContext()) is False


@pytest.mark.parametrize(
    ("attached", "text", "answer"),
    [
        (None, "1-", None),
        (0, "1-", False),
        (False, "0", True),
        (False, ">0", False),
        (True, "1-", True),
        (True, ">0", True),
        (True, "0-", True),
        (True, "0", False),
        (True, "1", None),
        (True, ">1", None),
        (True, "1-3", None),
        (3, "1-3", True),
        (3, "4-", False),
    ],
)
def test_attachments(attached: int | None, text: str, answer: bool | None) -> None:
    assert told(f"~X {text}", replace(MESSAGE, attached=attached)) is answer


def test_the_context_answers_what_the_summary_cannot() -> None:
    pattern = parse('~b word (!~s /r.p/ | ~=) ~(~b word ~P) | "two words"', NOW, UTC)
    body = Term(TermKind.BODY, "word")
    regex = Term(TermKind.SUBJECT, "r.p", TermMode.REGEX)
    thread = ThreadHas(And((body, Flag.FROM_ME)))
    assert untold(pattern) == (body, regex, Flag.DUPLICATE, thread)
    assert matches(pattern, MESSAGE, CONTEXT) is None
    yes: dict[Pattern, set[int]] = {body: {7}, regex: set(), Flag.DUPLICATE: set(), thread: {7}}
    assert matches(pattern, MESSAGE, replace(CONTEXT, answers=yes)) is True
    assert matches(pattern, MESSAGE, replace(CONTEXT, answers=yes | {thread: {8}})) is False


def test_a_word_may_be_in_the_full_text_instead() -> None:
    found: dict[Pattern, set[int]] = {Words(("quokka",)): {7}}
    assert told("kim quokka") is False
    assert told("kim quokka", context=MatchContext(answers=found)) is True
    assert told("kim quokka", replace(MESSAGE, id=8), MatchContext(answers=found)) is False


def test_texts_are_compared_without_case_and_forms() -> None:
    assert folded("STRASSE") == folded("straße")
    assert folded("É") == folded("e\u0301")
    assert folded("a") != folded("ä")


LEAVES: list[Pattern] = [
    Flag.ALL,
    Flag.UNREAD,
    Flag.FLAGGED,
    Flag.TAGGED,
    Flag.DUPLICATE,
    Words(("kim",)),
    Words(("absent", "kim")),
    Term(TermKind.FROM, "kim"),
    Term(TermKind.BODY, "word"),
    Term(TermKind.SUBJECT, "x", TermMode.REGEX),
    DateRange(NOW - 5 * DAY, None),
    SizeRange(None, 10),
    Count(1, None),
    ThreadHas(Flag.ALL),
]
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
MESSAGES = st.builds(
    Message,
    flags=st.integers(0, 127),
    size=st.sampled_from([0, 10, 11]),
    date=st.sampled_from([0.0, NOW]),
    from_name=st.sampled_from(["", "Kim"]),
    from_addr=st.just(""),
    subject=st.text(max_size=3),
    attached=st.sampled_from([None, 0, 1, True]),
)


def answer(pattern: Pattern, message: Message, answers: dict[Pattern, set[int]] | None = None) -> bool | None:
    return matches(pattern, message, replace(CONTEXT, answers=answers or {}))


@given(TREES, TREES, TREES, MESSAGES)
def test_laws(a: Pattern, b: Pattern, c: Pattern, message: Message) -> None:
    def same(left: Pattern, right: Pattern) -> bool:
        return answer(left, message) is answer(right, message)

    assert same(Not(Not(a)), a)
    assert same(Not(And((a, b))), Or((Not(a), Not(b))))
    assert same(And((a, b)), And((b, a)))
    assert same(Or((a, b)), Or((b, a)))
    assert same(And((a, And((b, c)))), And((a, b, c)))
    assert same(Or((a, Or((b, c)))), Or((a, b, c)))
    assert same(And((a, Or((b, c)))), Or((And((a, b)), And((a, c)))))
    assert same(And((a, a)), a)
    assert same(And((Flag.ALL, a)), a)


@given(TREES, MESSAGES)
def test_what_is_certain_holds_whatever_the_answers_are(pattern: Pattern, message: Message) -> None:
    """Brute force: every way the leaves that are left open may turn out."""
    if message.attached is None:
        message = replace(message, attached=1)
    leaves = untold(pattern)
    outcomes = {
        answer(pattern, message, {leaf: {7} if yes else set() for leaf, yes in zip(leaves, way, strict=True)})
        for way in product((False, True), repeat=len(leaves))
    }
    assert None not in outcomes
    sure = answer(pattern, message)
    assert sure is None or outcomes == {sure}


@given(TREES, MESSAGES)
def test_and_or_and_not_are_those_of_python(pattern: Pattern, message: Message) -> None:
    def plain(each: Pattern) -> bool:
        match each:
            case And(parts):
                return all(map(plain, parts))
            case Or(parts):
                return any(map(plain, parts))
            case Not(part):
                return not plain(part)
        return bool(answer(each, message, answers))

    message = replace(message, attached=message.attached or 0)
    answers: dict[Pattern, set[int]] = {leaf: {7} for leaf in LEAVES[::2]} | {leaf: set() for leaf in LEAVES[1::2]}
    assert answer(pattern, message, answers) is plain(pattern)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("~b x", True), ("!(~U | ~B x)", True), ("~(~s a ~b x)", True), ("x", False), ("~h x", False), ("~(~=)", False)],
)
def test_whether_texts_are_asked(text: str, answer: bool) -> None:
    assert asks_texts(parse(text, NOW, UTC)) is answer
