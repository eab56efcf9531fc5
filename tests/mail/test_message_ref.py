"""An id survives a shell and the loss of the cache, and says what it names."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.errors import UsageError
from tuimail.mail.message_ref import LONGEST, MessageRef, parse_message_ref

PARTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.builds(MessageRef, PARTS, PARTS, PARTS))
def test_an_id_is_read_back(ref: MessageRef) -> None:
    assert parse_message_ref(str(ref)) == ref


@given(st.builds(MessageRef, PARTS, PARTS, PARTS))
def test_an_id_is_one_word_in_a_shell(ref: MessageRef) -> None:
    assert shlex.split(str(ref)) == [str(ref)]
    assert shlex.quote(str(ref)) == str(ref)


def test_it_can_be_read_by_people() -> None:
    assert str(MessageRef("work", "Lists/Rust", "1700000000.M1P2.host")) == "work:Lists/Rust:1700000000.M1P2.host"
    assert str(MessageRef("work", "Gelöscht: alt", "7.12")) == "work:Gel%C3%B6scht%3A%20alt:7.12"


@pytest.mark.parametrize(
    "text", ["", "work", "work:INBOX", "a:b:c:d", "a::c", "a:b c:d", "a:%zz:c", "a:%FF:c", "a:%c3%b6:c"]
)
def test_anything_else_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(UsageError, match="not the id of a message"):
        parse_message_ref(text)


def test_an_endless_one_is_refused_at_once() -> None:
    with pytest.raises(UsageError):
        parse_message_ref("a:" + "b" * LONGEST + ":c")
