"""Selecting text of a message with keys and mouse, copying it, and replying to it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from rich.style import Style
from textual.events import MouseMove

from tests.ui.reading import message, press, reading
from tests.ui.scene import config
from tests.ui.screen_text import lines, settle, text
from tuimail.ui.actions.selecting import COPIED
from tuimail.ui.commands.command import Context
from tuimail.ui.requests import ShowEmbeddedMessage
from tuimail.ui.screens.compose import ComposeScreen
from tuimail.ui.screens.message_page import EmbeddedMessageScreen
from tuimail.ui.views.page_layout import PageLayout

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tuimail.paths import Paths
    from tuimail.ui.screens.message_page import PageScreen

MARK = "ctrl+circumflex_accent"
LONG = "\n".join(f"line {number}" for number in range(1, 101))
BODY = f"first {'words ' * 30}\n> quoted\n\nsee https://a.example/x and that\nlast 漢字 word"
TOP = 7
"""Row of the screen with the first line of the text."""


def reversed_text(pilot: Pilot[int]) -> list[str]:
    """What is drawn in reverse between title bar and status line, row by row."""
    app = pilot.app
    found = []
    for strip in app.screen._compositor.render_strips(app.size)[2:-3]:
        found.append("".join(segment.text for segment in strip if (segment.style or Style()).reverse))
    return [each for each in found if each]


def copied(pilot: Pilot[int]) -> str:
    return pilot.app.clipboard


async def drag(pilot: Pilot[int], start: tuple[int, int], *to: tuple[int, int]) -> None:
    """Press at ``start`` (column and row of the screen), move, and let go."""
    await pilot.mouse_down(offset=start)
    for each in to:
        await move(pilot, *each)
    await pilot.mouse_up(offset=to[-1] if to else start)
    await settle(pilot)


async def move(pilot: Pilot[int], x: int, y: int) -> None:
    """The mouse moves with its button held."""
    event = MouseMove(None, x, y, 0, 0, 1, False, False, False, x, y)
    pilot.app.screen._forward_event(event)
    await settle(pilot)


# -- keys
@pytest.mark.parametrize("name", ["pine", "mutt"])
async def test_keys_select_whole_lines_and_a_copy_has_them_unwrapped(paths: Paths, name: str) -> None:
    async with reading(paths, {"a": message("A", BODY)}, settings=config(keymap=name)) as (pilot, screen):
        await press(pilot, MARK)
        assert screen.context is Context.SELECTING
        assert "1 line selected." in text(pilot.app)
        assert "^C copies, " in text(pilot.app)
        assert "Esc ends selecting." in text(pilot.app)
        shown = "\n".join(lines(pilot.app)[-2:])
        assert "Copy" in shown
        assert "Reply" in shown
        assert "End" in shown
        await press(pilot, "down", "down", "down")
        assert "4 lines selected." in text(pilot.app)
        await press(pilot, "ctrl+c")
        first, quote, empty, link = copied(pilot).split("\n")
        assert first == f"first {'words ' * 30}"
        assert (quote, empty, link) == ("> quoted", "", "see https://a.example/x and that")
        assert f"Copied {len(copied(pilot))} characters to the clipboard." in text(pilot.app)
        await press(pilot, "up", "up", "up", "up", "up")
        assert "1 line selected." in text(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert not screen.pager.selecting.by_keys
        assert reversed_text(pilot) == []
        assert screen.selection == ""


async def test_what_is_selected_is_drawn_in_reverse_without_the_numbers_of_links(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", BODY)}) as (pilot, _):
        await press(pilot, MARK, "end")
        drawn = reversed_text(pilot)
        assert drawn[0].startswith("first words")
        assert drawn[-4:] == ["> quoted", " ", "see https://a.example/x and that", "last 漢字 word"]
        assert any("https://a.example/x [1] and that" in line for line in lines(pilot.app))


async def test_the_selection_starts_at_the_top_line_and_the_text_follows_it(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG)}) as (pilot, screen):
        await press(pilot, "space", MARK)
        top = lines(pilot.app)[2].strip()
        assert screen.selection == top
        await press(pilot, "up", "up")
        assert lines(pilot.app)[2].strip() == screen.selection.split("\n")[0] != top
        await press(pilot, "pagedown", "pagedown")
        last = screen.selection.split("\n")[-1]
        assert any(line.strip() == last for line in lines(pilot.app))
        assert screen.selection.startswith(f"{top}\n")
        await press(pilot, "end")
        assert screen.selection.endswith("\nline 100")
        assert "END" in lines(pilot.app)[0]
        await press(pilot, "home")
        assert screen.selection == LONG[: LONG.index(f"{top}\n") + len(top)]
        assert lines(pilot.app)[2].split()[:2] == ["line", "1"]
        # The mark once more: anew, from the line that was moved to.
        await press(pilot, "down", "down", MARK, "down")
        assert screen.selection == "line 3\nline 4"


async def test_a_message_without_text_has_nothing_to_select(paths: Paths) -> None:
    async with reading(paths, {"a": HOLLOW}) as (pilot, screen):
        await press(pilot, MARK)
        assert "There is no text to select." in text(pilot.app)
        assert screen.context is Context.MESSAGE
        await press(pilot, "ctrl+c")
        assert "Nothing is selected.  ^^ selects lines" in text(pilot.app)
        assert copied(pilot) == ""


HOLLOW = b"From: a@example.org\r\nContent-Type: application/zip; name=x.zip\r\n\r\nPK\r\n"


async def test_other_keys_mean_nothing_while_selecting(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG), "b": message("B")}) as (pilot, screen):
        await press(pilot, MARK, "d")
        assert "not defined" in text(pilot.app)
        assert screen.context is Context.SELECTING
        await press(pilot, "question_mark")
        assert "Selecting text of a message" in text(pilot.app)
        assert "quotes them and nothing else" in text(pilot.app)
        await press(pilot, "<", "escape", "n")
        assert "Subject B" in text(pilot.app)


async def test_lines_that_are_folded_are_not_selected_and_unfolding_keeps_the_selection(paths: Paths) -> None:
    quote = "\n".join(f"> quoted {number}" for number in range(1, 21))
    async with reading(paths, {"a": message("A", f"Before\n{quote}\nAfter\nEnd")}) as (pilot, screen):
        await press(pilot, MARK, "down", "down")
        assert screen.selection == "Before\n> quoted 1\nAfter"
        assert "3 lines selected." in text(pilot.app)
        assert reversed_text(pilot) == ["Before", "> quoted 1", "After"]
        screen.pager.set_options(screen.pager.options._replace(folded=False))
        assert screen.selection == f"Before\n{quote}\nAfter"
        screen.pager.set_options(screen.pager.options._replace(folded=True, all_fields=True))
        assert screen.selection == "Before\n> quoted 1\nAfter"
        await pilot.resize_terminal(40, 24)
        await settle(pilot)
        assert screen.selection == "Before\n> quoted 1\nAfter"


async def test_a_selection_ends_with_its_message(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG), "b": message("B")}) as (pilot, screen):
        await drag(pilot, (1, TOP), (4, TOP + 1))
        assert screen.selection == "line 1\nline"
        await press(pilot, "n")
        assert screen.selection == ""
        assert reversed_text(pilot) == []


async def test_fifty_thousand_lines_cost_no_more_per_key_than_drawing(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "\n".join(f"line {number}" for number in range(49_000))
    async with reading(paths, {"a": message("A", body)}) as (pilot, screen):
        await press(pilot, MARK, "end")
        asked: list[int] = []
        line = type(screen.pager.selecting).line

        def noted(selecting: Any, index: int) -> Any:
            asked.append(index)
            return line(selecting, index)

        rows: list[int] = []
        row = PageLayout._row

        def drawn(layout: PageLayout, at: int) -> Any:
            rows.append(at)
            return row(layout, at)

        monkeypatch.setattr(type(screen.pager.selecting), "line", noted)
        monkeypatch.setattr(PageLayout, "_row", drawn)
        await press(pilot, "up", "pageup", "down", "up")
        assert "48,9" in text(pilot.app)
        assert len(rows) < 4 * 40
        assert len(asked) < 4 * 45


# -- copying
async def test_a_copy_goes_to_the_terminal_bounded_and_without_control_characters(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "a\x1b]52;c;aGk=\x07 \u202eevil\n" + "漢字 words " * 20_000
    async with reading(paths, {"a": message("A", body)}) as (pilot, screen):
        written: list[str] = []
        monkeypatch.setattr(pilot.app._driver, "write", written.append)
        await press(pilot, MARK, "end", "ctrl+c")
        [sent] = [each for each in written if "]52;" in each]
        assert sent.startswith("\x1b]52;c;")
        assert sent.endswith("\a")
        given = base64.b64decode(sent[7:-1])
        assert COPIED - 3 < len(given) <= COPIED
        assert given.decode() == copied(pilot)
        assert all(each.isprintable() or each == "\n" for each in copied(pilot))
        assert f"Only the first {len(copied(pilot)):,} characters were copied" in text(pilot.app)
        assert len(screen.selection) > 2 * len(copied(pilot)), "the bound is the clipboard's"


# -- the mouse
async def test_dragging_selects_characters_over_rows_in_both_directions(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", "one two\nthree 漢字 four\nfive")}) as (pilot, screen):
        await drag(pilot, (5, TOP), (8, TOP + 1), (9, TOP + 1))
        assert screen.selection == "two\nthree 漢字"
        assert reversed_text(pilot) == ["two", "three 漢字"]
        assert screen.context is Context.MESSAGE
        await press(pilot, "alt+c")
        assert copied(pilot) == "two\nthree 漢字"
        await drag(pilot, (8, TOP + 1), (70, TOP))
        assert screen.selection == "\nthree 漢"
        await drag(pilot, (3, TOP + 1))
        assert screen.selection == "", "a click elsewhere ends it"
        await drag(pilot, (1, TOP), (3, TOP))
        await press(pilot, "down", "up")
        assert screen.selection == "one", "moving in the text keeps it"
        await press(pilot, "escape")
        assert screen.selection == ""
        assert pilot.app.screen is screen
        await press(pilot, "escape")
        assert pilot.app.screen is not screen


async def test_a_row_that_was_wrapped_is_no_line(paths: Paths) -> None:
    words = " ".join(f"word{number:02}" for number in range(30))
    async with reading(paths, {"a": message("A", f"> {words}")}) as (pilot, screen):
        await drag(pilot, (1, TOP), (9, TOP + 1))
        assert "\n" not in screen.selection
        assert screen.selection.startswith("> word00")
        assert f"> {words}".startswith(screen.selection)


async def test_two_clicks_select_a_word_and_three_the_line(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", "see (https://a.example/x) now")}) as (pilot, screen):
        await pilot.click(offset=(12, TOP), times=2)
        await settle(pilot)
        assert screen.selection == "https://a.example/x"
        await pilot.click(offset=(12, TOP), times=3)
        await settle(pilot)
        assert screen.selection == "see (https://a.example/x) now"
        await pilot.click(offset=(2, TOP))
        await settle(pilot)
        assert screen.selection == ""


async def test_the_header_can_be_copied_and_is_not_quoted(paths: Paths) -> None:
    async with reading(paths, {"a": message("The mill", "Text")}) as (pilot, screen):
        await pilot.click(offset=(24, 2), times=2)
        await press(pilot, "ctrl+c")
        assert copied(pilot) == "ada@example.org"
        await drag(pilot, (1, 4), (2, TOP))
        assert screen.selection == "Te"
        assert reversed_text(pilot)[0] == "Subject The mill"


async def test_dragging_beyond_the_edge_scrolls_on(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG)}) as (pilot, screen):
        await pilot.mouse_down(offset=(1, TOP))
        await move(pilot, 3, 22)
        assert screen.pager.scroll_offset.y > 0
        before = screen.selection
        screen.pager.mouse.scroll_on()  # as the timer does
        assert screen.selection.startswith(f"{before}\n")
        await move(pilot, 2, 10)
        assert screen.pager.mouse.scrolling is None
        here = screen.pager.scroll_offset.y
        await pilot.mouse_up(offset=(2, 10))
        await move(pilot, 2, 22)
        assert screen.pager.scroll_offset.y == here
        kept = screen.selection
        await drag(pilot, (6, 10), (2, 0), (2, 0))
        assert screen.pager.scroll_offset.y < here
        assert screen.selection != kept


async def test_another_message_ends_a_drag(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG), "b": message("B", LONG)}) as (pilot, screen):
        await pilot.mouse_down(offset=(1, TOP))
        await move(pilot, 3, 22)
        await press(pilot, "n")
        await move(pilot, 3, 12)
        assert screen.selection == ""
        assert screen.pager.mouse.scrolling is None


# -- answering
async def quoted(pilot: Pilot[int]) -> str:
    composer: Any = pilot.app.screen
    assert isinstance(composer, ComposeScreen)
    return "\n".join(line for line in composer.form.body.text.split("\n") if line.startswith(">"))


@pytest.mark.parametrize("key", ["r", "g", "L"])
async def test_a_reply_to_a_selection_quotes_nothing_else(paths: Paths, key: str) -> None:
    letter = message("A", BODY, "List-Post: <mailto:list@example.org>")
    async with reading(paths, {"a": letter}, settings=config(keymap="mutt")) as (pilot, screen):
        await press(pilot, MARK, "down", "end", MARK, "up", "up", "up", key)
        assert await quoted(pilot) == ">> quoted\n>\n> see https://a.example/x and that\n> last 漢字 word"
        assert screen.selection == ""
        assert screen.context is Context.MESSAGE


async def test_a_reply_to_words_and_a_forward_of_everything(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", BODY)}) as (pilot, screen):
        await drag(pilot, (5, TOP + 5), (10, TOP + 5))
        chosen = screen.selection
        assert 0 < len(chosen) < 15
        await press(pilot, "f")
        assert isinstance(pilot.app.screen, ComposeScreen)
        assert "last 漢字 word" in pilot.app.screen.form.body.text
        await press(pilot, "ctrl+c", "y")
        assert screen.is_current
        assert screen.selection == chosen
        await press(pilot, "r", "n")
        assert await quoted(pilot) == f"> {chosen.strip()}"


async def test_text_of_an_embedded_message_can_be_copied(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", BODY)}) as (pilot, outer):
        assert outer.message is not None
        pilot.app.navigation.open(ShowEmbeddedMessage(outer.message))  # type: ignore[attr-defined]
        await settle(pilot)
        screen: PageScreen = pilot.app.screen  # type: ignore[assignment]
        assert isinstance(screen, EmbeddedMessageScreen)
        await press(pilot, MARK, "down")
        assert "2 lines selected.  ^C copies, Esc ends selecting." in text(pilot.app)
        await press(pilot, "r")
        assert pilot.app.screen is screen
        await press(pilot, "ctrl+c")
        assert copied(pilot).endswith("\n> quoted")
