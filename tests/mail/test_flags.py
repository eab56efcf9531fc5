"""Flags in their notations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail import flags
from tuimail.mail.flags import MessageFlags, flag_named, from_maildir, from_wire, to_maildir, to_wire


@pytest.mark.parametrize(
    ("wire", "bits", "keywords"),
    [
        (b"", 0, ""),
        (b"\\Seen", 1, ""),
        (b"\\SEEN \\answered \\Recent", 3, ""),
        (b"$Forwarded $Junk Work $Junk", 32, "$Junk Work"),
        (b"\\*", 0, ""),
        (b"\xff", 0, "\ufffd"),
    ],
)
def test_from_wire(wire: bytes, bits: int, keywords: str) -> None:
    assert from_wire(wire) == (bits, keywords)


def test_only_so_many_keywords_are_kept() -> None:
    _, keywords = from_wire(b" ".join(b"k%d" % n for n in range(1000)) + b" " + b"x" * 1000)
    assert len(keywords.split()) == flags.MOST_KEYWORDS


def test_maildir() -> None:
    assert from_maildir("RSxQ") == MessageFlags.ANSWERED | MessageFlags.SEEN
    assert to_maildir(63) == "DFPRST"


@given(st.integers(0, 63))
def test_there_and_back(bits: int) -> None:
    assert from_wire(to_wire(bits, "Work").encode()) == (bits, "Work")
    assert from_maildir(to_maildir(bits)) == bits


@given(st.binary(max_size=60))
def test_nothing_raises(wire: bytes) -> None:
    bits, keywords = from_wire(wire)
    assert from_wire(to_wire(bits, keywords).encode("ascii", "replace"))[0] == bits


@pytest.mark.parametrize(("name", "flag"), [("seen", 1), ("forwarded", 32), ("Seen", None), ("x", None), ("", None)])
def test_names(name: str, flag: int | None) -> None:
    assert flag_named(name) == flag
