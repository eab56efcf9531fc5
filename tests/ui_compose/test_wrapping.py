"""Wrapping: nothing is lost, no row is too wide, the quick way and Textual's own live together."""

from __future__ import annotations

from itertools import pairwise
from typing import NoReturn

from hypothesis import given
from hypothesis import strategies as st
from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument

from tuimail.ui.text.long_lines import (
    LONGEST_LINE,
    break_long_lines,
    mend_long_lines,
    plain_offsets,
)
from tuimail.ui.text.typed_text import clean_line, clean_text
from tuimail.ui.textual_text_area import QuickWrappedDocument

TEXTS = st.text(alphabet=st.sampled_from("ab  \t\n\u65e5e\u0301\U0001f44d"), max_size=200)


@given(st.text(alphabet="ab ", max_size=300), st.integers(1, 40))
def test_plain_rows_fit_and_are_the_whole_line(line: str, width: int) -> None:
    offsets = [0, *plain_offsets(line, width), len(line)]
    rows = [line[a:b] for a, b in pairwise(offsets)]
    assert "".join(rows) == line
    assert all(len(row) <= width for row in rows)


@given(TEXTS, st.integers(2, 40))
def test_every_row_is_found_again(text: str, width: int) -> None:
    document = QuickWrappedDocument(Document(text), width)
    assert ["".join(sections) for sections in document.lines] == text.split("\n")
    assert document.height == sum(len(sections) for sections in document.lines)
    for index, rows in enumerate(document._line_index_to_offsets):
        for section, row in enumerate(rows):
            assert document._offset_to_line_info[row] == (index, section)


@given(TEXTS, st.lists(st.tuples(*[st.integers(0, 30)] * 4, TEXTS), max_size=8), st.integers(2, 40))
def test_the_height_is_right_after_edits(text: str, edits: list[tuple[int, int, int, int, str]], width: int) -> None:
    document = QuickWrappedDocument(Document(text), width)
    for first_row, first_column, last_row, last_column, new in edits:
        lines = document.document.lines
        rows = (min(row, len(lines) - 1) for row in (first_row, last_row))
        columns = (first_column, last_column)
        start, end = sorted((row, min(column, len(lines[row]))) for row, column in zip(rows, columns, strict=True))
        result = document.document.replace_range(start, end, new)
        document.wrap_range(start, end, result.end_location)
        assert document.height == sum(len(sections) for sections in document.lines)


class Unread(list[list[int]]):
    """A list that must not be gone through."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("every line was looked at")


def test_the_height_is_known_without_looking_at_every_line() -> None:
    document = QuickWrappedDocument(Document("one\ntwo"), 40)
    document._wrap_offsets = Unread(document._wrap_offsets)
    assert document.height == 2


@given(st.lists(st.text(alphabet="ab", max_size=9), max_size=60), st.integers(10, 40))
def test_words_wrap_as_textual_wraps_them(words: list[str], width: int) -> None:
    text = " ".join(filter(None, words))
    assert QuickWrappedDocument(Document(text), width).lines == WrappedDocument(Document(text), width).lines


@given(st.lists(st.integers(0, 3 * LONGEST_LINE), max_size=4), st.sampled_from(["x", "word ", "\u65e5", "  "]))
def test_breaking_long_lines_can_be_undone(lengths: list[int], unit: str) -> None:
    text = "\n".join((unit * length)[:length] for length in lengths)
    broken = break_long_lines(text)
    assert all(len(line) <= LONGEST_LINE + 1 for line in broken.split("\n"))
    assert mend_long_lines(broken) == text


@given(st.text())
def test_clean_text_has_one_kind_of_line_end_and_stays_as_it_is(text: str) -> None:
    clean = clean_text(text)
    assert clean.splitlines() == clean.removesuffix("\n").split("\n") or clean in ("", "\n")
    assert clean_text(clean) == clean
    clean.encode()


@given(st.text())
def test_a_field_takes_one_line(text: str) -> None:
    clean = clean_line(text, joint=", ")
    assert len(clean.splitlines()) <= 1
    assert clean_line(clean, joint=", ") == clean
