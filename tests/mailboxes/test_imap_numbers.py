"""Sets of uids: read as they were written, split, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mailboxes.imap_numbers import MOST_UIDS, TOP_UID, compact, expand, number, read_set, uid_of, write_sets
from tuimail.mailboxes.imap_wire import ImapSyntaxError

UIDS = st.integers(1, TOP_UID)


@given(st.lists(st.one_of(UIDS, st.integers(1, 60)), max_size=80), st.integers(10, 200))
def test_what_is_written_names_the_same_messages(uids: list[int], most: int) -> None:
    sets = write_sets(uids, most)
    assert [uid for each in sets for uid in expand(read_set(each.encode()))] == sorted(set(uids))
    assert all(len(each) <= max(most, 21) for each in sets)


def test_thousands_of_uids_are_written_compactly() -> None:
    assert write_sets(range(1, 100_001)) == ["1:100000"]
    assert write_sets([]) == []
    sets = write_sets(range(1, 200_000, 2))
    assert all(len(each) <= 8000 for each in sets)
    assert sum(each.count(",") + 1 for each in sets) == 100_000


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        (b"3", ((3, 3),)),
        (b"7:9,3", ((7, 9), (3, 3))),
        (b"9:7", ((7, 9),)),
        (b"", ()),
        (b"1:4294967295", ((1, TOP_UID),)),
    ],
)
def test_sets_are_read(text: bytes, ranges: tuple[tuple[int, int], ...]) -> None:
    assert read_set(text) == ranges


@pytest.mark.parametrize("text", [b"*", b"1:*", b"0", b"4294967296", b"x", b"1,,2", b"1:2:3", b"-1", b"9" * 5000])
def test_sets_that_are_none_are_refused(text: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        read_set(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_set_or_an_error(text: bytes) -> None:
    try:
        ranges = read_set(text)
    except ImapSyntaxError:
        return
    assert all(0 < first <= last <= TOP_UID for first, last in ranges)


def test_an_expanded_set_is_bounded() -> None:
    with pytest.raises(ImapSyntaxError):
        expand([(1, TOP_UID)])
    with pytest.raises(ImapSyntaxError):
        expand([(1, 10), (1, 10)], 19)
    assert len(expand([(1, MOST_UIDS)])) == MOST_UIDS
    assert compact([5, 3, 4, 9, 3]) == ((3, 5), (9, 9))


def test_numbers() -> None:
    assert [number(each) for each in (b"18446744073709551615", b"9" * 21, b"x", None)] == [2**64 - 1, None, None, None]
    assert (uid_of(b"0"), uid_of(b"4294967295"), uid_of(b"4294967296"), uid_of([])) == (None, TOP_UID, None, None)
