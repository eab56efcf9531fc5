"""Addresses as strangers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages
from tests.mail.strategies import addresses
from tuimail.mail.header import address_field
from tuimail.mail.received_addresses import MOST_ADDRESSES, received_addresses
from tuimail.mail.received_header import read_header, unfolded


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", []),
        (b"a@b", [("", "a@b")]),
        (b"<a@b>", [("", "a@b")]),
        (b"A B <a@b>", [("A B", "a@b")]),
        (b"A B<a@b>", [("A B", "a@b")]),
        (b'"B, A" <a@b>', [("B, A", "a@b")]),
        (b'"A \\"x\\" B" <a@b>, c@d', [('A "x" B', "a@b"), ("", "c@d")]),
        (b"a@b (A B)", [("A B", "a@b")]),
        (b"a@b (A (nested) B), c@d", [("A (nested) B", "a@b"), ("", "c@d")]),
        (b"a@b, c@d; e@f", [("", "a@b"), ("", "c@d"), ("", "e@f")]),
        (b"Friends: a@b, C <c@d>;, e@f", [("", "a@b"), ("C", "c@d"), ("", "e@f")]),
        (b"undisclosed-recipients:;", [("undisclosed-recipients", "")]),
        (b"undisclosed-recipients: ;", [("undisclosed-recipients", "")]),
        (b"mailto:a@b", [("", "a@b")]),
        (b"Re: A <a@b>", [("A", "a@b")]),
        (b"A B a@b", [("A B", "a@b")]),
        (b"a@b Fri Aug 23 11:09:00 2002", [("Fri Aug 23 11:09:00 2002", "a@b")]),
        (b"root", [("", "root")]),
        (b"The system", [("The system", "")]),
        (b"<@x,@y:a@b>", [("", "a@b")]),
        (b"A <a@b> <c@d>", [("A <a@b>", "c@d")]),
        (b'"A <a@b>" <c@d>', [("A <a@b>", "c@d")]),
        (b'"A <a@b>, c@d', [("A", "a@b"), ("", "c@d")]),
        (b"A <a@b, c@d", [("A", "a@b"), ("", "c@d")]),
        (b"A (x <a@b>, c@d", [("A (x", "a@b"), ("", "c@d")]),
        (b"a@[IPv6:::1], b@c", [("", "a@[IPv6:::1]"), ("", "b@c")]),
        (b'"a b"@c', [("", '"a b"@c')]),
        (b'A <"a <b"@c>, d@e', [("A", '"a <b"@c'), ("", "d@e")]),
        (b'A "b c"@d (x), e@f', [("A", '"b c"@d'), ("", "e@f")]),
        (b"=?utf-8?q?=C3=A4,_b?= <a@b>", [("ä, b", "a@b")]),
        (b"=?utf-8?q?a,b:c(d?= <a@b>", [("a,b:c(d", "a@b")]),
        (b'"=?utf-8?b?w6Q=?=" <a@b>', [("ä", "a@b")]),
        (b"=?utf-8?b?w6Q=?= =?utf-8?b?w6Q=?= <a@b>", [("ää", "a@b")]),
        (b"\xc3\xa4 <\xc3\xa4@b>", [("ä", "ä@b")]),
        (b"\xe4 <a@b>", [("ä", "a@b")]),
        (b"alice@x)bob@evil", [("", "alice@x)bob@evil")]),
        (b",;,", []),
        (b"A <>", [("A", "")]),
        (b"=?=?=", [("", "=?=?=")]),
    ],
)
def test_addresses(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert list(received_addresses(value)) == expected


@given(st.lists(addresses(ascii_local=True), min_size=1, max_size=5))
def test_what_is_written_is_read(written: list[object]) -> None:
    value = unfolded(address_field("To", written).partition(b":")[2])  # type: ignore[arg-type]
    assert len(received_addresses(value)) == len(written)


def test_a_long_list_is_cut_between_addresses() -> None:
    found = received_addresses(b"A <a@b>, " * 10_000)
    assert len(found) == MOST_ADDRESSES
    assert set(found) == {("A", "a@b")}


PIECES = [b'"', *(bytes([each]) for each in b"\\()<>,;:@a []\xff"), b"=?utf-8?q?", b"?="]


@given(st.one_of(st.binary(max_size=100), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)))
def test_nothing_raises(value: bytes) -> None:
    for one in received_addresses(value):
        assert one.name or one.address or value


def test_no_field_of_the_corpora_breaks_it() -> None:
    found = 0
    for _, raw in corpus_messages():
        header = read_header(raw)
        found += sum(len(received_addresses(header.value_of(field))) for field in header.fields)
    assert found > 5000
