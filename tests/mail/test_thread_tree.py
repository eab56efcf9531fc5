"""The lines of a thread: whatever is missing, doubled or a lie, each message stands there once."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.thread_tree import BRANCH, DEPTH_DRAWN, LAST_BRANCH, NO_TRUNK, TRUNK, ThreadLine, thread_lines

if TYPE_CHECKING:
    import random


class Message(NamedTuple):
    id: int
    message_id: str
    refs: str = ""
    date: float = 0


def drawn(*messages: Message) -> list[str]:
    return [f"{line.branch}{line.message.message_id or line.message.id}" for line in thread_lines(messages)]


def test_answers_stand_below_what_they_answer_by_date() -> None:
    messages = [
        Message(5, "e", "a d", 50),
        Message(1, "a", "", 10),
        Message(4, "d", "a", 20),
        Message(2, "b", "a", 30),
        Message(3, "c", "a b", 40),
        Message(6, "f", "a b", 60),
        Message(7, "g", "a d e", 70),
    ]
    expected = [
        "a",
        "├─>d",
        "│ └─>e",
        "│   └─>g",
        "└─>b",
        "  ├─>c",
        "  └─>f",
    ]
    assert drawn(*messages) == expected
    lines = thread_lines(messages)
    assert [line.depth for line in lines] == [0, 1, 2, 3, 1, 2, 2]
    assert [line.parent for line in lines] == [None, 0, 1, 2, 0, 4, 4]
    assert not any(line.missing or line.duplicate for line in lines)


def test_what_others_say_of_a_message_without_references_counts() -> None:
    assert drawn(Message(1, "a", "", 1), Message(2, "b", "", 2), Message(3, "c", "a b", 3)) == ["a", "└─>b", "  └─>c"]


def test_what_a_message_says_itself_counts_more() -> None:
    messages = (Message(1, "a", "", 1), Message(2, "b", "a", 2), Message(3, "c", "a", 3), Message(4, "d", "a c b", 4))
    assert drawn(*messages) == ["a", "├─>b", "│ └─>d", "└─>c"]


def test_missing_parents() -> None:
    lines = thread_lines([Message(2, "c", "a b", 2), Message(3, "d", "a b", 3), Message(1, "a", "", 1)])
    assert [(line.message.message_id, line.depth, line.parent, line.missing) for line in lines] == [
        ("a", 0, None, False),
        ("c", 1, 0, True),
        ("d", 1, 0, True),
    ]
    lines = thread_lines([Message(1, "b", "a", 1), Message(2, "c", "x a b", 2), Message(3, "d", "a", 3)])
    assert [(line.message.message_id, line.depth, line.parent, line.missing) for line in lines] == [
        ("b", 0, None, True),
        ("c", 1, 0, False),
        ("d", 0, None, True),
    ]


@pytest.mark.parametrize(
    ("messages", "lines"),
    [
        ([], []),
        ([Message(1, "")], ["1"]),
        ([Message(1, "a", "a a")], ["a"]),
        ([Message(1, "a", "b", 1), Message(2, "b", "a", 2)], ["a", "└─>b"]),
        ([Message(1, "a", "b", 2), Message(2, "b", "a", 1)], ["b", "└─>a"]),
        ([Message(1, "a", "c", 1), Message(2, "b", "a", 2), Message(3, "c", "b", 3)], ["a", "└─>b", "  └─>c"]),
        ([Message(1, "a", "x y", 1), Message(2, "b", "y x", 2)], ["a", "b"]),
        ([Message(1, "a", "x b", 1), Message(2, "b", "x a", 2), Message(3, "x", "", 3)], ["x", "└─>a", "  └─>b"]),
        ([Message(1, "", "a", 1), Message(2, "", "a", 2), Message(3, "a", "", 0)], ["a", "├─>1", "└─>2"]),
    ],
)
def test_circles_and_nothing(messages: list[Message], lines: list[str]) -> None:
    assert drawn(*messages) == lines


def test_a_copy_stands_below_the_first() -> None:
    lines = thread_lines([Message(1, "a", "", 1), Message(2, "a", "a b", 2), Message(3, "c", "a", 3)])
    assert [(line.message.id, line.depth, line.duplicate) for line in lines] == [
        (1, 0, False),
        (2, 1, True),
        (3, 1, False),
    ]


def test_only_the_last_references_are_used() -> None:
    refs = " ".join(["a", *(f"x{each}" for each in range(19)), "b"])
    assert drawn(Message(1, "a", "", 1), Message(2, "c", refs, 2)) == ["a", "c"]
    assert drawn(Message(1, "a", "", 1), Message(2, "c", refs.removesuffix(" b"), 2)) == ["a", "└─>c"]


def test_what_is_too_deep_is_drawn_below_the_last_level() -> None:
    chain = [Message(each, f"m{each}", f"m{each - 1}" if each else "", each) for each in range(16)]
    lines = thread_lines([*chain, Message(99, "z", "m12", 99)])
    assert [line.depth for line in lines] == [*range(16), 13]
    assert [len(line.branch) for line in lines] == [0, *(2 * depth + 1 for depth in range(1, 13)), 25, 25, 25, 25]
    assert [line.branch[-3:] for line in lines[12:]] == [BRANCH, BRANCH, BRANCH, BRANCH, LAST_BRANCH]


NAMES = st.sampled_from(["", "a", "b", "c", "d", "e"])
THREADS = st.lists(
    st.tuples(NAMES, st.lists(st.sampled_from("abcdexyz"), max_size=4).map(" ".join), st.integers(0, 3)), max_size=9
).map(lambda rows: [Message(number, *row) for number, row in enumerate(rows)])


def _is_a_tree(lines: list[ThreadLine[Message]]) -> None:
    for index, line in enumerate(lines):
        if line.parent is None:
            assert line.depth == 0
        else:
            assert line.parent < index
            assert line.depth == lines[line.parent].depth + 1
            # Between a parent and its answer stands only what is below the parent.
            assert all(each.depth > lines[line.parent].depth for each in lines[line.parent + 1 : index])


@given(THREADS, st.randoms(use_true_random=False))
def test_any_thread(messages: list[Message], chance: random.Random) -> None:
    lines = thread_lines(messages)
    assert sorted(line.message for line in lines) == sorted(messages)
    _is_a_tree(lines)
    siblings: dict[int | None, list[tuple[float, int]]] = {}
    for line in lines:
        siblings.setdefault(line.parent, []).append((line.message.date, line.message.id))
    assert all(each == sorted(each) for each in siblings.values())
    shuffled = messages[:]
    chance.shuffle(shuffled)
    assert thread_lines(shuffled) == lines


@given(THREADS)
def test_trunks_lead_to_branches(messages: list[Message]) -> None:
    """What goes on below a cell goes on to a branch, and nothing hangs in the air."""
    assert {TRUNK[0], BRANCH[0], LAST_BRANCH[0], NO_TRUNK[0]} == set("│├└ ")
    lines = thread_lines(messages)
    for above, line in pairwise(lines):
        for level in range(1, 10):
            begins = above.depth == level - 1 == line.depth - 1
            goes_on = cell(above, level) in ("│", "├")
            assert (cell(line, level) in ("│", "├", "└")) is (goes_on or begins)
    assert not lines or not set("│├") & {cell(lines[-1], level) for level in range(1, 10)}


def cell(line: ThreadLine[Message], level: int) -> str:
    return line.branch[2 * level - 2 : 2 * level - 1] if level <= line.depth else ""


@pytest.mark.parametrize("shape", ["chain", "star", "circle", "missing", "copies"])
def test_ten_thousand_messages(shape: str) -> None:
    count = 10_000

    def refs(number: int) -> str:
        return {
            "chain": " ".join(f"m{each}" for each in range(max(0, number - 20), number)),
            "star": "m0",
            "circle": f"m{(number + 1) % count}",
            "missing": " ".join(f"x{each}" for each in range(number, number + 20)),
            "copies": "m0",
        }[shape]

    messages = [
        Message(number, "m0" if shape == "copies" else f"m{number}", refs(number), number) for number in range(count)
    ]
    start = time.process_time()
    lines = thread_lines(messages)
    took = time.process_time() - start
    assert len(lines) == count
    assert max(len(line.branch) for line in lines) <= 2 * DEPTH_DRAWN + 1
    assert took < 3
    _is_a_tree(lines[:100])
