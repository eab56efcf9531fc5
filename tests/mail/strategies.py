"""Hypothesis strategies for the words of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tuimail.mail.address import Address
from tuimail.mail.address_tokens import EDGES
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

CONTROLS = "".join(chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)]) + "\u2028\u2029"


def lines(*, max_size: int = 80) -> SearchStrategy[str]:
    """One line of any text that may stand in a header field, tricky pieces included."""
    tricky = [
        "=?utf-8?q?x?=",
        "?=",
        '"',
        "\\",
        ",",
        "<a@b>",
        "  ",
        "é",
        "你",
        "👩\u200d🚀",
        "a" * 90,
        "_",
        "=",
        " ",
        "@",
    ]
    plain = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=max_size)
    return st.one_of(plain, st.lists(st.one_of(st.sampled_from(tricky), plain), max_size=6).map("".join))


_LETTERS = "abcxyzABCXYZ0189"


def _visible(text: str) -> bool:
    return all(char.isprintable() and safe_line(char) == char for char in text)


def local_parts(*, ascii_only: bool = False) -> SearchStrategy[str]:
    """What may stand before the @, unquoted."""
    atoms = st.text(_LETTERS + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=12)
    dotted = st.builds("{}.{}".format, atoms, atoms)
    quoted = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
    if ascii_only:
        return st.one_of(atoms, dotted, quoted)
    wild = st.text(st.characters(min_codepoint=0x20, exclude_categories=["C", "Z"]), min_size=1, max_size=10)
    return st.one_of(atoms, dotted, quoted, wild.filter(_visible))


def domains() -> SearchStrategy[str]:
    """Names, international ones, literals."""
    label = st.builds(
        "{}{}".format, st.text(_LETTERS + "-", max_size=8).map(lambda text: text.lstrip("-")), st.just("q")
    )
    names = st.lists(label, min_size=1, max_size=3).map(".".join)
    international = st.sampled_from(
        ["bücher.example", "straße.example", "почта.example", "例え.example", "臺網中心.tw"]
    )
    literals = st.sampled_from(["[192.0.2.1]", "[IPv6:2001:db8::1]"])
    return st.one_of(names, international, literals)


def addresses(*, ascii_local: bool = False) -> SearchStrategy[Address]:
    """Any valid address with any name."""
    names = st.one_of(st.just(""), lines(max_size=30).map(lambda name: name.strip(EDGES)))
    return st.builds(Address, names, local_parts(ascii_only=ascii_local), domains())
