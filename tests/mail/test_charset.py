"""Names of charsets, and bytes in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.charset import UNDECLARED, codec_of, decode


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("utf-8", "utf-8"),
        ("ISO-8859-1", "cp1252"),
        ("gb2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("Shift_JIS", "cp932"),
        ("us-ascii", UNDECLARED),
        ("", UNDECLARED),
        ("utf-7", None),
        ("UTF7", None),
        ("unicode_escape", None),
        ("punycode", None),
        ("idna", None),
        ("hex", None),
        ("base64", None),
        ("rot13", None),
        ("undefined", None),
        ("no such thing", None),
        ("a\0b", None),
        ("x" * 1000, None),
        ("../../etc/passwd", None),
    ],
)
def test_names(name: str, codec: str | None) -> None:
    assert codec_of(name) == codec


@pytest.mark.parametrize(
    ("raw", "charset", "text", "known"),
    [
        (b"\x93x\x94", "iso-8859-1", "\u201cx\u201d", True),
        ("ä".encode(), "", "ä", True),
        (b"\xe4", "us-ascii", "ä", True),
        (b"\xe4", "utf-8", "\ufffd", True),
        (b"+AGE-", "utf-7", "+AGE-", False),
        (b"\xe4", "klingon", "ä", False),
        ("会議".encode("iso-2022-jp"), "iso-2022-jp", "会議", True),
        (b"a\0b\0", "utf-16", "ab", True),
    ],
)
def test_texts(raw: bytes, charset: str, text: str, *, known: bool) -> None:
    assert decode(raw, charset) == (text, known)


def test_a_character_that_was_cut_in_two_is_left_out() -> None:
    assert decode("aä".encode()[:2], "utf-8", cut=True) == ("a", True)
    assert decode("aä".encode()[:2], "", cut=True) == ("a", True)


@given(st.binary(max_size=100), st.one_of(st.text(max_size=20), st.sampled_from(["utf-16", "iso-2022-jp", "hz"])))
def test_nothing_raises(raw: bytes, charset: str) -> None:
    decode(raw, charset)
    decode(raw, charset, cut=True)
