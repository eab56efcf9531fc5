"""Search patterns are read as mutt reads them, or refused with a position and advice; nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.errors import PatternError
from tuimail.mail.pattern import DEEPEST, LONGEST, LONGEST_REGEX, parse
from tuimail.mail.pattern_describe import LONGEST_DESCRIPTION, describe
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

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC).timestamp()  # a Friday
DAY = 86400


def read(text: str) -> Pattern:
    return parse(text, NOW, UTC)


def asked(text: str, now: float = NOW, zone: tzinfo | None = UTC) -> Pattern | PatternError:
    try:
        return parse(text, now, zone)
    except PatternError as error:
        return error


def refused(text: str) -> PatternError:
    found = asked(text)
    assert isinstance(found, PatternError)
    return found


@pytest.mark.parametrize(
    ("letter", "flag"),
    [
        ("A", Flag.ALL),
        ("N", Flag.NEW),
        ("O", Flag.OLD),
        ("U", Flag.UNREAD),
        ("R", Flag.READ),
        ("Q", Flag.ANSWERED),
        ("F", Flag.FLAGGED),
        ("D", Flag.DELETED),
        ("P", Flag.FROM_ME),
        ("p", Flag.TO_ME),
        ("T", Flag.TAGGED),
        ("l", Flag.TO_LIST),
        ("u", Flag.TO_SUBSCRIBED_LIST),
        ("=", Flag.DUPLICATE),
        ("$", Flag.ALONE),
        ("v", Flag.COLLAPSED),
    ],
)
def test_letters_of_states(letter: str, flag: Flag) -> None:
    assert read(f"~{letter}") is flag
    assert read(f"~{letter}~F") == And((flag, Flag.FLAGGED))


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        ("f", TermKind.FROM),
        ("t", TermKind.TO),
        ("c", TermKind.CC),
        ("C", TermKind.TO_OR_CC),
        ("L", TermKind.PEOPLE),
        ("s", TermKind.SUBJECT),
        ("x", TermKind.REFERENCES),
        ("y", TermKind.KEYWORD),
        ("b", TermKind.BODY),
        ("B", TermKind.WHOLE),
        ("h", TermKind.HEADER),
    ],
)
def test_letters_of_texts(letter: str, kind: TermKind) -> None:
    full_text = kind in (TermKind.BODY, TermKind.WHOLE, TermKind.HEADER)
    assert read(f"~{letter} Kim") == Term(kind, "Kim")
    assert read(f"~{letter}kim") == Term(kind, "kim")
    assert read(f'~{letter}"kim  l\\"ee|("') == Term(kind, 'kim l"ee|(', TermMode.PHRASE)
    assert read(f"~{letter} /k m\\/[a|(]/ ~N") == And((Term(kind, "k m/[a|(]", TermMode.REGEX), Flag.NEW))
    assert read(f"={letter} kim") == Term(kind, "kim", server=full_text)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("all", Flag.ALL),
        (" . ", Flag.ALL),
        ("kim", Words(("kim",))),
        ("kim  Report", Words(("kim", "Report"))),
        ('"new report" kim', Words(("new report", "kim"))),
        ("50% a=b don't! x/y", Words(("50%", "a=b", "don't!", "x/y"))),
        (r"\~f \/etc \=b C:\temp", Words(("~f", "/etc", "=b", r"C:\temp"))),
        ("!kim", Not(Words(("kim",)))),
        ("! ! kim", Words(("kim",))),
        ("!~F !!!~N", And((Not(Flag.FLAGGED), Not(Flag.NEW)))),
        ("kim ~N lee park", And((Words(("kim",)), Flag.NEW, Words(("lee", "park"))))),
        ("~N | ~F", Or((Flag.NEW, Flag.FLAGGED))),
        ("~N|~F|~D", Or((Flag.NEW, Flag.FLAGGED, Flag.DELETED))),
        ("~N ~F | ~D", Or((And((Flag.NEW, Flag.FLAGGED)), Flag.DELETED))),
        ("~N | ~F ~D", And((Or((Flag.NEW, Flag.FLAGGED)), Flag.DELETED))),
        ("~N | (~F ~D)", Or((Flag.NEW, And((Flag.FLAGGED, Flag.DELETED))))),
        ("a | b c", And((Or((Words(("a",)), Words(("b",)))), Words(("c",))))),
        ("((~N))", Flag.NEW),
        ("(a)(b)", Words(("a", "b"))),
        ("!(~N ~F)", Not(And((Flag.NEW, Flag.FLAGGED)))),
        ("~(~P ~F) ~N", And((ThreadHas(And((Flag.FROM_ME, Flag.FLAGGED))), Flag.NEW))),
        ("!~(kim)", Not(ThreadHas(Words(("kim",))))),
        ("/re[.]d/", Term(TermKind.SUMMARY, "re[.]d", TermMode.REGEX)),
        ("~f kim~N", And((Term(TermKind.FROM, "kim"), Flag.NEW))),
        ("~i a@b", Term(TermKind.MESSAGE_ID, "<a@b>")),
        ("~i <a@b>", Term(TermKind.MESSAGE_ID, "<a@b>")),
        ("~f\u3000kim\n~N", And((Term(TermKind.FROM, "kim"), Flag.NEW))),
    ],
)
def test_patterns(text: str, pattern: Pattern) -> None:
    assert read(text) == pattern


@pytest.mark.parametrize(
    ("text", "since", "before", "said"),
    [
        ("today", "2026-11-27", "2026-11-28", "today"),
        ("Yesterday", "2026-11-26", "2026-11-27", "yesterday"),
        ("1/11/26", "2026-11-01", "2026-11-02", "on 1 November"),
        ("1/11/2025", "2025-11-01", "2025-11-02", "on 1 November 2025"),
        ("1/2", "2026-02-01", "2026-02-02", "on 1 February"),
        ("5", "2026-11-05", "2026-11-06", "on 5 November"),
        ("1/11/70", "1970-11-01", "1970-11-02", "on 1 November 1970"),
        ("20261101", "2026-11-01", "2026-11-02", "on 1 November"),
        ("2026-11-01", "2026-11-01", "2026-11-02", "on 1 November"),
        ("1/11/26-20/11/26", "2026-11-01", "2026-11-21", "from 1 November to 20 November"),
        ("20/11/26-1/11/26", "2026-11-01", "2026-11-21", "from 1 November to 20 November"),
        ("2026-11-01-2026-11-20", "2026-11-01", "2026-11-21", "from 1 November to 20 November"),
        ("20261101-20261120", "2026-11-01", "2026-11-21", "from 1 November to 20 November"),
        ("-20/11/26", None, "2026-11-21", "until 20 November"),
        ("1/11/26-", "2026-11-01", None, "since 1 November"),
        ('"1/11/26-"', "2026-11-01", None, "since 1 November"),
        ("yesterday-", "2026-11-26", None, "since 26 November"),
        ("<1d", "2026-11-27", None, "newer than 1 day"),
        (">1d", None, "2026-11-27", "older than 1 day"),
        ("<1w", "2026-11-21", None, "newer than 1 week"),
        (">2m", None, "2026-09-28", "older than 2 months"),
        ("=3d", "2026-11-24", "2026-11-25", "3 days ago"),
        ("=9m", "2026-02-27", "2026-02-28", "9 months ago"),
        ("=1y", "2025-11-27", "2025-11-28", "1 year ago"),
    ],
)
def test_dates(text: str, since: str | None, before: str | None, said: str) -> None:
    def at(day: str | None) -> float | None:
        return None if day is None else datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()

    assert read(f"~d {text}") == DateRange(at(since), at(before))
    assert read(f"~r {text}") == DateRange(at(since), at(before), arrival=True)
    assert describe(read(f"~d {text}")) == said
    assert describe(read(f"~r {text}")) == f"arrived {said}"


@pytest.mark.parametrize(
    ("text", "since", "before"),
    [("<2H", -7200, None), (">90M", None, -5400), ("=1H", -7200, -3600), ("<30S", -30, None)],
)
def test_hours_minutes_and_seconds_count_from_now(text: str, since: float | None, before: float | None) -> None:
    found = read(f"~d{text}")
    assert found == DateRange(None if since is None else NOW + since, None if before is None else NOW + before)


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("29/3/26", "Europe/Berlin", "2026-03-29T00:00+01:00"),
        ("30/3/26", "Europe/Berlin", "2026-03-30T00:00+02:00"),
        ("5/4/26", "Africa/Cairo", "2026-04-05T00:00+02:00"),
        ("24/4/26", "Africa/Cairo", "2026-04-24T01:00+03:00"),  # midnight is skipped
        ("1/11/26", "America/Havana", "2026-11-01T00:00-04:00"),  # midnight comes twice
    ],
)
def test_days_begin_where_the_zone_has_them_begin(day: str, zone: str, start: str) -> None:
    found = parse(f"~d {day}-", NOW, ZoneInfo(zone))
    assert found == DateRange(datetime.fromisoformat(start).timestamp(), None)


@pytest.mark.parametrize("text", ["29/3/26", "=1d", "yesterday"])
def test_a_day_has_the_hours_that_the_clocks_give_it(text: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 30, 12, tzinfo=berlin).timestamp()
    start = datetime(2026, 3, 29, tzinfo=berlin).timestamp()
    assert parse(f"~d {text}", now, berlin) == DateRange(start, start + 23 * 3600)


def test_a_month_without_that_day_ends_on_its_last() -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
    start = datetime(2026, 2, 28, tzinfo=UTC).timestamp()
    assert parse("~d =1m", now, UTC) == DateRange(start, start + DAY)


@pytest.mark.parametrize(
    ("text", "least", "most", "said"),
    [
        (">1M", 1_000_001, None, "larger than 1M"),
        ("<10K", None, 9_999, "smaller than 10K"),
        ("10K-1M", 10_000, 1_000_000, "10K to 1M"),
        ("1MB-10kb", 10_000, 1_000_000, "10kb to 1MB"),
        ("10k-", 10_000, None, "at least 10k"),
        ("-2g", None, 2_000_000_000, "at most 2g"),
        ("100", 100, 100, "exactly 100"),
    ],
)
def test_sizes(text: str, least: int | None, most: int | None, said: str) -> None:
    assert read(f"~z {text}") == SizeRange(least, most)
    assert read(f"~z{text}~N") == And((SizeRange(least, most), Flag.NEW))
    assert describe(read(f"~z {text}")) == said


@pytest.mark.parametrize(
    ("text", "least", "most", "said"),
    [
        ("2", 2, 2, "with 2 attachments"),
        (">1", 2, None, "with more than 1 attachment"),
        ("<3", None, 2, "with fewer than 3 attachments"),
        ("1-3", 1, 3, "with 1 to 3 attachments"),
        ("1-", 1, None, "with at least 1 attachment"),
    ],
)
def test_counts(text: str, least: int | None, most: int | None, said: str) -> None:
    assert read(f"~X {text}") == Count(least, most)
    assert describe(read(f"~X {text}")) == said


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "nothing to look for"),
        ("  ", 0, "nothing to look for"),
        ("~N ~q", 3, "there is no ~q"),
        ("~é", 0, "there is no ~é"),
        ("~", 0, "a letter is missing"),
        ("~ f", 0, "a letter is missing"),
        ("~n 5", 0, "there are no scores"),
        ("kim ~m 1-5", 4, "no lasting numbers"),
        ("=N", 0, "=N is not known"),
        ("=5", 0, "=5 is not known"),
        ("%f group", 0, "%f is not known"),
        ("~f", 0, "does not say what to look for"),
        ("~f ~N", 0, "does not say what to look for"),
        ("~s (a|b)", 0, "does not say what to look for"),
        ("~N )", 3, "without a ("),
        ("~N (~F", 3, "never closed"),
        ("~(~F", 1, "never closed"),
        ("()", 1, "nothing between the parentheses"),
        ("| ~N", 0, "nothing before the |"),
        ("~N |", 3, "nothing after the |"),
        ("~N | | ~F", 3, "nothing after the |"),
        ("(~N |)", 4, "nothing after the |"),
        ("~N !", 3, "nothing after the !"),
        ("!|", 0, "nothing after the !"),
        ('~s "abc', 3, "never closed"),
        ('""', 0, "nothing between the quotation marks"),
        ("/etc/fstab", 0, "does not end in a /"),
        ("~s /abc", 3, "does not end in a /"),
        ("//", 0, "is empty"),
        ("/a(/", 0, "cannot be read"),
        ("/a{99999999999999999999}/", 0, "cannot be read"),
        ("/(?i)a/", 0, "sets flags"),
        (f"/{'a' * (LONGEST_REGEX + 1)}/", 0, f"longer than {LONGEST_REGEX}"),
        ("~d", 0, "does not say what to look for"),
        ("~d 31/11/26", 3, "no such day"),
        ("~d 32", 3, "no such day"),
        ("~d <99999y", 3, "no such day"),
        ("~d 99991231", 3, "no such day"),
        ("~d -", 3, "not a date"),
        ("~d 1w", 3, "not a date"),
        ("~d <1x", 3, "not a date"),
        ("~d tomorrow", 3, "not a date"),
        ("~d 1/11/26*2w", 3, "not a date"),
        ("~z big", 3, "not a size"),
        ("~z >1T", 3, "not a size"),
        ("~X many", 3, "not a number of attachments"),
        ("a\x1b[2J", 1, "control character (U+001B)"),
        ("a \ud800", 2, "control character (U+D800)"),
        ("a" * (LONGEST + 1), LONGEST, f"longer than {LONGEST}"),
        ("(" * (DEEPEST + 1), DEEPEST, f"deeper than {DEEPEST}"),
    ],
)
def test_what_is_no_pattern_is_refused_with_its_place_and_advice(text: str, position: int, words: str) -> None:
    error = refused(text)
    assert words in str(error)
    assert (error.text, error.position) == (text, position)
    assert error.hint
    assert safe_line(str(error)) == str(error)
    assert safe_line(error.hint) == error.hint


def test_the_other_case_of_a_letter_is_offered() -> None:
    assert "Did you mean ~s?" in refused("~S x").hint


def test_depth_is_bounded_however_it_comes_about() -> None:
    assert read("(" * DEEPEST + "~N" + ")" * DEEPEST) is Flag.NEW
    assert read("!" * (LONGEST - 2) + "~N") is Flag.NEW
    left_to_right = "~N" + " | ~F ~D" * 400
    for deep in (left_to_right, "!(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1), "~(" * 60 + "a" + ")" * 60):
        assert f"deeper than {DEEPEST}" in str(refused(deep))
    wide = read("|".join(["~N"] * 1000))
    assert isinstance(wide, Or)
    assert len(wide.parts) == 1000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("~U ~f kim ~d 1/11/26-", "unread, from kim, since 1 November"),
        ("kim report", 'with "kim" and "report"'),
        ("!~F !kim", 'not flagged, not with "kim"'),
        ("!(kim lee)", 'not (with "kim" and "lee")'),
        ("~N | ~F ~D", "(new or flagged), deleted"),
        ("~N ~F | ~D", "(new, flagged) or deleted"),
        ('~s "two words" ~t /k.m/', 'subject "two words", to /k.m/'),
        ("=b word", "body word on the server"),
        ("~(~P) ~$", "thread with (from me), alone in its thread"),
        ("~i a@b ~y todo", "Message-ID <a@b>, keyword todo"),
        ("\u202ekim", 'with "<U+202E>kim"'),
    ],
)
def test_a_pattern_is_said_in_english(text: str, said: str) -> None:
    assert describe(read(text)) == said


def test_regular_expressions_ignore_case_as_in_mutt() -> None:
    cases = {"kim": True, r"\S\W": True, "Kim": False, "[A-Z]": False, "ß": True, "Ä": False}
    for text, ignored in cases.items():
        assert Term(TermKind.SUBJECT, text, TermMode.REGEX).ignore_case is ignored


PIECES = [
    *'~=%!|()"/\\.<>-$ ANOURQFDPTpluvftcCLsixybBhdrzXnq019ymwHMSK é\n',
    "~f kim",
    "~(",
    "~d ",
    "~z ",
    "~X ",
    "1/11/26",
    "today",
    "20261101",
    '"a b"',
    "/[[a--b]/",
    "(?",
    "\x00",
    "\ud800",
    "٣",
    "²",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40),
    st.sampled_from([NOW, 0.0, -1e10, 1e12, 1e300, float("inf"), float("nan")]),
    st.sampled_from([None, UTC, ZoneInfo("America/Havana"), ZoneInfo("Pacific/Apia")]),
)
def test_any_text_is_a_pattern_or_refused_with_advice(text: str, now: float, zone: tzinfo | None) -> None:
    found = asked(text, now, zone)
    if isinstance(found, PatternError):
        said = f"{found} {found.hint}"
        assert 0 <= found.position <= len(text)
        assert found.text == text
        assert str(found)
        assert found.hint
    else:
        said = describe(found)
        assert said
        assert len(said) <= LONGEST_DESCRIPTION
        assert hash(found) == hash(parse(text, now, zone))
    assert safe_line(said) == said


def test_single_quotes_hold_a_phrase_as_in_mutt() -> None:
    assert read("~s 'on  rust'") == Term(TermKind.SUBJECT, "on rust", TermMode.PHRASE)
    assert read("~s 'tis") == Term(TermKind.SUBJECT, "'tis", TermMode.TEXT)
