"""Hypothesis strategies for drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.mail.strategies import addresses, lines
from tuimail.compose.content_type import content_type_of
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.file_name import clean_name

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

PIECES = [
    "word ",
    "> quoted ",
    ">> ",
    "\n",
    "\n\n",
    "-- ",
    "From ",
    ".",
    "..\n",
    "x" * 1200,
    "é",
    "你好",
    "=3D",
    "\t",
    " ",
]


def bodies() -> SearchStrategy[str]:
    free = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=300)
    return st.one_of(free, st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


@st.composite
def files(draw: st.DrawFn) -> tuple[Attachment, bytes]:
    """An attachment and what its file holds."""
    name = clean_name(draw(lines(max_size=60)) + draw(st.sampled_from(["", ".pdf", ".txt", ".bin", ".csv"])))
    data = draw(
        st.one_of(st.binary(max_size=300), st.sampled_from([b"\r\n.\r\n", b"--=_x--", b"text\n", b"\x00" * 500]))
    )
    return Attachment(f"/{draw(st.integers())}", name, content_type_of(name, data), len(data)), data


@st.composite
def drafts(draw: st.DrawFn, *, ascii_local: bool = False) -> tuple[Draft, dict[Attachment, bytes]]:
    """Any draft that may be sent."""

    def some(least: int = 0) -> str:
        return ", ".join(map(str, draw(st.lists(addresses(ascii_local=ascii_local), min_size=least, max_size=4))))

    ids = st.sampled_from(["<1@a.example>", f"<{'long.' * 30}@b.example>", "<[odd]%$=?utf-8?q?x?=@c>", "<no-at>"])
    attached = draw(st.lists(files(), max_size=2, unique_by=lambda pair: pair[0].path))
    draft = Draft(
        to=some(1),
        cc=some(),
        bcc=some(),
        reply_to=some(),
        subject=draw(lines(max_size=200)),
        body=draw(bodies()),
        attachments=tuple(attachment for attachment, _data in attached),
        in_reply_to=draw(st.one_of(st.just(""), ids)),
        references=tuple(draw(st.lists(ids, max_size=5))),
        headers=tuple((f"X-Extra-{n}", value) for n, value in enumerate(draw(st.lists(lines(), max_size=2)))),
    )
    return draft, dict(attached)
