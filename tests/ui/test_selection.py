"""What is selected of a text: the pure part, and the cells of a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.ui.reading import message
from tuimail.engine.message_reader import read_message
from tuimail.ui.text.graphemes import clusters
from tuimail.ui.text.selection import (
    SelectableLine,
    Stretch,
    TextPlace,
    TextSelection,
    character_at,
    whole_line,
    without,
    word_at,
)
from tuimail.ui.views.message_page import PageLine, PageOptions, page_lines
from tuimail.ui.views.page_layout import PageLayout

TEXTS = st.lists(st.text("ab >漢e\u0301é👍🏽 ", max_size=12), min_size=1, max_size=6)


@st.composite
def selections(draw: st.DrawFn) -> tuple[list[str], TextSelection]:
    texts = draw(TEXTS)
    ends = []
    for _ in range(2):
        line = draw(st.integers(0, len(texts) - 1))
        ends.append(character_at(line, texts[line], draw(st.integers(0, len(texts[line])))))
    return texts, TextSelection(ends[0], ends[1])


def texts_of(selection: TextSelection, texts: list[str]) -> str:
    return "\n".join(selection.texts(lambda index: SelectableLine(texts[index])))


def offset(texts: list[str], place: TextPlace) -> int:
    return sum(len(each) + 1 for each in texts[: place.line]) + place.character


@given(selections())
def test_the_selected_text_is_what_lies_between_its_ends(given: tuple[list[str], TextSelection]) -> None:
    texts, selection = given
    whole = "\n".join(texts)
    first, last = offset(texts, selection.start), offset(texts, selection.end)
    assert first <= last
    assert texts_of(selection, texts) == whole[first:last]
    # Where selecting began makes no difference, and characters are never cut in two.
    assert texts_of(TextSelection(selection.head, selection.anchor), texts) == whole[first:last]
    assert {first, last} <= {0, len(whole)} | {
        offset(texts, TextPlace(line, len("".join(list(clusters(text))[:count]))))
        for line, text in enumerate(texts)
        for count in range(len(text) + 1)
    }


@given(selections())
def test_what_is_drawn_as_selected_is_what_is_selected(given: tuple[list[str], TextSelection]) -> None:
    texts, selection = given
    spans = [selection.span(line, len(text)) for line, text in enumerate(texts)]
    drawn = [text[span[0] : span[1]] for text, span in zip(texts, spans, strict=True) if span is not None]
    assert "\n".join(drawn) == texts_of(selection, texts)


@given(TEXTS, st.data())
def test_whole_lines_reach_as_far_as_they_were_extended(texts: list[str], data: st.DataObject) -> None:
    at, to, other = (data.draw(st.integers(0, len(texts) - 1)) for _ in range(3))
    start = whole_line(at, texts[at])
    selection = TextSelection(start, start, by_lines=True).extended(whole_line(other, texts[other]))
    selection = selection.extended(whole_line(to, texts[to]))
    first, last = min(at, to), max(at, to)
    assert selection.lines == last - first + 1
    assert texts_of(selection, texts) == "\n".join(texts[first : last + 1])


HOLES = st.lists(st.integers(0, 30), unique=True, max_size=8).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair))), HOLES)
def test_holes_are_cut_out(span: tuple[int, int], holes: list[tuple[int, int]]) -> None:
    cut = {at for start, end in holes for at in range(start, end)}
    left = [at for start, end in without(span, holes) for at in range(start, end)]
    assert left == [at for at in range(*span) if at not in cut]


def test_lines_that_are_not_of_the_text_are_left_out_of_a_quotation() -> None:
    lines = [SelectableLine("From Ada", own=False), SelectableLine("see [1] it", ((4, 8),)), SelectableLine("")]
    selection = TextSelection(whole_line(0, lines[0].text), whole_line(2, ""))
    assert list(selection.texts(lines.__getitem__)) == ["From Ada", "see it", ""]
    assert list(selection.texts(lines.__getitem__, own=True)) == ["see it", ""]


@pytest.mark.parametrize(
    ("text", "under", "word"),
    [
        ("one two, three", "wo", "two"),
        ("one two, three", ", t", ","),
        ("(see https://a.example/x?y=1).", "ample", "https://a.example/x?y=1"),
        ('"Ada" <ada@example.org>', "@", "ada@example.org"),
        ("a   b", "  b", "   "),
        ("> quoted", ">", ">"),
        ("漢字とかな 漢字", "と", "漢字とかな"),
        ("last", "", "last"),
    ],
)
def test_a_word_is_without_what_is_around_it(text: str, under: str, word: str) -> None:
    start, end = word_at(0, text, text.index(under))
    assert text[start.character : end.character] == word


def test_behind_the_end_there_is_no_word() -> None:
    assert word_at(3, "word", 4) == Stretch(TextPlace(3, 4), TextPlace(3, 4))


def test_only_numbers_that_were_put_behind_links_are_told_apart() -> None:
    written = "https://a.example/x, [1] https://a.example/x and https://b.example/y."
    read = read_message(message("S", f"{written}\nplain [1]"))
    assert read.lines[0].text.count("[1]") == 3
    assert read.lines[0].text.count("[2]") == 1
    for line, words in ((0, written), (1, "plain [1]")):
        shown = read.lines[line].text
        left = without((0, len(shown)), read.numbers.get(line, ()))
        assert "".join(shown[start:end] for start, end in left) == words


# -- the cells of a page
WORDS = "wide 漢字かな and e\u0301 flags 🇩🇪 " * 9


@pytest.mark.parametrize("width", [20, 40, 80])
def test_every_cell_of_a_page_finds_the_character_drawn_on_it(width: int) -> None:
    read = read_message(message("S", f"plain\n>> {WORDS}\n{WORDS}\n\n" + "> long quote\n" * 20))
    layout = PageLayout(page_lines(read, PageOptions(), now=0), width, lambda _line: ())
    for row in range(len(layout)):
        cell, index = 0, layout.line_at(row)
        line = layout.lines[index]
        whole = line.lead + line.text
        drawn = "".join(span.text for span in layout[row]).removesuffix(line.note).rstrip()
        found = []
        for cluster in clusters(drawn):
            for each in range(cell_len(cluster)):
                stretch = layout.character_at(row, cell + each)
                assert stretch.start.line == index
                there = whole[stretch.start.character : stretch.end.character]
                again = row > layout.first_row(index) and cell < 1 + cell_len(line.again)
                assert there == cluster or cell == 0 or again or cluster == "…"
                found.append(stretch)
            cell += cell_len(cluster)
        assert found == sorted(found)
        beside = layout.character_at(row, width + 5)
        assert beside.start == beside.end


def test_the_same_text_has_the_same_places_however_narrow_it_is() -> None:
    lines = [PageLine("text", lead="a very long name of a field: ", again="    ")]
    wide, narrow = (PageLayout(lines, width, lambda _line: ()) for width in (80, 40))
    assert not narrow.lines[0].lead
    assert wide.character_at(0, 1 + 29).start == narrow.character_at(0, 1 + 29).start == TextPlace(0, 29)
