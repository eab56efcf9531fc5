"""Subject and References of a reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.header import is_message_id
from tuimail.mail.reply_header import LAST_REFERENCES, ReplyIds, reply_ids, reply_subject
from tuimail.mail.text import safe_line


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("x", "Re: x"),
        ("Re: x", "Re: x"),
        ("RE:x", "Re: x"),
        ("re : Re: AW: Antw: SV: VS: x", "Re: x"),
        ("Re[2]: x", "Re: x"),
        ("Re(3): Re^2: Re*4: x", "Re: x"),
        ("R\u00e9p\u00a0: x", "Re: x"),
        ("回复：答复: x", "Re: x"),
        ("Re: [dev] x", "Re: [dev] x"),
        ("AW: [dev] Re: x", "Re: [dev] x"),
        ("Re: [dev] Re: [dev] x", "Re: [dev] x"),
        ("[a] [a] x", "Re: [a] [a] x"),
        ("[PATCH 1/2] Re: [dev] x", "Re: [PATCH 1/2] [dev] x"),
        ("Fwd: x", "Re: Fwd: x"),
        ("Re: Fwd: Re: x", "Re: Fwd: Re: x"),
        ("Rest: x", "Re: Rest: x"),
        ("Regarding: x", "Re: Regarding: x"),
        ("", "Re:"),
        ("Re:", "Re:"),
        ("  a\r\n  b ", "Re: a b"),
        ("a\x1b[2J\u202e", "Re: a^[[2J<U+202E>"),
    ],
)
def test_one_prefix(subject: str, reply: str) -> None:
    assert reply_subject(subject) == reply


@given(
    st.lists(st.sampled_from(["Re:", "aw :", "[a]", "[b] ", "x", " ", "Fwd:", "\n", "[2]", ":"])).map("".join)
    | st.text()
)
def test_a_reply_to_a_reply_has_the_same_subject(subject: str) -> None:
    reply = reply_subject(subject)
    assert reply.startswith("Re:")
    assert safe_line(reply) == reply
    assert reply_subject(reply) == reply


def _ids(first: int, last: int) -> list[str]:
    return [f"<{each}@x>" for each in range(first, last + 1)]


@pytest.mark.parametrize(
    ("message_id", "references", "in_reply_to", "expected"),
    [
        ("<a@x>", "", "", ReplyIds("<a@x>", ("<a@x>",))),
        (" <a@x> ", "<r@x>\n <s@x>", "<t@x>", ReplyIds("<a@x>", ("<r@x>", "<s@x>", "<a@x>"))),
        ("<a@x>", "<r@x>,<s@x>", "", ReplyIds("<a@x>", ("<r@x>", "<s@x>", "<a@x>"))),
        ("<a@x>", "", "Kim's of monday <t@x>", ReplyIds("<a@x>", ("<t@x>", "<a@x>"))),
        ("<a@x>", "", "<t@x> <u@x>", ReplyIds("<a@x>", ("<a@x>",))),
        ("<a@x>", "<a@x> <r@x> <r@x> <a@x>", "", ReplyIds("<a@x>", ("<r@x>", "<a@x>"))),
        ("", "<r@x>", "", ReplyIds("", ("<r@x>",))),
        ("a@x", "no ids < > <b c@x>", "", ReplyIds()),
        ("<a@x>", " ".join(_ids(1, 19)), "", ReplyIds("<a@x>", (*_ids(1, 19), "<a@x>"))),
        ("<a@x>", " ".join(_ids(1, 50)), "", ReplyIds("<a@x>", ("<1@x>", *_ids(33, 50), "<a@x>"))),
    ],
)
def test_references(message_id: str, references: str, in_reply_to: str, expected: ReplyIds) -> None:
    assert reply_ids(message_id, references, in_reply_to) == expected


@given(*[st.lists(st.sampled_from(["<", ">", "a", "@", " ", "<a@b>", "\n", "\x00", "é", "<c>"])).map("".join)] * 3)
def test_only_ids_that_a_header_takes(message_id: str, references: str, in_reply_to: str) -> None:
    found = reply_ids(message_id, references, in_reply_to)
    assert all(map(is_message_id, found.references))
    assert len(set(found.references)) == len(found.references) <= LAST_REFERENCES + 1
    assert found.in_reply_to == (found.references[-1] if found.in_reply_to else "")
