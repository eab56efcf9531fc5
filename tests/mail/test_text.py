"""The sanitiser lets nothing through that acts on a terminal or hides."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.corpora import corpus
from tuimail.mail.text import cells, hidden, safe_json, safe_line, safe_text

MAY_STAY = {"\u200c", "\u200d"}


def dangerous(text: str) -> list[str]:
    return [
        char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in MAY_STAY
    ]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain ascii", "plain ascii"),
        ("Grüße, 你好, שלום, 🎉", "Grüße, 你好, שלום, 🎉"),
        ("a\x1b]52;c;AAAA\x07b", "a^[]52;c;AAAA^Gb"),
        ("a\r\nBcc: x", "a^M^JBcc: x"),
        ("tab\there", "tab^Ihere"),
        ("\x00\x7f", "^@^?"),
        ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
        ("evil\u202egpj.exe", "evil<U+202E>gpj.exe"),
        ("pay\u200bpal", "pay<U+200B>pal"),
        ("a\u2028b\u2029c", "a<U+2028>b<U+2029>c"),
        ("\ufeffbom\u00ad\u3164\u2800", "<U+FEFF>bom<U+00AD><U+3164><U+2800>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("👩🏽\u200d🚀 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3", "👩🏽\u200d🚀 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3"),
        ("a\u200db \u200d x\ufe0f", "a<U+200D>b <U+200D> x<U+FE0F>"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("end\u200d", "end<U+200D>"),
    ],
)
def test_a_line_shows_what_would_act_or_hide(raw: str, shown: str) -> None:
    assert safe_line(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("one\r\ntwo\nthree", "one\ntwo\nthree"),
        ("lone\rreturn", "lone^Mreturn"),
        ("a\tb", "a       b"),
        ("\x1b[2J\nclear", "^[[2J\nclear"),
        ("", ""),
    ],
)
def test_text_keeps_its_lines(raw: str, shown: str) -> None:
    assert safe_text(raw) == shown


def test_no_character_of_unicode_gets_through_alone_or_between_letters() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            assert not dangerous(safe_line(char)), hex(code)
            assert char not in safe_line(f"a{char}b"), hex(code)


@given(st.text(st.characters()))
def test_nothing_dangerous_is_left_in_any_line(text: str) -> None:
    assert not dangerous(safe_line(text))


@given(st.text(st.characters()))
def test_nothing_dangerous_is_left_in_any_text_but_line_ends(text: str) -> None:
    assert not dangerous(safe_text(text).replace("\n", ""))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_sanitising_twice_changes_nothing_more(text: str) -> None:
    once = safe_line(text)
    assert safe_line(once) == once


def test_the_naughty_strings_are_harmless() -> None:
    for text in json.loads(corpus("naughty-strings", "blns.json").read_text()):
        assert not dangerous(safe_line(text))
        assert not dangerous(safe_text(text).replace("\n", ""))


ACTING = "a\x7fb\x9b2Jc\u202ed\u200be\ufefff\U000e0041g\u2028h\udc80i"


@pytest.mark.parametrize("indent", [None, 2])
def test_json_stays_the_same_and_holds_nothing_that_acts(indent: int | None) -> None:
    document = {"subject": ACTING, "to": ["Grüße 你好", "👩‍💻", "\x00\n\t"], ACTING: None}
    shown = safe_json(json.dumps(document, ensure_ascii=False, indent=indent))
    assert json.loads(shown) == document
    assert dangerous(shown.replace("\n", "")) == []
    assert "Grüße 你好" in shown


@given(st.text())
def test_any_json_stays_the_same(text: str) -> None:
    shown = safe_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert dangerous(shown) == []


@given(st.text())
def test_what_is_hidden_is_what_a_line_shows_by_name(text: str) -> None:
    places = set(hidden(text))
    kept = "".join(char for at, char in enumerate(text) if at not in places and char not in "\t\n")
    assert len(safe_line(text)) >= len(kept)
    assert hidden("plain") == []
    assert hidden("a\u202eb\tc") == [1]


@pytest.mark.parametrize("text", ["plain", "Grüße", "Gru\u0308\u00dfe", "手紙 mail", "한글", "Ωμέγα", "שלום"])
def test_columns_are_counted_as_the_screen_counts_them(text: str) -> None:
    assert cells(text) == cell_len(text)
