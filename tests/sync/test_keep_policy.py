r"""What is kept of a folder, and what makes room for something else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.config.model import KeepPolicy
from tuimail.sync.keep_policy import MARGIN, KeptFile, KeptRoom, policy_for

HEADERS, RECENT, ALL, NONE = KeepPolicy.HEADERS, KeepPolicy.RECENT, KeepPolicy.ALL, KeepPolicy.NONE
ENOUGH = 1 << 50
"""Bytes of a disk with room for everything."""


@pytest.mark.parametrize(
    ("policies", "name", "special", "is_view", "expected"),
    [
        ({}, "INBOX", "", False, RECENT),
        ({}, "Lists", "", False, RECENT),
        ({}, "Spam", "junk", False, NONE),
        ({}, "All Mail", "archive", True, NONE),
        ({"*": HEADERS}, "Lists", "", False, HEADERS),
        ({"*": ALL}, "Spam", "junk", False, NONE),
        ({"*": ALL}, "All Mail", "archive", True, NONE),
        ({"*": NONE}, "INBOX", "", False, HEADERS),
        ({"*": NONE}, "Lists", "", False, NONE),
        ({"*": HEADERS, "Lists": ALL}, "Lists", "", False, ALL),
        ({"lists": ALL}, "Lists", "", False, ALL),
        ({"lists": ALL, "Lists": NONE}, "Lists", "", False, NONE),
        ({"Spam": RECENT}, "Spam", "junk", False, RECENT),
        ({"All Mail": HEADERS}, "All Mail", "", True, HEADERS),
        ({"*": ALL}, "*", "", False, ALL),
    ],
)
def test_the_users_word_then_special_uses_then_the_rest(
    policies: dict[str, KeepPolicy], name: str, special: str, is_view: bool, expected: KeepPolicy
) -> None:
    assert policy_for(policies, name, special, is_view=is_view) is expected


def a_file(number: int, size: int, used: float) -> KeptFile:
    return KeptFile(number, Path(str(number)), size, used)


files = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=20).map(
    lambda found: [a_file(number, size, used) for number, (size, used) in enumerate(found, 1)]
)


@given(files, st.integers(0, 100), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_what_was_opened_longest_ago_goes_and_no_more_than_must(
    kept: list[KeptFile], pinned: int, most: int, free: int, wanted_free: int
) -> None:
    room = KeptRoom(kept, pinned, most=most, free=wanted_free)
    going = room.surplus(free)
    left = [each for each in kept if each not in going]
    assert room.total == pinned + sum(each.size for each in left)
    assert all(gone.used <= stays.used for gone in going for stays in left)
    freed = sum(each.size for each in going)
    assert not left or (room.total <= most and free + freed >= wanted_free)
    if going:
        before = freed - going[-1].size
        assert room.total + going[-1].size > most or free + before < wanted_free, "the last one had to go as well"


@given(
    files,
    st.integers(0, 100),
    st.integers(1, 300),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 30)), max_size=9),
)
def test_room_is_made_by_what_is_worth_less_and_never_exceeded(
    kept: list[KeptFile], pinned: int, most: int, arriving: list[tuple[int, int]]
) -> None:
    room = KeptRoom(kept, pinned, most=most)
    gone = room.surplus(ENOUGH)
    model = {each.message: each for each in kept if each not in gone}
    for number, (size, arrived) in enumerate(arriving, 1000):
        before = room.total
        going = room.make(size, arrived, ENOUGH)
        assert going is None or room.total + size <= most
        if going is None:
            assert room.total == before
            worth_less = sum(each.size for each in model.values() if each.used < arrived)
            assert before - worth_less + size > most, "there would have been room"
            continue
        assert all(each.used < arrived for each in going)
        for each in going:
            del model[each.message]
        model[number] = a_file(number, size, arrived)
        room.add(size, model[number])
        assert room.total == pinned + sum(each.size for each in model.values()) <= most


def test_the_disk_is_left_to_others_even_if_there_is_room_in_the_account() -> None:
    room = KeptRoom([a_file(1, 50, 0.0)], 0, most=1000, free=100)
    assert room.make(10, 1.0, 100 + MARGIN + 9) is None
    assert room.make(10, 1.0, 100 + MARGIN + 10) == []
    assert room.total == 50


def test_many_files_take_no_more_than_their_number() -> None:
    def seconds(count: int) -> float:
        kept = [a_file(number, 1, float(number * 7919 % count)) for number in range(count)]
        begun = time.process_time()
        room = KeptRoom(kept, 0, most=count)
        for number in range(count):
            for _ in room.make(1, count + number, ENOUGH) or ():
                pass
            room.add(1, a_file(count + number, 1, float(count + number)))
        return time.process_time() - begun

    small, large = min(seconds(2000) for _ in range(3)), min(seconds(4000) for _ in range(3))
    assert large < 4 * small + 0.05
