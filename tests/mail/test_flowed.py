"""Paragraphs survive the way through soft breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail import flowed
from tuimail.mail.message_id import make_message_id

PIECES = [
    "word ",
    "longer-word ",
    "> ",
    ">",
    " ",
    "-- ",
    "--",
    "From ",
    "\n",
    "\n\n",
    "x" * 90,
    "你好 ",
    "é",
    ".",
    "\t",
]


def texts() -> st.SearchStrategy[str]:
    free = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=200)
    return st.one_of(free, st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


def kept(text: str) -> str:
    """Without the trailing spaces that the format cannot keep."""

    def line_kept(line: str) -> str:
        content = line.lstrip(">")
        if content == "-- " or (content == " -- " and line != content):
            return line
        return line.rstrip(" ")

    return "\n".join(map(line_kept, text.split("\n")))


@given(texts())
def test_paragraphs_survive(text: str) -> None:
    assert flowed.decode(flowed.encode(text)) == kept(text)


@given(texts(), st.integers(20, 100))
def test_lines_are_short_where_there_are_spaces(text: str, width: int) -> None:
    for line in flowed.encode(text, width=width).split("\n"):
        # Blanks before a break hang over the edge, as in every editor.
        assert len(line.rstrip(" ")) <= width or " " not in line.strip("> ").removeprefix("-- ")


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("", ""),
        ("a " * 40 + "end", "a " * 39 + "\n" + "a end"),
        (" indented", "  indented"),
        ("From me", " From me"),
        ("> quoted", "> quoted"),
        (">> " + "deep " * 20, ">> " + "deep " * 15 + "\n>> deep deep deep deep deep"),
        ("bye\n-- \nAda", "bye\n-- \nAda"),
        ("trailing   ", "trailing"),
    ],
)
def test_as_it_goes_on_the_wire(text: str, wire: str) -> None:
    assert flowed.encode(text) == wire


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("one \ntwo \nthree\nnext", "one two three\nnext"),
        ("> a \n> b\n>> c \n> d", "> a b\n>> c\n> d"),
        ("text \n-- \nsig", "text\n-- \nsig"),
        ("> q \n> -- \n> s", "> q\n> -- \n> s"),
        ("last line flows ", "last line flows"),
    ],
)
def test_letters_of_others(wire: str, text: str) -> None:
    assert flowed.decode(wire) == text


def test_delsp_takes_the_space_away() -> None:
    assert flowed.decode("你 \n好", delete_space=True) == "你好"


def test_a_message_id_says_nothing_about_the_machine() -> None:
    one, two = make_message_id("bücher.example"), make_message_id("bücher.example")
    assert one != two
    left, _, right = one.strip("<>").partition("@")
    assert right == "xn--bcher-kva.example"
    assert len(left) == 32
    assert not set(left) - set("0123456789abcdef")
