"""The stream of a server, cut and read: whole whatever the packets, bounded whatever the server."""

from __future__ import annotations

import collections
import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mailboxes.imap_wire import (
    Atom,
    ImapSyntaxError,
    ResponseReader,
    Status,
    parse,
    parse_status,
    quoted,
)

STREAM = (
    b'* LIST (\\HasNoChildren) "/" {9}\r\na\r\n* b {5} tail\r\n* OK done {5}\r\n+ idling {3}\r\n'
    b'* LIST () NIL "x {5}"\r\n* 3 EXISTS\nA1 NO [TRYCREATE] no {7}\r\n* LIST () "/" {0}\r\n\r\n'
)
RESPONSES = [
    (b'* LIST (\\HasNoChildren) "/" ', b"a\r\n* b {5", b"} tail"),
    (b"* OK done {5}",),
    (b"+ idling {3}",),
    (b'* LIST () NIL "x {5}"',),
    (b"* 3 EXISTS",),
    (b"A1 NO [TRYCREATE] no {7}",),
    (b'* LIST () "/" ', b"", b""),
]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_responses_are_the_same_wherever_the_packets_are_cut(cuts: list[int]) -> None:
    reader = ResponseReader()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [response for start, end in itertools.pairwise(edges) for response in reader.feed(STREAM[start:end])]
    assert found == RESPONSES
    assert not reader.pending


@pytest.mark.parametrize(
    "stream",
    [
        b"* LIST () {99999999999}\r\n",
        b"* LIST () {18446744073709551616}\r\n",
        b"x" * 2_000_000,
        b'* LIST () "/" {900000}\r\n' + (b"y" * 900_000 + b"{900000}\r\n") * 6,
        b"* LIST " + b"{0}\r\n" * 2_000_000,
    ],
)
def test_endless_things_end_in_an_error(stream: bytes) -> None:
    reader = ResponseReader()
    packets = (stream[start : start + 65536] for start in range(0, len(stream), 65536))
    with pytest.raises(ImapSyntaxError):
        collections.deque((list(reader.feed(packet)) for packet in packets), maxlen=0)


def test_a_million_tiny_lines_in_one_packet_are_cut_without_recursion() -> None:
    assert sum(1 for _ in ResponseReader().feed(b"* 1 EXISTS\r\n" * 1_000_000)) == 1_000_000


def test_values_of_every_kind() -> None:
    response = (b'* LIST (\\Sent (a b)) "/" "q \\"x\\" \\\\ )" NIL ', b"lit {5}", b" end")
    assert parse(response) == [
        Atom(b"*"), Atom(b"LIST"), [Atom(b"\\Sent"), [Atom(b"a"), Atom(b"b")]], b"/", b'q "x" \\ )', None, b"lit {5}",
        Atom(b"end"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", [b"(" * 100_000, b"())", b"(()", b'"open', b'a "b\\"', b")"])
def test_malformed_values_are_an_error(line: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        parse((line,))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_parsing_anything_gives_values_or_an_error(pieces: list[bytes]) -> None:
    with contextlib.suppress(ImapSyntaxError):
        assert isinstance(parse(tuple(pieces)), list)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"A1 NO [TRYCREATE] no such folder", Status("NO", "TRYCREATE", "no such folder")),
        (b"* BYE bye", Status("BYE", "", "bye")),
        (b"* ok [CAPABILITY IMAP4rev1 IDLE] hi", Status("OK", "CAPABILITY", "hi", "IMAP4rev1 IDLE")),
        (b"OK", Status("OK")),
        (b"NO [odd", Status("NO", "", "[odd")),
        (b"* 3 EXISTS", None),
        (b"* OKAY x", None),
    ],
)
def test_status_lines(line: bytes, status: Status | None) -> None:
    assert parse_status(line) == status


def test_a_quoted_string_cannot_hold_a_line_end() -> None:
    assert quoted('My "odd" \\ name') == '"My \\"odd\\" \\\\ name"'
    for bad in "\r\n\0":
        with pytest.raises(ValueError, match="cannot be quoted"):
            quoted(f"a{bad}b")
