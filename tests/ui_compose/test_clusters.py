"""One character to a reader is one character to the cursor (UAX #29)."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tuimail.ui.text.cells import wrap
from tuimail.ui.text.graphemes import cluster_after, cluster_before, cluster_start, clusters

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TRICKY = [
    ENGLAND,
    "\U0001f1e9",
    "\u1112",
    "\u1161",
    "\u11ab",
    "क्षि",
    "நி",
    "กำ",
    "ที่",
    "👩🏽\u200d🚀",
    "e\u0301",
    " ",
    "a",
]
LINES = st.lists(st.sampled_from(TRICKY), max_size=12).map("".join)


@pytest.mark.parametrize("text", [each for each in TRICKY if each not in " a"])
def test_what_a_reader_takes_for_one_is_one(text: str) -> None:
    assert list(clusters(text)) == [text]
    line = f"ab {text}c"
    assert cluster_after(line, 3) == 3 + len(text)
    assert cluster_before(line, 3 + len(text)) == 3
    assert {cluster_start(line, column) for column in range(3, 3 + len(text))} == {3}


@given(LINES)
def test_steps_agree_with_the_standard_in_both_directions(line: str) -> None:
    wanted = [0, *(match.end() for match in regex.finditer(r"\X", line))]
    assert "".join(clusters(line)) == line
    forth = [0]
    while forth[-1] < len(line):
        forth.append(cluster_after(line, forth[-1]))
    back = [len(line)]
    while back[-1] > 0:
        back.append(cluster_before(line, back[-1]))
    assert forth == wanted
    assert back[::-1] == wanted
    assert [cluster_start(line, column) for column in wanted] == wanted


@pytest.mark.parametrize(("line", "column"), [("", 0), ("ü", 0), ("ab", 2)])
def test_at_the_ends_of_a_line_nothing_moves(line: str, column: int) -> None:
    assert cluster_after(line, len(line)) == len(line)
    assert cluster_before(line, 0) == 0
    assert cluster_start(line, column) == column


def test_a_word_is_not_broken_inside_a_character() -> None:
    assert wrap("ที่" * 4, 3) == ["ที่" * 3, "ที่"]
    assert wrap(ENGLAND * 2, 1) == [ENGLAND, ENGLAND]


def test_a_letter_with_any_number_of_marks_is_one() -> None:
    text = "a" + "\u0301" * 1000
    assert list(clusters(f"{text}b{text}")) == [text, "b", text]
