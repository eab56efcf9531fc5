"""Modified UTF-7, by the examples of RFC 3501 and any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mailboxes.mailbox_names import decode_name, encode_name


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("INBOX", "INBOX"),
        ("Tom & Jerry", "Tom &- Jerry"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("Gelöschte Objekte", "Gel&APY-schte Objekte"),
        ("Post 📬", "Post &2D3c7A-"),
        ("", ""),
    ],
)
def test_known_names(name: str, encoded: str) -> None:
    assert encode_name(name) == encoded
    assert decode_name(encoded) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_name_comes_back(name: str) -> None:
    encoded = encode_name(name)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert decode_name(encoded) == name


@pytest.mark.parametrize("name", ["&", "&x", "a&b", "&A-", "&2D0-", "R&D", "Entwürfe"])
def test_what_is_no_modified_utf7_stays(name: str) -> None:
    assert decode_name(name) == name.replace("&-", "&")


@given(st.text(max_size=60))
def test_nothing_raises(name: str) -> None:
    decode_name(name)
