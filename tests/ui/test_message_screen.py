"""MESSAGE TEXT: reading a received message and going to its neighbours."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from tests.mail.raw_messages import corpus_messages
from tests.ui.reading import message, press, reading
from tests.ui.scene import HOSTILE, config
from tests.ui.screen_text import lines, settle, text
from tuimail.config.model import ReadingSettings
from tuimail.engine.message_reader import read_message
from tuimail.mail.flags import SEEN
from tuimail.ui.views.message_page import PageOptions, page_lines
from tuimail.ui.views.page_layout import PageLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ui.real_engine import SceneEngine
    from tuimail.engine.message_reader import ReadMessage
    from tuimail.paths import Paths
    from tuimail.ui.screens.message import MessageScreen

LONG = "\n".join(f"line {number}" for number in range(1, 101))
QUOTE = "\n".join(f"> quoted {number}" for number in range(1, 21))
HTML = b"""From: shop@example.org\r\nSubject: Offer\r\nMIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain

The plain words of the offer, which are long enough to be read.
--x
Content-Type: text/html

<p>The rich words <a href="https://other.example/a">https://bank.example</a>, long enough.</p><img src="http://x.example/1">
--x--
"""


def engine_of(screen: MessageScreen) -> SceneEngine:
    return screen.program.engine  # type: ignore[return-value]


async def test_the_header_the_text_and_the_place_are_shown(paths: Paths) -> None:
    async with reading(paths, {"a": message("The mill", LONG)}) as (pilot, _):
        shown = lines(pilot.app)
        assert shown[0].startswith(" tuimail   MESSAGE TEXT")
        assert "work/INBOX" in shown[0]
        assert "1 of 1   TOP" in shown[0]
        assert shown[2] == " From    Ada Lovelace <ada@example.org>"
        assert shown[3] == " To      me@example.org"
        assert shown[4] == " Subject The mill"
        assert shown[5].startswith(" Date    Sunday 23 November 2025, 14:02 (")
        assert shown[7] == " line 1"
        await press(pilot, "end")
        assert "END" in lines(pilot.app)[0]
        assert " line 100" in lines(pilot.app)
        await press(pilot, "space")
        assert "end of the message" in text(pilot.app)
        await press(pilot, "home", "space")
        assert lines(pilot.app)[2] == " line 13"
        await press(pilot, "down", "up", "minus")
        assert "TOP" in lines(pilot.app)[0]


@pytest.mark.parametrize(("name", "further", "back"), [("pine", "n", "p"), ("mutt", "j", "k")])
async def test_keys_go_from_message_to_message(paths: Paths, name: str, further: str, back: str) -> None:
    three = {name: message(f"Subject {name}", f"Text of {name}") for name in "abc"}
    async with reading(paths, three, settings=config(keymap=name)) as (pilot, screen):
        await press(pilot, further)
        assert "Subject b" in text(pilot.app)
        assert "Text of b" in text(pilot.app)
        assert "2 of 3" in lines(pilot.app)[0]
        assert [each.ref.key for each in screen.targets()] == ["b"]
        await press(pilot, further, further)
        assert "There are no more messages." in text(pilot.app)
        assert "Text of c" in text(pilot.app)
        await press(pilot, back, back, back)
        assert "This is the first message." in text(pilot.app)
        await press(pilot, "i")
        assert pilot.app.screen is not screen


async def test_a_burst_of_keys_ends_on_the_right_message(paths: Paths) -> None:
    many = {f"{number:02}": message(f"Subject {number}", f"Text of {number}.") for number in range(12)}
    async with reading(paths, many) as (pilot, screen):
        screen._kept.clear()
        gate = engine_of(screen).hold(engine_of(screen).mail, "open")
        await pilot.press(*"nnnnn")
        await settle(pilot)
        # What the index knows is there before the text, and commands are about that message.
        assert "Subject 5" in text(pilot.app)
        assert "Reading the message..." in text(pilot.app)
        assert [each.ref.key for each in screen.targets()] == ["05"]
        calls = gate.calls
        gate.open()
        await settle(pilot)
        assert "Text of 5." in text(pilot.app)
        assert gate.calls - calls <= 2, "messages were read that nobody looks at"


async def test_keys_typed_before_the_text_is_there_are_for_it(paths: Paths) -> None:
    async with reading(paths, {"a": message("A"), "b": message("B", LONG)}) as (pilot, screen):
        screen._kept.clear()
        gate = engine_of(screen).hold(engine_of(screen).mail, "open")
        await pilot.press("n", "space")
        await settle(pilot)
        gate.open()
        await settle(pilot)
        assert lines(pilot.app)[2] == " line 13"


async def test_the_message_that_follows_is_read_ahead(paths: Paths) -> None:
    async with reading(paths, {"a": message("A"), "b": message("B", "Words of b.")}) as (pilot, screen):
        gate = engine_of(screen).hold(engine_of(screen).mail, "open")
        await press(pilot, "n")
        assert "Words of b." in text(pilot.app)
        await press(pilot, "p")
        assert "Subject A" in text(pilot.app)
        assert gate.calls == 0


async def test_tab_goes_to_the_next_unread_message(paths: Paths) -> None:
    async with reading(paths, {"a": message("A"), "b": message("B")}, flags="S") as (pilot, _):
        await press(pilot, "tab")
        assert "There are no more unread messages." in text(pilot.app)


async def test_after_the_message_left_its_index_the_one_that_follows_is_shown(paths: Paths) -> None:
    async with reading(paths, {name: message(name.upper()) for name in "abc"}) as (pilot, screen):
        walk: Any = screen.cursor
        walk.at = 1  # as an index does when the row of the cursor goes
        assert await screen.show_next(1)
        await settle(pilot)
        assert "Subject B" in text(pilot.app)


async def test_a_message_that_is_gone_is_told(paths: Paths) -> None:
    async with reading(paths, {"a": message("A"), "b": message("B")}) as (pilot, screen):
        screen._kept.clear()
        root = engine_of(screen).config.accounts["work"].maildir
        assert root is not None
        (root / "cur" / "b:2,").unlink()
        await press(pilot, "n", "space", "v")
        assert [each.ref.key for each in screen.targets()] == ["b"]
        assert screen.message is None
        await press(pilot, "p")
        assert "Subject A" in text(pilot.app)


# -- seen
class Timers:
    """Timers that a test lets ring."""

    def __init__(self) -> None:
        self.running: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, after: float, then: Callable[[], None]) -> Timers:
        self.running.append((after, then))
        return self

    def stop(self) -> None:
        self.running.clear()

    def ring(self) -> None:
        for _, then in self.running:
            then()
        self.running.clear()


async def test_it_counts_as_read_after_a_second_on_its_own_screen(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers, flagged = Timers(), []
    async with reading(paths, {"a": message("A"), "b": message("B")}) as (pilot, screen):
        screen.seen.stop()
        screen.seen._timer = timers

        async def flag(refs: Any, *, add: int = 0, remove: int = 0) -> None:
            flagged.append((refs[0].key, add))

        monkeypatch.setattr(engine_of(screen).mail, "flag", flag)
        await press(pilot, "n")
        assert [after for after, _ in timers.running] == [1.0]
        await press(pilot, "p")
        assert flagged == [], "it was left before"
        timers.ring()
        await settle(pilot)
        assert flagged == [("a", SEEN)]
        await press(pilot, "n", "p")
        assert timers.running == [], "it is marked once"


@pytest.mark.parametrize(("seconds", "flags", "marked"), [(None, "", False), (0.0, "", True), (0.0, "S", False)])
async def test_when_it_counts_as_read_is_a_setting(
    paths: Paths, seconds: float | None, flags: str, marked: bool
) -> None:
    settings = replace(config(), reading=ReadingSettings(mark_seen=seconds))
    async with reading(paths, {"a": message("A")}, settings=settings, flags=flags) as (pilot, screen):
        await settle(pilot)
        assert bool(screen.seen._marked) == marked
        root = engine_of(screen).config.accounts["work"].maildir
        assert root is not None
    assert [each.name for each in (root / "cur").iterdir()] == [f"a:2,{'S' if marked or flags else ''}"]


# -- the page
async def test_long_quotes_are_folded_until_asked_for(paths: Paths) -> None:
    body = f"Before\n{QUOTE}\nAfter\n> short\n-- \nAda"
    async with reading(paths, {"a": message("A", body)}) as (pilot, screen):
        assert any("> quoted 1" in line and "19 lines folded" in line for line in lines(pilot.app))
        await pilot.resize_terminal(60, 10)
        await settle(pilot)
        assert "TOP" in lines(pilot.app)[0]
        await press(pilot, "down", "down", "down")
        assert any(line.startswith(" > quoted 1 ") and "19 lines folded" in line for line in lines(pilot.app))
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "quoted 2" not in text(pilot.app)
        assert " > short" in lines(pilot.app)
        await press(pilot, "z")
        assert " > quoted 2" in lines(pilot.app)
        await press(pilot, "quotation_mark")
        assert " After" in lines(pilot.app)
        await press(pilot, "z")
        await press(pilot, "w", *"QUOTED", "space", "1", "5", "enter")
        assert " > quoted 15" in lines(pilot.app), "a search unfolds what it found"
        assert not screen.pager.options.folded


async def test_the_whole_header_is_a_key_away(paths: Paths) -> None:
    hostile = f"X-Odd: {HOSTILE}"
    async with reading(paths, {"a": message("A", "Text", hostile)}) as (pilot, _):
        assert "X-Odd" not in text(pilot.app)
        await press(pilot, "h")
        assert " X-Odd: [/etc] [@click=app.quit]x[/] ^[]52;c;aGk=^G <U+202E>evil" in lines(pilot.app)
        assert "Content-Type: text/plain" in text(pilot.app)
        await press(pilot, "h")
        assert "X-Odd" not in text(pilot.app)


async def test_the_whole_header_is_shown_from_its_top(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", LONG, "X-Odd: 1")}) as (pilot, _):
        await press(pilot, "end", "h")
        assert " X-Odd: 1" in lines(pilot.app)
        await press(pilot, "end", "h")
        assert lines(pilot.app)[2].startswith(" From")


async def test_the_source_keeps_what_is_indented(paths: Paths) -> None:
    async with reading(paths, {"a": message("A", "if x:\n    run()\n", "X-Odd: 1\n\tfolded")}) as (pilot, _):
        await press(pilot, "\\")
        shown = lines(pilot.app)
        assert "           folded" in shown
        assert "       run()" in shown


async def test_searching_goes_on_and_says_when_it_began_anew(paths: Paths) -> None:
    body = LONG.replace("line 50", "a Needle").replace("line 90", "needle too")
    async with reading(paths, {"a": message("A", body)}, settings=config(keymap="mutt")) as (pilot, screen):
        await press(pilot, "slash", *"needle", "enter")
        assert " a Needle" in lines(pilot.app)
        await press(pilot, "n")
        assert " needle too" in lines(pilot.app)
        await press(pilot, "n")
        assert " a Needle" in lines(pilot.app)
        assert "Searched on from the beginning." in text(pilot.app)
        assert screen.pager._hit >= 0
        await press(pilot, "slash", *"zzz", "enter")
        assert '"needlezzz" is not in the message.' in text(pilot.app)
        assert " a Needle" in lines(pilot.app), "the place is kept"


async def test_a_message_of_fifty_thousand_lines_draws_what_is_in_sight(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    row = PageLayout._row

    def noted(layout: PageLayout, at: int) -> Any:
        drawn.append(at)
        return row(layout, at)

    body = "\n".join(f"line {number}" for number in range(49_000))
    async with reading(paths, {"a": message("A", body)}) as (pilot, screen):
        monkeypatch.setattr(PageLayout, "_row", noted)
        await press(pilot, "end", "minus", "home", "space", "up")
        assert len(drawn) < 5 * 40
        await press(pilot, "end")
        assert " line 48999" in lines(pilot.app)
        assert len(screen.pager.text) > 49_000


async def test_the_other_form_of_the_text_is_a_key_away(paths: Paths) -> None:
    async with reading(paths, {"a": HTML}) as (pilot, _):
        assert "The plain words" in text(pilot.app)
        await press(pilot, "a")
        assert "The rich words" in text(pilot.app)
        assert "1 image was not fetched" in text(pilot.app)
        assert "(the text names another host)" in text(pilot.app)
        await press(pilot, "a")
        assert "The plain words" in text(pilot.app)
    async with reading(paths, {"a": HTML}) as (pilot, _):
        await press(pilot, "backslash")
        assert "Content-Type: multipart/alternative" in text(pilot.app)


def page(read: ReadMessage, width: int = 80, **options: bool) -> list[str]:
    layout = PageLayout(page_lines(read, PageOptions(**options), now=1.8e9), width, lambda _line: ())
    return ["".join(span.text for span in line) for line in layout]


def test_rows_have_room_repeat_quote_marks_and_lose_no_word() -> None:
    words = " ".join(f"word{number}" for number in range(300))
    wide = "漢字とかな " * 80
    read = read_message(message("S", f"{words}\n>> {words}\n{wide}\n{'x' * 500}"))
    for width in (20, 60, 80, 160):
        rows = page(read, width, folded=False)
        assert max(map(cell_len, rows)) <= max(width, 20)
        body = rows[rows.index(" ") + 1 :]
        said = " ".join(" ".join(row.lstrip(" >").rstrip() for row in body).split())
        assert said.replace(" ", "") == (words * 2 + wide + "x" * 500).replace(" ", "")
        assert sum(row.startswith(" >> ") for row in body) > 3
    assert max(map(cell_len, page(read, 160)[6:])) <= 101


def test_a_search_hit_in_a_long_line_is_on_the_row_that_is_shown() -> None:
    layout = PageLayout(
        page_lines(read_message(message("S", "a b c d " * 100)), PageOptions(), now=0), 40, lambda _: ()
    )
    line = next(at for at, each in enumerate(layout.lines) if each.text.startswith("a b"))
    for offset in (0, 35, 200, 790):
        row = "".join(span.text for span in layout[layout.row_of(line, offset)])
        assert layout.lines[line].text[offset : offset + 3].strip() in row


def test_who_is_who_in_the_header() -> None:
    raw = message("S", "Text", "Reply-To: Somebody <else@example.net>", "From: second@example.org")
    raw = raw.replace(b"From: Ada Lovelace <ada@example.org>", '"boss@bank.example" <a@раypal.example>'.join(
        ("From: ", "")).encode(), 1)  # fmt: skip
    rows = page(read_message(raw))
    assert rows[0] == " From     boss@bank.example <a@раypal.example [xn--ypal-43d9g.example]>"
    assert rows[1] == " Reply-To Somebody <else@example.net>"
    assert any("looks like an address" in row for row in rows)
    assert any("several From fields" in row for row in rows)


ACTING = {"Cc", "Cs", "Zl", "Zp"}
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_every_letter_of_strangers_makes_a_page_without_a_control_byte() -> None:
    for name, raw in corpus_messages():
        for prefer in ("", "html"):
            read = read_message(raw, prefer=prefer)
            for all_fields in (False, True):
                layout = PageLayout(
                    page_lines(read, PageOptions(all_fields=all_fields, folded=False), now=1.8e9), 60, lambda _line: ()
                )
                for row in layout:
                    shown = "".join(span.text for span in row)
                    acting = {each for each in shown if unicodedata.category(each) in ACTING or each in BIDI}
                    assert not acting, (name, shown)
                    assert cell_len(shown) <= 60, (name, shown)
            for number, place in read.places.items():
                target = read.links[number - 1].target
                assert target[:40] in read.lines[place.line].text[place.start : place.end], (name, number)
