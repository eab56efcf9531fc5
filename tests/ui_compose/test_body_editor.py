"""The letter's text: pine's editing keys, long lines, hostile pastes, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.app import App

from tuimail.ui.text.long_lines import LONGEST_LINE, SOFT_BREAK
from tuimail.ui.widgets.body_editor import BodyEditor

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Alone(App[None], inherit_bindings=False):
    """A body and nothing else."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.body = BodyEditor(text)
        self.left: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.body

    def move(self, step: int) -> None:
        self.left.append(step)


MOVEMENTS = [
    ((0, 2), "ctrl+a", (0, 0)),
    ((0, 2), "home", (0, 0)),
    ((0, 2), "ctrl+e", (0, 8)),
    ((0, 2), "end", (0, 8)),
    ((0, 2), "ctrl+b", (0, 1)),
    ((0, 2), "left", (0, 1)),
    ((0, 2), "ctrl+f", (0, 3)),
    ((0, 2), "right", (0, 3)),
    ((1, 2), "ctrl+p", (0, 2)),
    ((1, 2), "up", (0, 2)),
    ((0, 2), "ctrl+n", (1, 2)),
    ((0, 2), "down", (1, 2)),
    ((0, 0), "ctrl+@", (0, 3)),
    ((0, 0), "ctrl+right", (0, 3)),
    ((0, 8), "ctrl+left", (0, 4)),
    ((0, 2), "ctrl+end", (2, 4)),
    ((2, 2), "ctrl+home", (0, 0)),
    ((0, 2), "pagedown", (2, 2)),
    ((2, 2), "pageup", (0, 2)),
]
"""Where the cursor is, a key, where it is then."""


async def test_pines_movements() -> None:
    app = Alone("one four\nfive six\nlast")
    async with app.run_test() as pilot:
        app.body.focus()
        for start, key, expected in MOVEMENTS:
            app.body.move_cursor(start)
            await pilot.press(key)
            assert app.body.cursor_location == expected, f"{key} at {start}"
            assert app.body.text == "one four\nfive six\nlast"


TYPING = [
    (["ctrl+d"], "on four"),
    (["delete"], "on four"),
    (["backspace"], "oe four"),
    (["x"], "onxe four"),
    (["enter"], "on\ne four"),
    (["tab"], "on  e four"),
    (["alt+x"], "one four"),
    (["alt+q", "alt+1"], "one four"),
]
"""Keys before the third letter of "one four" -> the text."""


async def test_typing_and_deleting() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.body.focus()
        for keys, expected in TYPING:
            app.body.load_text("one four")
            app.body.move_cursor((0, 2))
            await pilot.press(*keys)
            assert app.body.text == expected, keys


async def test_up_on_the_first_row_leaves_the_body() -> None:
    app = Alone("one\ntwo")
    async with app.run_test() as pilot:
        app.body.focus()
        app.body.move_cursor((1, 0))
        await pilot.press("up")
        assert app.left == []
        await pilot.press("up")
        assert app.left == [-1]


async def test_lines_cut_in_a_row_come_back_together() -> None:
    app = Alone("one\ntwo\nthree\nfour")
    async with app.run_test() as pilot:
        body = app.body
        body.focus()
        body.action_cut()
        body.action_cut()
        assert body.text == "three\nfour"
        await pilot.press("down")
        body.action_uncut()
        assert body.text == "three\none\ntwo\nfour"


async def test_a_movement_in_between_begins_a_new_cut() -> None:
    app = Alone("one\ntwo\nthree")
    async with app.run_test() as pilot:
        body = app.body
        body.focus()
        body.action_cut()
        await pilot.press("down")
        body.action_cut()
        body.action_uncut()
        assert body.cuts.text == "three"
        assert body.text == "two\nthree"


async def test_cutting_the_empty_last_line_keeps_what_was_cut() -> None:
    app = Alone("one\n")
    async with app.run_test():
        body = app.body
        body.action_cut()
        body.action_cut()
        body.action_uncut()
        assert body.text == "one\n"


async def test_the_mark_grows_a_region_that_is_cut_as_a_whole() -> None:
    app = Alone("one two three")
    async with app.run_test() as pilot:
        body = app.body
        body.focus()
        body.move_cursor((0, 4))
        body.action_set_mark()
        await pilot.press("right", "right", "ctrl+f", "ctrl+f")
        assert body.selected_text == "two "
        body.action_cut()
        assert body.text == "one three"
        body.action_uncut()
        assert body.text == "one two three"


async def test_typing_ends_the_mark_without_replacing_the_region() -> None:
    app = Alone("one two")
    async with app.run_test() as pilot:
        body = app.body
        body.focus()
        body.action_set_mark()
        await pilot.press("ctrl+e", "x")
        assert body.text == "one twox"
        assert not body.marked


async def test_justify_joins_the_paragraph_and_uncut_right_after_takes_it_back() -> None:
    text = "Dear all,\n\nthis is\na short\nparagraph.\n\nBye"
    app = Alone(text)
    async with app.run_test():
        body = app.body
        body.move_cursor((3, 0))
        assert body.action_justify()
        assert body.text == "Dear all,\n\nthis is a short paragraph.\n\nBye"
        body.action_uncut()
        assert body.text == text


async def test_uncut_is_uncut_again_once_something_was_typed() -> None:
    app = Alone("cut\na\nb")
    async with app.run_test() as pilot:
        body = app.body
        body.focus()
        body.action_cut()
        body.action_justify()
        await pilot.press("x")
        body.action_uncut()
        assert body.text == "a bxcut\n"


async def test_justify_with_nothing_below_says_so() -> None:
    app = Alone("\n\n")
    async with app.run_test():
        assert not app.body.action_justify()


async def test_search_goes_on_at_the_top() -> None:
    app = Alone("alpha\nbeta Alpha\ngamma")
    async with app.run_test():
        body = app.body
        places = []
        for _ in range(3):
            assert body.find("alpha")
            places.append(body.cursor_location)
        assert places == [(1, 5), (0, 0), (1, 5)]
        assert not body.find("delta")
        assert not body.find("")
        assert body.find("gamma")
        assert body.find("gamma")
        assert body.cursor_location == (2, 0)


async def test_undo_and_redo() -> None:
    app = Alone("one\ntwo")
    async with app.run_test():
        body = app.body
        body.action_cut()
        body.action_undo()
        assert body.text == "one\ntwo"
        body.action_redo()
        assert body.text == "two"


HOSTILE = "a\x1b]52;c;SEVMTE8=\x07b\x0bc\x85d\u2028e\r\nf\rg\x00\x9bh\x1b[201~i\ud800j\ufdd0k"


async def test_a_hostile_paste_leaves_text_only() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.body.focus()
        app.body.post_message(events.Paste(HOSTILE))
        await pilot.pause()
        assert app.body.text == "a]52;c;SEVMTE8=b\nc\nd\ne\nf\ngh" + "i\ufffdjk"
        assert app.body.document.line_count == 6


async def test_loading_normalises_like_pasting() -> None:
    app = Alone(HOSTILE)
    async with app.run_test():
        assert app.body.body == "a]52;c;SEVMTE8=b\nc\nd\ne\nf\ngh" + "i\ufffdjk"


@pytest.mark.parametrize("long", ["word " * 60_000, "x" * 300_000, "\u65e5\u672c" * 2_500, "a b" + "y" * 5_000])
async def test_a_very_long_line_is_one_paragraph_again_when_read(long: str) -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.body.focus()
        app.body.post_message(events.Paste(long + "\nend"))
        await pilot.pause()
        assert max(map(len, app.body.document.lines)) <= LONGEST_LINE + 1
        assert app.body.body == long + "\nend"
        await pilot.press("z")
        assert app.body.body == long + "\nendz"


async def test_a_long_line_whose_pieces_were_joined_by_hand_has_no_mark_left() -> None:
    app = Alone("x" * 3_000)
    async with app.run_test() as pilot:
        app.body.focus()
        app.body.move_cursor((1, 0))
        await pilot.press("backspace")
        assert SOFT_BREAK not in app.body.body


async def test_justify_takes_a_long_paragraph_as_a_whole() -> None:
    app = Alone("short\n" + "word " * 1_000 + "\nlast")
    async with app.run_test():
        app.body.move_cursor((2, 10))
        assert app.body.action_justify()
        assert app.body.body == "short " + "word " * 1_000 + "last"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("e\u0301a", [0, 2, 3]),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467x", [0, 5, 6]),
        ("\U0001f44d\U0001f3fdx", [0, 2, 3]),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", [0, 2, 4]),
        ("\u2764\ufe0fx", [0, 2, 3]),
        ("\u65e5\u672c", [0, 1, 2]),
        ("\u05e9\u05dc", [0, 1, 2]),
        # The flag of England; a syllable in jamo; Hindi, Tamil and Thai with their signs; a key cap.
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007fx", [0, 7, 8]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", [0, 3, 6]),
        ("\u0915\u094d\u0937\u093f\u0915", [0, 4, 5]),
        ("\u0ba8\u0bbf\u0bb2", [0, 2, 3]),
        ("\u0e17\u0e35\u0e48\u0e01\u0e33", [0, 3, 5]),
        ("1\ufe0f\u20e32", [0, 3, 4]),
        ("a \U0001f1e9\U0001f1ea", [0, 1, 2, 4]),
    ],
)
async def test_the_cursor_steps_over_whole_characters(text: str, steps: list[int]) -> None:
    app = Alone(text)
    async with app.run_test() as pilot:
        app.body.focus()
        seen = [0]
        for _ in steps[1:]:
            await pilot.press("right")
            seen.append(app.body.cursor_location[1])
        assert seen == steps
        await pilot.press("backspace")
        assert app.body.text == text[: steps[-2]]


async def test_the_cursor_is_never_inside_a_character() -> None:
    app = Alone("abc\n\u0e17\u0e35\u0e48\u0e17\u0e35\u0e48 \u0e01\nabc")
    async with app.run_test() as pilot:
        app.body.focus()
        seen = []
        for key in ("right", "down", "down", "up", "home", "ctrl+right", "ctrl+right", "ctrl+left"):
            await pilot.press(key)
            seen.append(app.body.cursor_location)
        assert all(location[0] != 1 or location[1] in (0, 3, 6, 7, 8) for location in seen)
        assert len(set(seen[4:7])) == 3, "a word to the right moves on"
        app.body.move_cursor((1, 2))
        assert app.body.cursor_location == (1, 0)
        await pilot.press("delete")
        assert app.body.text.split("\n")[1] == "\u0e17\u0e35\u0e48 \u0e01"
        await pilot.press("end", "backspace", "backspace", "backspace", "x")
        assert app.body.text == "abc\nx\nabc"


def _drawn(app: Alone, row: int) -> list[tuple[str, bool]]:
    strip = app.body.render_line(row)
    return [(segment.text, bool(segment.style and segment.style.dim)) for segment in strip]


async def test_quotes_are_coloured_by_depth_and_the_signature_is_dim() -> None:
    app = Alone("plain\n> one\n>> two\n-- \nAda")
    async with app.run_test() as pilot:
        await pilot.pause()
        colours = [
            next(s.style.color for s in app.body.render_line(row) if s.text.strip() and s.style) for row in range(3)
        ]
        assert len(set(colours)) == 3
        assert not any(dim for text, dim in _drawn(app, 0) if text.strip())
        assert any(dim for text, dim in _drawn(app, 4) if "Ada" in text)
        app.body.move_cursor((3, 3))
        app.body.type_text("no")
        assert not any(dim for text, dim in _drawn(app, 4) if "Ada" in text)


async def test_rows_are_no_wider_than_what_a_reader_gets() -> None:
    app = Alone("word " * 60)
    async with app.run_test(size=(120, 20)):
        assert app.body.wrap_width == 76
        assert app.body.wrapped_document.height == 4
