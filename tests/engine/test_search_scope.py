"""Where a search looks, as it is typed before the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.engine.search_scope import SearchScope, read_scope, typed_scope
from tuimail.errors import UsageError

PLACES = [
    ("work", "INBOX"),
    ("work", "Lists/Rust"),
    ("work", "Junk"),
    ("home", "INBOX"),
    ("home", "My letters"),
    ("home", "Lists/Python"),
]


@pytest.mark.parametrize(
    ("typed", "scope"),
    [
        ("minutes", SearchScope("minutes")),
        ("  ~f kim in:work ", SearchScope("~f kim in:work")),
        ("in:work minutes", SearchScope("minutes", ("work",))),
        ("IN:Work in:junk a b", SearchScope("a b", ("work",), ("Junk",))),
        ("in:work/inbox x", SearchScope("x", ("work",), ("INBOX",))),
        ("in:rust ~U", SearchScope("~U", (), ("Lists/Rust",))),
        ('in:"my letters" x', SearchScope("x", (), ("My letters",))),
        ('in:"My letters"x', SearchScope('in:"My letters"x')),
        ("in:home in:home x", SearchScope("x", ("home",))),
        ("in:work", SearchScope("", ("work",))),
        ("inside", SearchScope("inside")),
    ],
)
def test_places_stand_before_the_words(typed: str, scope: SearchScope) -> None:
    assert read_scope(typed, PLACES) == scope


@pytest.mark.parametrize(
    ("typed", "said"), [("in:nowhere x", "no account or folder"), ("in:lists x", "Several folders")]
)
def test_a_place_that_is_not_there_is_an_error_with_those_that_are(typed: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        read_scope(typed, PLACES)
    assert "Lists/Rust" in raised.value.hint


@given(
    st.lists(st.sampled_from(["work", "home"]), unique=True, max_size=2),
    st.lists(st.sampled_from([folder for _, folder in PLACES]), unique=True, max_size=3),
)
def test_what_was_read_is_typed_the_same_way_again(accounts: list[str], folders: list[str]) -> None:
    typed = typed_scope(accounts, folders) + "words"
    assert read_scope(typed, PLACES) == SearchScope("words", tuple(accounts), tuple(folders))
