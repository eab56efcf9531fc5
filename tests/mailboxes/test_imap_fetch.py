"""FETCH responses: every order of items, unknown ones, and broken ones, which cost their message only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.flags import FLAGGED, FORWARDED, SEEN
from tuimail.mailboxes.imap_fetch import FetchedItems, read_date, read_fetch, read_usual
from tuimail.mailboxes.imap_reading import summary_items
from tuimail.mailboxes.imap_values import FetchedHeader, FlagState
from tuimail.mailboxes.imap_wire import ResponseReader

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_wire import Response

HEADER = b'Subject: a ) {3} "x\r\nMessage-ID: <1@x>\r\n\r\n'
ITEMS = {
    "uid": b"UID 7",
    "flags": b"FLAGS (\\Seen $Forwarded Work \\Recent)",
    "arrived": b'INTERNALDATE " 1-Jan-2020 10:00:00 +0100"',
    "size": b"RFC822.SIZE 1234",
    "modseq": b"MODSEQ (99)",
    "emailid": b"EMAILID (M6d99)",
    "header": b"BODY[HEADER.FIELDS (DATE FROM)] {%d}\r\n%s" % (len(HEADER), HEADER),
}
UNKNOWN = [
    b'X-GM-LABELS (a (b "c d"))',
    b'BODYSTRUCTURE ("text" "plain" NIL NIL)',
    b"BODY[1.MIME]<0> {2}\r\nhi",
    b"PREVIEW NIL",
    b"X-ODD (UID 9)",
    b'BODY[2.HEADER.FIELDS (X Y)] "z"',
]


def response(line: bytes) -> Response:
    (found,) = ResponseReader().feed(line + b"\r\n")
    return found


def fetched(*items: bytes) -> FetchedItems | None:
    return read_fetch(response(b"* 3 FETCH (" + b" ".join(items) + b")"))


WHOLE = FetchedHeader(7, SEEN | FORWARDED, "Work", 1577869200, 1234, HEADER, 99, "M6d99")


@given(st.permutations([*ITEMS.values(), *UNKNOWN]))
def test_any_order_and_unknown_items(items: list[bytes]) -> None:
    found = fetched(*items)
    assert found is not None
    assert found.fetched_header() == WHOLE
    assert found.flag_state() == FlagState(7, SEEN | FORWARDED, "Work", 99)


def test_the_usual_order_is_read_without_the_parser() -> None:
    asked = summary_items(frozenset({"OBJECTID"}), modseq=True)
    assert asked.startswith("(UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ EMAILID BODY.PEEK[HEADER.FIELDS (DATE ")
    for left_out in [(), ("modseq",), ("emailid",), ("modseq", "emailid")]:
        line = b"* 3 FETCH (" + b" ".join(item for name, item in ITEMS.items() if name not in left_out) + b")"
        found = read_usual(response(line))
        assert found is not None
        expected = WHOLE._replace(
            modseq=0 if "modseq" in left_out else 99, emailid="" if "emailid" in left_out else "M6d99"
        )
        assert found.fetched_header() == expected
    gmail = ITEMS | {"emailid": b"X-GM-MSGID 1278455344230334865"}
    found = read_usual(response(b"* 3 FETCH (" + b" ".join(gmail.values()) + b")"))
    assert found is not None
    assert found.emailid == "1278455344230334865"


@given(st.data())
def test_both_ways_read_the_same(data: st.DataObject) -> None:
    flags = data.draw(st.lists(st.sampled_from([b"\\Seen", b"\\Flagged", b"a", b"B", b"$Forwarded"])))
    header = data.draw(st.binary(max_size=40))
    line = (
        b"* 1 FETCH (UID 7 FLAGS (" + b" ".join(flags) + b') INTERNALDATE "01-Jan-2020 10:00:00 +0100" RFC822.SIZE 5'
        b" BODY[HEADER.FIELDS (DATE)] {%d}\r\n%s" % (len(header), header)
    )
    usual, other = read_usual(response(line + b")")), read_fetch(response(line + b" X-ODD NIL)"))
    assert usual is not None
    assert usual == other


@pytest.mark.parametrize(
    "line",
    [
        b"* 3 FETCH (UID 7 FLAGS (\\Seen",
        b"* 3 FETCH (UID 7 FLAGS (\\Seen))))",
        b'* 3 FETCH (UID 7 X "open)',
        b"* 3 FETCH",
        b"* 3 FETCH (",
        b"* FETCH (UID 7)",
        b"* 3 FETCH UID 7",
        b"* 3 FETCH (UID 7 FLAGS (" + b"a " * 40_000 + b"))",
        b"* 3 FETCH " + b"(" * 100 + b")" * 100,
    ],
)
def test_broken_ones_are_none(line: bytes) -> None:
    assert read_fetch(response(line)) is None


def test_values_that_are_none_of_their_kind_are_left_out() -> None:
    found = fetched(
        b"UID x", b"FLAGS NIL", b'INTERNALDATE "yesterday"', b"RFC822.SIZE -1", b"MODSEQ (1 2)", b"EMAILID NIL"
    )
    assert found == FetchedItems(arrived=0)
    assert fetched(b"UID 4294967296", b"EMAILID (" + b"x" * 300 + b")") == FetchedItems()
    assert fetched(b"UID 0") == FetchedItems()
    assert fetched(b"UID") == FetchedItems()
    assert fetched(b"BODY[HEADER.FIELDS (DATE FROM) UID 7") == FetchedItems()


@pytest.mark.parametrize(
    ("item", "body", "origin"),
    [
        (b"BODY[]<100> {3}\r\nabc", b"abc", 100),
        (b"BODY[] {3}\r\nabc", b"abc", None),
        (b'BODY[]<0> "abc"', b"abc", 0),
        (b"BODY[]<5> NIL", b"", 5),
        (b'BODY[]<5> ""', b"", 5),
    ],
)
def test_bodies(item: bytes, body: bytes, origin: int | None) -> None:
    found = fetched(b"UID 7", item)
    assert found is not None
    assert (found.body, found.origin, found.header) == (body, origin, None)


@given(st.binary(max_size=120), st.binary(max_size=20))
def test_any_bytes_are_items_or_none(line: bytes, literal: bytes) -> None:
    read_fetch((b"* 1 FETCH (" + line, literal, b")"))
    read_fetch((line,))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"17-Jul-1996 02:44:25 -0700", 837596665),
        (b" 7-jul-1996 02:44:25 +0000", 836707465),
        (b"01-Jan-1970 00:00:00 +0000", 0),
        (b"31-Dec-2020 23:59:60 +0000", 1609459199),
        (b"32-Jan-2020 00:00:00 +0000", 0),
        (b"01-Foo-2020 00:00:00 +0000", 0),
        (b"01-Jan-0000 00:00:00 +0000", 0),
        (b"01-Jan-0001 00:00:00 +9900", 0),
        (b"", 0),
    ],
)
def test_dates(text: bytes, seconds: int) -> None:
    assert read_date(text) == seconds


def test_no_more_flags_are_read_than_anybody_has() -> None:
    line = b"* 1 FETCH (UID 7 FLAGS (\\Seen " + b"Abc " * 10_000 + b"\\Flagged))"
    found = read_fetch(response(line))
    assert found is not None
    assert found.flags == (SEEN, "Abc")


def test_responses_of_one_message_are_put_together() -> None:
    first = FetchedItems(uid=7, flags=(SEEN, ""), size=3)
    assert first.merged(FetchedItems(uid=7, flags=(FLAGGED, "a"), header=b"h")) == FetchedItems(
        uid=7, flags=(FLAGGED, "a"), size=3, header=b"h"
    )
