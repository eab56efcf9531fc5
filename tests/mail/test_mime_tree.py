"""Parts of received messages, by offsets."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.mail import mime_tree, received_header
from tuimail.mail.mime_parameters import parse_parameters
from tuimail.mail.mime_tree import Omitted, read_embedded, read_tree, walk
from tuimail.mail.received_header import read_header

if TYPE_CHECKING:
    from tuimail.mail.mime_tree import ReceivedPart

MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n"


def bodies(raw: bytes) -> list[tuple[str, bytes]]:
    """Number and body of each leaf."""
    return [(part.number, raw[part.body : part.end]) for part in walk(read_tree(raw)) if not part.children]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", [("1", b"")]),
        (b"no header\n\nx", [("1", b"no header\n\nx")]),
        (b"Subject: a\n\nx", [("1", b"x")]),
        (b"Subject: a\r\n\r\nx", [("1", b"x")]),
        (b"Subject: a\r\rx", [("1", b"x")]),
        (b"From me Mon\nSubject: a\n\nx", [("1", b"x")]),
        (MIXED + b"--b\n\n1\n--b\n\n2\n--b--\nno", [("1", b"1"), ("2", b"2")]),
        (MIXED.replace(b"\n", b"\r\n") + b"--b\r\n\r\n1\r\n--b--\r\n", [("1", b"1")]),
        (MIXED.replace(b"\n", b"\r") + b"--b\r\r1\r--b--\r", [("1", b"1")]),
        (MIXED + b"preamble\n--b \t\n\n1", [("1", b"1")]),
        (MIXED + b"--b\n--b\n\n1\n--b\n", [("1", b"1")]),
        (MIXED + b"--b\n\n--bb\nx--b\n--b--\n", [("1", b"--bb\nx--b")]),
        (MIXED + b"no delimiter", [("", b"no delimiter")]),
        (b"Content-Type: multipart/mixed\n\nx", [("1", b"x")]),
        (
            MIXED + b"--b\nContent-Type: multipart/x; boundary=bb\n\n--bb\n\n1\n--bb--\n--b\n\n2\n--b--",
            [("1.1", b"1"), ("2", b"2")],
        ),
        (MIXED.replace(b"=b", b'="b b "') + b"--b b\n\n1", [("1", b"1")]),
        (MIXED.replace(b"=b", b"=\xff") + b"--\xff\n\n1", [("1", b"1")]),
    ],
)
def test_parts(raw: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert bodies(raw) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text/plain; charset=utf-8", {"charset": "utf-8"}),
        (b'text/plain; Charset="utf-8" ; x=y', {"charset": "utf-8", "x": "y"}),
        (b"text/plain; charset=us-ascii (Plain text)", {"charset": "us-ascii"}),
        (b"a/b; name=my file.pdf", {"name": "my file.pdf"}),
        (b'a/b; name="a;b\\"c"', {"name": 'a;b"c'}),
        (b'a/b; name="C:\\TEMP\\a.png"', {"name": "C:\\TEMP\\a.png"}),
        (b'a/b; name="never closed', {"name": "never closed"}),
        (b'a/b boundary="b c" charset=utf-8 x', {"boundary": "b c", "charset": "utf-8"}),
        (b"a/b; filename*=utf-8''%C3%A4%20b", {"filename": "ä b"}),
        (b"a/b; filename=a; filename*=iso-8859-1'de'%e4", {"filename": "ä"}),
        (b"a/b; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=\"%20\"", {"filename": "ä%20"}),
        (b"a/b; filename*1=b; filename*0=a", {"filename": "ab"}),
        (b"a/b; name==?utf-8?q?=C3=A4?=", {"name": "ä"}),
        (b"a/b; name=\xc3\xa4", {"name": "ä"}),
        (b"a/b; name=\xe4", {"name": "ä"}),
        (b"a/b; name; =x;;; y=", {"y": ""}),
        (b"a/b; filename*=klingon''%e4", {"filename": "ä"}),
        (b"a/b; filename*=utf-8''=?utf-8?q?=C3=A4?=", {"filename": "ä"}),
        (b"a/b; filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D", {"filename": "=?utf-8?q?x?="}),
        (
            b"""a/b; A=1; b="x \\"y\\"; z" ;c*=utf-8'en'%C3%BC; d*1=two; d*0=one; e==?utf-8?q?=C3=BC?=; f*=%""",
            {"a": "1", "b": 'x "y"; z', "c": "ü", "d": "onetwo", "e": "ü", "f": "%"},
        ),
    ],
)
def test_parameters(value: bytes, expected: dict[str, str]) -> None:
    assert parse_parameters(value) == expected


def test_all_fields_are_kept_with_their_offsets() -> None:
    raw = b"Received: a\r\n b\r\nX : 1\n: odd\nReceived: c\n\nbody"
    header = read_header(raw)
    assert [raw[field.start : field.end] for field in header.fields] == [
        b"Received: a\r\n b\r\n",
        b"X : 1\n",
        b"Received: c\n",
    ]
    assert header.values("received") == [b"a b", b"c"]
    assert header.value("x") == b"1"
    assert header.value("none") == b""
    assert "x" in header
    assert not header.cut
    assert raw[header.body :] == b"body"


@pytest.mark.parametrize(
    "head",
    [
        b"a: b\n" * (received_header.MOST_FIELDS + 1),
        b"Subject: " + b"x" * received_header.HEAD_LIMIT + b"\nTo: a\n",
        b"Subject: " + b"x" * (received_header.HEAD_LIMIT - 12) + b"\nToo-Long: a\n",
    ],
)
@pytest.mark.parametrize("empty", [b"\n", b"\r\n"])
def test_a_header_beyond_the_limits_ends_where_it_ends(head: bytes, empty: bytes) -> None:
    raw = head + empty + b"body"
    header = read_header(raw)
    assert header.cut
    assert raw[header.body :] == b"body"
    assert len(header.fields) <= received_header.MOST_FIELDS


def test_a_header_of_just_the_limit_is_whole() -> None:
    assert not read_header(b"a: b\n" * received_header.MOST_FIELDS + b"\nx").cut


def test_what_is_too_deep_stays_raw() -> None:
    raw = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(10_000))
    parts = list(walk(read_tree(raw)))
    assert [part.depth for part in parts] == list(range(mime_tree.DEEPEST + 1))
    assert parts[-1].omitted is Omitted.TOO_DEEP
    assert parts[-1].end == len(raw)


def test_what_are_too_many_parts_is_one_part() -> None:
    parts = list(walk(read_tree(MIXED + b"--b\n\nx\n" * 100_000)))
    assert len(parts) == mime_tree.MOST_PARTS + 1
    assert parts[-1].omitted is Omitted.TOO_MANY
    assert {part.omitted for part in parts[:-1]} == {None}


def test_a_name_and_a_disposition() -> None:
    raw = (
        b'Content-Type: image/png; name="a.png"\nContent-Disposition: ATTACHMENT; filename="b.png"\nContent-ID: <c@d>\n'
    )
    part = read_tree(raw + b"Content-Transfer-Encoding: Base64 (x)\n\n")
    assert (part.name, part.disposition, part.content_id, part.encoding) == ("b.png", "attachment", "c@d", "base64")
    assert part.is_attachment


def test_a_message_within_is_opened_on_request() -> None:
    raw = b"Content-Type: message/rfc822\n\nSubject: in\n\nx"
    closed = read_tree(raw)
    assert closed.children == ()
    inner = read_embedded(closed)
    assert inner is not None
    assert inner.header.value("subject") == b"in"
    assert [part.number for part in walk(read_tree(raw, open_messages=True))] == ["1", "1.1"]
    assert read_embedded(inner) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Text/HTML", "text/html"),
        (b'"application/pdf"; name=a', "application/pdf"),
        (b"text", "text/plain"),
        (b"a/b/c", "text/plain"),
        (b"", "text/plain"),
    ],
)
def test_types(value: bytes, expected: str) -> None:
    assert read_tree(b"Content-Type: " + value + b"\n\n").content_type == expected


def test_the_parts_of_a_digest_are_messages() -> None:
    part = read_tree(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nx\n--b--")
    assert part.children[0].content_type == "message/rfc822"


@given(raw_messages())
def test_offsets_are_within_bounds(raw: bytes) -> None:
    for opened in (False, True):
        root = read_tree(raw, open_messages=opened)
        assert root.header.start == 0
        assert root.end == len(raw)
        for part in walk(root):
            _check(part)


def _check(part: ReceivedPart) -> None:
    assert part.header.start <= part.body <= part.end
    at = part.header.start
    for field in part.header.fields:
        assert at <= field.start < field.value <= field.end <= part.body
        at = field.end
    at = part.body
    for child in part.children:
        assert at <= child.header.start
        assert child.end <= part.end
        assert child.depth == part.depth + 1
        at = child.end


LETTER_CASE_OR_FOLD_OF_A_BOUNDARY = {
    "stalwart-mail-parser/resources/eml/malformed/019.eml",  # the standard library ignores case there
    "stalwart-mail-parser/resources/eml/thirdparty/012.eml",  # a boundary folded between two words
    "stalwart-mail-parser/resources/eml/malformed/013.eml",  # the same boundary on all levels
}


@pytest.mark.filterwarnings("ignore")
def test_the_standard_library_finds_the_same_leaves() -> None:
    """Except that it makes parts of the blocks of a delivery status, and of nothing behind a last delimiter."""
    same = 0
    other = []
    for name, raw in corpus_messages():
        theirs = [each for each in email.message_from_bytes(raw).walk() if not each.is_multipart()]
        ours = [part for part in walk(read_tree(raw, open_messages=True)) if not part.children]
        if len(theirs) == len(ours):
            same += 1
        elif b"delivery-status" not in raw.lower() and name not in LETTER_CASE_OR_FOLD_OF_A_BOUNDARY:
            real = [each for each in theirs if each.keys() or each.get_payload()]
            if len(real) != len(ours):
                other.append(name)
    assert other == []
    assert same >= 600
