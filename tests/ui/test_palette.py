"""The palette: commands, places, themes and keymaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.screen_text import settle, text
from tests.ui_compose.composing import composing
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tests.ui.conftest import Running
    from tuimail.paths import Paths


async def find(pilot: Pilot[int], words: str) -> None:
    await pilot.press("f2")
    await settle(pilot)
    await pilot.press(*("space" if char == " " else char for char in words), "enter")
    await settle(pilot)
    await settle(pilot)


@pytest.mark.parametrize(
    ("words", "title"), [("go drafts", "DRAFTS"), ("sent letters", "SENT"), ("the accounts", "ACCOUNTS")]
)
async def test_every_place_is_reached_from_every_screen(running: Running, words: str, title: str) -> None:
    async with running("o", "enter") as pilot:
        await find(pilot, words)
        assert text(pilot.app).startswith(f" tuimail   {title}")
        # The way back is to the main menu, however deep one was.
        await pilot.press("less_than_sign")
        await settle(pilot)
        assert text(pilot.app).startswith(" tuimail   MAIN MENU")


async def test_only_places_that_are_there_and_where_one_is_not(running: Running) -> None:
    async with running("o", "f2") as pilot:
        await pilot.press(*"go")
        await settle(pilot)
        shown = text(pilot.app)
        assert "Go to the drafts" in shown
        assert "Go to the outbox" not in shown
        assert "server's side" not in shown


async def test_no_place_is_offered_while_a_letter_is_written(paths: Paths) -> None:
    async with composing(paths) as held:
        await held.press("f2", *"go to")
        assert "Go to the" not in held.shown
        await held.press(*["backspace"] * 5, *"midnight", "enter")
        await settle(held.pilot)
        assert held.open
        assert held.app.theme == "tuimail-midnight"


async def test_a_theme_is_drawn_at_once_and_how_to_keep_it_is_said(running: Running) -> None:
    async with running("o") as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        before = app.screen.styles.background
        await find(pilot, "theme paper")
        assert app.theme == "tuimail-paper"
        assert app.screen.styles.background != before
        assert app.frames.top is not None
        assert app.frames.top.status.text.startswith("The theme is paper now; to keep it, choose it in Setup.")
        await find(pilot, "theme pine")
        assert app.screen.styles.background == before


async def test_no_theme_is_offered_where_themes_cannot_be_seen(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running("f2") as pilot:
        await pilot.press(*"theme")
        await settle(pilot)
        assert "Nothing is called that." in text(pilot.app)


async def test_a_keymap_is_in_force_at_once_on_every_screen(running: Running) -> None:
    async with running("o") as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        assert "< Back" in text(app)
        await find(pilot, "keymap mutt")
        assert app.keymap.name == "mutt"
        assert "q Back" in text(app)
        assert app.frames.top is not None
        assert app.frames.top.status.text.startswith("The keymap is mutt now")
        # mutt's q goes back, pine's quits.
        await pilot.press("q")
        await settle(pilot)
        assert text(app).startswith(" tuimail   MAIN MENU")
        assert "m Compose" in text(app)
        await find(pilot, "keymap pine")
        await pilot.press("c")
        await settle(pilot)
        assert text(app).startswith(" tuimail   COMPOSE")
