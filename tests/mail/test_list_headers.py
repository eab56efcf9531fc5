"""What mailing lists say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.mail.list_headers import ListHeaders, list_headers, list_id
from tuimail.mail.received_header import read_header
from tuimail.mail.text import safe_line


def of(text: str) -> ListHeaders:
    return list_headers(read_header(text.encode()))


ALL = """\
List-Id: "The list" <the-list.example.org>
List-Post: <mailto:the-list@example.org>
List-Unsubscribe: <mailto:leave@example.org?subject=leave>,
 <https://example.org/leave?
 who=x>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Mail-Followup-To: The list <the-list@example.org>, a@b

"""


def test_all_fields() -> None:
    found = of(ALL)
    assert found.list_id == "the-list.example.org"
    assert found.post == "mailto:the-list@example.org"
    assert found.unsubscribe_mail == "mailto:leave@example.org?subject=leave"
    assert found.unsubscribe_web == "https://example.org/leave?who=x"
    assert found.one_click
    assert found.unsubscribe_host == "example.org"
    assert [each.address for each in found.followup_to] == ["the-list@example.org", "a@b"]
    assert found.line() == ("List: the-list.example.org, post: the-list@example.org, unsubscribe: by web or mail")


def test_no_list() -> None:
    found = of("Subject: x\n\n")
    assert found == ListHeaders("", "", "", "", False, ())
    assert found.line() == ""


@pytest.mark.parametrize(
    ("unsubscribe", "web", "one_click"),
    [
        ("<https://a.example/x>", "https://a.example/x", True),
        ("<http://a.example/x>", "http://a.example/x", False),
        ("<http://a.example/x>, <https://b.example/>", "https://b.example/", True),
        ("<javascript:alert(1)>, <file:///etc/passwd>", "", False),
        ("<https://user@a.example/>", "https://user@a.example/", False),
        ("<https://a.example:8443/x>", "https://a.example:8443/x", True),
        ("<https://a.example\\@b.example/>", "https://a.example\\@b.example/", False),
        ("https://a.example/x", "https://a.example/x", True),
        ("<https://a.example/\u202e>", "", False),
        (f"<https://a.example/{'x' * 3000}>", "", False),
        ("nothing of use", "", False),
    ],
)
def test_where_to_leave_it(unsubscribe: str, web: str, *, one_click: bool) -> None:
    found = of(f"List-Unsubscribe: {unsubscribe}\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\n")
    assert found.unsubscribe_web == web
    assert found.one_click is one_click
    assert bool(found.unsubscribe_host) is one_click


def test_nobody_may_post() -> None:
    assert of("List-Post: NO (archive)\n\n").post == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<A.b>", "a.b"),
        (b"a.b", "a.b"),
        (b"The list", ""),
        (b"", ""),
        (b"\"x <y>\" <a.b>", "a.b"),
        (b"<" + b"a" * 300 + b">", ""),
    ],
)  # fmt: skip
def test_ids(value: bytes, expected: str) -> None:
    assert list_id(value) == expected


@given(st.one_of(raw_messages(), st.binary(max_size=60).map(lambda raw: b"List-Unsubscribe: " + raw)))
def test_nothing_raises(raw: bytes) -> None:
    line = list_headers(read_header(raw)).line()
    assert safe_line(line) == line


def test_the_lists_of_the_corpora() -> None:
    found = [list_headers(read_header(raw)) for _, raw in corpus_messages()]
    assert sum(1 for each in found if each.list_id) > 20
