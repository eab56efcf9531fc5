"""Messages as bytes: strategies for odd ones, and the corpora's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.corpora import corpus

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PIECES = [
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"Content-Type: multipart/mixed; boundary=b\n\n",
    b'Content-Type: multipart/alternative; boundary="bb"\r\n\r\n',
    b"Content-Type: multipart/related; boundary=b; start=<a>\n\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: text/html; charset=iso-2022-jp\n\n",
    b"Content-Type: text/plain; format=flowed; delsp=yes\n\n",
    b"Content-Type: text/calendar; charset=utf-16\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%e4; filename*1=\"x\n",
    b"Subject: Re: [list] =?utf-8?q?=C3=A4?= =?x?b?====?=\n",
    b'From: "a\\" <b@c>, d: e@f, (g);, =?utf-8?b?w6Q=?= <h>\n',
    b"Date: Tue, 31 Feb 99999 25:61:61 +9999\n",
    b"References: <a@b> <c\n",
    b"List-Unsubscribe: <https://a/b>, <mailto:c@d?subject=x>\n",
    b"--b",
    b"--bb",
    b"--b--",
    b"--b\n",
    b"\n--b\n",
    b"\n--bb--\n",
    b"=41=\n",
    b"QUJD",
    b"<b>a<!--",
    b"<a href='http://x/'>y</a>",
    b"<table><tr><td style='display:none'>",
    b"&#27;&#x110000;",
    b"> > a \n",
    b"-- \n",
    b"\x1b$B",
    b"\xff\x00\xc3",
]


def raw_messages() -> SearchStrategy[bytes]:
    """Any bytes, and what looks like a message."""
    return st.one_of(
        st.binary(max_size=300),
        st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=20)), max_size=40).map(b"".join),
    )


@cache
def corpus_messages() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of each message in the corpora; skips the test where they are absent."""
    folder = corpus()
    suffixes = {".eml", ".msg", ".txt", ".mime", ".email"}
    all_of_them = ("cyrus", "aerc", "spamassassin")
    found = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and (path.suffix in suffixes or any(each in name for each in all_of_them)):
            found.append((name, path.read_bytes()))
    assert len(found) > 600
    return tuple(found)
