"""What ``textual_private`` relies on; a release of Textual that changes it is found here, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.drivers import linux_driver
from textual.screen import Screen
from textual.widgets.text_area import Document, WrappedDocument

from tuimail.ui.textual_private import filter_input, use_bindings
from tuimail.ui.textual_text_area import QuickTextArea, QuickWrappedDocument

if TYPE_CHECKING:
    from rich.text import Text


class Keyed(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def get_default_screen(self) -> Screen[None]:
        return Given()


class Given(Screen[None], inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "give('x')")]

    def action_give(self, what: str) -> None:
        assert isinstance(self.app, Keyed)
        self.app.given.append(what)


async def test_a_screen_has_the_bindings_it_is_given_and_no_others() -> None:
    app = Keyed()
    async with app.run_test() as pilot:
        use_bindings(app.screen, BindingsMap([Binding("y,?", "give('y')")]))
        await pilot.press("x", "y", "question_mark")
        assert app.given == ["y", "y"]
        own = {key for key, each in app.screen.active_bindings.items() if each.node is app.screen}
        assert own == {"y", "question_mark"}


@pytest.mark.parametrize("width", [0, 1, 7, 20])
def test_wrapping_the_quick_way_leaves_what_textuals_own_leaves(width: int) -> None:
    text = "one two three four\n\n\tfive\u65e5\u672c six\n" + "x" * 50
    quick, own = QuickWrappedDocument(Document(text), tab_width=4), WrappedDocument(Document(text), tab_width=4)
    for wrapped in (quick, own):
        wrapped.wrap(width)
    assert quick.height == own.height
    private = ("_width", "_tab_width", "_wrap_offsets", "_line_index_to_offsets", "_offset_to_line_info")
    for name in private:
        assert getattr(quick, name) == getattr(own, name), name
    # Of a line without tabs the quick way keeps no widths.
    assert [each for each in quick._tab_width_cache if each] == [each for each in own._tab_width_cache if any(each)]


class Noting(QuickTextArea):
    changes = 0
    drawn = 0

    def text_changed(self) -> None:
        self.changes += 1

    def get_line(self, line_index: int) -> Text:
        self.drawn += 1
        return super().get_line(line_index)


class Editing(App[None]):
    def compose(self) -> ComposeResult:
        yield Noting(soft_wrap=True)


async def test_a_text_area_tells_of_every_change_and_wraps_quickly() -> None:
    app = Editing()
    async with app.run_test(size=(20, 5)) as pilot:
        area = app.query_one(Noting)
        before = area.changes
        area.load_text("one\ntwo")
        assert area.changes > before
        assert isinstance(area.wrapped_document, QuickWrappedDocument)
        assert (area.document.text, area.cursor_location) == ("one\ntwo", (0, 0))
        for change in (lambda: area.insert("x"), area.undo, area.redo, lambda: area.delete((0, 0), (0, 1))):
            before = area.changes
            change()
            assert area.changes > before
            await pilot.pause()


async def test_forgotten_lines_are_drawn_again_and_tab_stops_are_counted() -> None:
    app = Editing()
    async with app.run_test(size=(20, 5)) as pilot:
        area = app.query_one(Noting)
        area.load_text("ab")
        area.refresh()
        await pilot.pause()
        before = area.drawn
        area.refresh()
        await pilot.pause()
        assert area.drawn == before
        area.forget_drawn_lines()
        area.refresh()
        await pilot.pause()
        assert area.drawn > before
        assert area.columns_to_tab_stop() == 4
        area.move_cursor((0, 1))
        assert area.columns_to_tab_stop() == 3


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No filter is there yet."""
    parser = linux_driver.XTermParser  # type: ignore[attr-defined]
    own = next(each for each in parser.__mro__ if not getattr(each, "filtered", False))
    monkeypatch.setattr(linux_driver, "XTermParser", own)


@pytest.mark.usefixtures("parser")
def test_what_the_driver_reads_passes_the_filter() -> None:
    filter_input(lambda: lambda data: data.replace("a", "b"))
    once = linux_driver.XTermParser  # type: ignore[attr-defined]
    filter_input(lambda: lambda _data: "")
    assert linux_driver.XTermParser is once  # type: ignore[attr-defined]
    assert keys_of("aax") == ["b", "b", "x"]


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        ([f"\x1b{letter}" for letter in LETTERS], [f"alt+{letter}" for letter in LETTERS]),
        (["\x1bn\x1bn", "\x1bn"], ["alt+n", "alt+n", "alt+n"]),
        (["\x1bdn\x1b[Ax\x1bd"], ["alt+d", "n", "up", "x", "alt+d"]),
        (["\x1b", "\x1bd"], ["escape", "alt+d"]),
        (["\x1b[", "A\x1bd"], ["up", "alt+d"]),
    ],
    ids=["each letter", "repeated", "in one read", "after Escape", "after an arrow in two reads"],
)
def test_alt_with_a_letter_is_that_at_any_speed(reads: list[str], keys: list[str]) -> None:
    filter_input(lambda: lambda data: data)
    assert keys_of(*reads) == keys


def keys_of(*reads: str) -> list[str]:
    """The keys in what is read from a terminal."""
    parser = linux_driver.XTermParser()  # type: ignore[attr-defined]
    messages = [each for data in (*reads, "") for each in parser.feed(data)]
    return [each.key for each in messages if isinstance(each, events.Key)]
