"""Justifying: which lines belong together, and how they are filled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose.justify import FILL_COLUMN, Justified, justify, quote_depth
from tuimail.mail.text import cells


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("a\nb\n\nc", 0, Justified(0, 2, ("a b",))),
        ("a\nb\n\nc", 1, Justified(0, 2, ("a b",))),
        ("a\nb\n\nc", 2, Justified(3, 4, ("c",))),
        ("", 0, None),
        ("a\n\n \n", 1, None),
        ("a  b\n  c", 0, Justified(0, 1, ("a b",))),
        ("- one\n- two\nmore\n- three", 2, Justified(1, 3, ("- two more",))),
        ("1. one\nmore", 0, Justified(0, 2, ("1. one more",))),
        ("text\n> quoted\n> more\nreply", 2, Justified(1, 3, ("> quoted more",))),
        (">> deep\n> less", 0, Justified(0, 1, ("> > deep",))),
        ("text\n-- \nAda", 0, Justified(0, 1, ("text",))),
        ("-- \nAda", 0, None),
        ("> a\n>\n> b", 0, Justified(0, 1, ("> a",))),
    ],
)
def test_the_paragraph_at_a_line(text: str, row: int, expected: Justified | None) -> None:
    assert justify(text.split("\n"), row) == expected


def test_a_quote_is_filled_with_its_mark_on_every_line() -> None:
    filled = justify(["> " + "word " * 30, "> end"], 0)
    assert filled is not None
    assert len(filled.lines) == 3
    assert all(line.startswith("> ") and len(line) <= FILL_COLUMN for line in filled.lines)


def test_wide_characters_count_twice() -> None:
    filled = justify(["> " + "\u65e5\u672c " * 30], 0)
    assert filled is not None
    assert max(map(cells, filled.lines)) <= FILL_COLUMN


@given(st.lists(st.text(alphabet="ab >-1. \u65e5", max_size=30), max_size=8), st.integers(0, 7))
def test_words_are_kept_and_justifying_again_changes_nothing(lines: list[str], row: int) -> None:
    lines = lines or [""]
    row = min(row, len(lines) - 1)
    filled = justify(lines, row)
    if filled is None:
        return

    def words(some: list[str]) -> list[str]:
        return "".join(
            line[len(line) - len(line.lstrip("> ")) :] if line.startswith(">") else line for line in some
        ).split()

    assert 0 <= filled.first < filled.last <= len(lines)
    assert "".join(words(list(filled.lines))) == "".join(words(lines[filled.first : filled.last]))
    after = [*lines[: filled.first], *filled.lines, *lines[filled.last :]]
    again = justify(after, filled.first)
    assert again is not None
    assert quote_depth(again.lines[0]) == quote_depth(filled.lines[0])
    assert again.lines == filled.lines
