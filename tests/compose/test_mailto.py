"""Links ask; the writer decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose.mailto import Mailto, parse_mailto
from tuimail.errors import InjectionError, MessageError


@pytest.mark.parametrize(
    ("url", "wish"),
    [
        ("mailto:a@b", Mailto(to="a@b")),
        ("MAILTO:a@b,c%40d", Mailto(to="a@b, c@d")),
        ("mailto:?to=a@b&cc=c@d&to=e@f", Mailto(to="a@b, e@f", cc="c@d")),
        ("mailto:a@b?subject=1+1%20=%202&amp;body=x%0D%0Ay", Mailto(to="a@b", subject="1+1 = 2", body="x\ny")),
        ("mailto:%22not%40me%22@x?SUBJECT=caf%C3%A9", Mailto(to='"not@me"@x', subject="café")),
        ("mailto:a@b?in-reply-to=%3C1@c%3E", Mailto(to="a@b", in_reply_to="<1@c>")),
        ("mailto:a@b?body=1&body=2#x", Mailto(to="a@b", body="1\n2")),
        ("mailto:", Mailto()),
        ("mailto://bob@x.example", Mailto(to="bob@x.example")),
        ("mailto://bob@x.example/?subject=Hi", Mailto(to="bob@x.example", subject="Hi")),
        ("mailto:a@b?attach=/etc/passwd&bcc=e@v&from=x&ATTACHMENT=y",
         Mailto(to="a@b", ignored=("attach", "bcc", "from", "attachment"))),
        ("mailto:a@b?in-reply-to=x&x%1b=1", Mailto(to="a@b", ignored=("x^[", "in-reply-to"))),
        ("mailto:a@b?subject=1&subject=2", Mailto(to="a@b", subject="1", ignored=("subject",))),
    ],
)  # fmt: skip
def test_what_a_link_may_ask_for(url: str, wish: Mailto) -> None:
    assert parse_mailto(url) == wish


@pytest.mark.parametrize(
    "url",
    [
        "mailto:a@b%0D%0ABcc:c@d",
        "mailto:a@b?subject=x%0ABcc:%20c@d",
        "mailto:a@b?cc=x%00@y",
        "mailto:a@b?body=x%00y",
        "mailto:a@b?body=%1B[2J",
        "mailto:a@b?in-reply-to=%3C1@c%3E%0D%0A",
    ],
)
def test_smuggling_is_refused(url: str) -> None:
    with pytest.raises(InjectionError):
        parse_mailto(url)


@pytest.mark.parametrize(
    "url", ["", "a@b", "http://x", "mailto:%ff", "mailto:a?subject=%C3", "mailto:" + "a" * 200_000]
)
def test_what_is_no_link_is_said(url: str) -> None:
    with pytest.raises(MessageError):
        parse_mailto(url)


@given(st.text(st.sampled_from("ab@,?&=%0AD1B;#é")).map("mailto:{}".format))
def test_any_link_is_understood_or_refused(url: str) -> None:
    try:
        wish = parse_mailto(url)
    except MessageError:
        return
    assert "\n" not in wish.to + wish.cc + wish.subject + wish.in_reply_to
