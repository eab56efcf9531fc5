"""Line ends, wherever the pieces are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.content import InMemory
from tuimail.mail.line_ends import with_crlf, with_lf

TEXTS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\xc3\xa4"])).map(b"".join)
LENGTHS = st.integers(1, 9)


@given(TEXTS, LENGTHS)
def test_every_line_end_becomes_crlf(text: bytes, length: int) -> None:
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert b"".join(with_crlf(InMemory(text).chunks(length))) == lines.replace(b"\n", b"\r\n")


@given(TEXTS, LENGTHS)
def test_crlf_becomes_lf_and_a_cr_by_itself_stays(text: bytes, length: int) -> None:
    pieces = list(with_lf(InMemory(text).chunks(length)))
    assert b"".join(pieces) == text.replace(b"\r\n", b"\n")
    assert all(pieces)
