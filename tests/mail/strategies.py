"""Hypothesis strategies for the words of mail."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tuimail.mail.address import Address
from tuimail.mail.domain import DomainError, ascii_domain
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


def _visible(text: str) -> bool:
    return all(char.isprintable() and safe_line(char) == char for char in text)


def local_parts(*, ascii_only: bool = False) -> SearchStrategy[str]:
    """What may stand before the @, unquoted."""
    alphabet = st.characters(max_codepoint=0x7E) if ascii_only else st.characters(exclude_categories=["C", "Z"])
    atoms = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Za-z0-9]{1,5})?", fullmatch=True)
    wild = st.text(alphabet, min_size=1, max_size=15).filter(_visible)
    return st.one_of(atoms, wild)


def _is_domain(text: str) -> bool:
    try:
        ascii_domain(text)
    except DomainError:
        return False
    return True


def domains() -> SearchStrategy[str]:
    """Names, international ones, literals."""
    names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[a-z])?(\.[a-z]{2,8}){0,2}", fullmatch=True)
    international = st.sampled_from(
        ["bücher.example", "straße.example", "почта.example", "例え.example", "臺網中心.tw"]
    )
    literals = st.sampled_from(["[192.0.2.1]", "[IPv6:2001:db8::1]"])
    return st.one_of(names, international, literals).filter(_is_domain)


def addresses(*, ascii_local: bool = False) -> SearchStrategy[Address]:
    """Any valid address with any name."""
    names = st.one_of(st.just(""), lines(max_size=30))
    return st.builds(Address, names, local_parts(ascii_only=ascii_local), domains())


def is_assigned(text: str) -> bool:
    """Every character is one the oldest Python knows."""
    return all(unicodedata.category(char) != "Cn" for char in text)
