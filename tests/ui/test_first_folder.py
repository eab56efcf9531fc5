"""The app started at a folder: its index comes first, the main menu when it is left."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.ui.mail_scene import make_mail, press, scene_engine
from tests.ui.screen_text import lines, settle
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.paths import Paths


@asynccontextmanager
async def started_at(paths: Paths, root: Path, folder: str, *, keymap: str = "pine") -> AsyncIterator[Pilot[int]]:
    engine = scene_engine(paths, make_mail(root), keymap=keymap)
    app = TuimailApp(engine, folder=("work", folder))
    async with app.run_test(size=(80, 24)) as pilot:
        try:
            await app.startup.ready.wait()
            await settle(pilot)
            yield pilot
        finally:
            await engine.stop()


def title(pilot: Pilot[int]) -> str:
    return lines(pilot.app)[0]


@pytest.mark.parametrize(("keymap", "back"), [("pine", "less_than_sign"), ("mutt", "q")])
async def test_the_folder_comes_first_and_the_menu_when_it_is_left(
    paths: Paths, tmp_path: Path, keymap: str, back: str
) -> None:
    async with started_at(paths, tmp_path / "mail", "Lists/Rust", keymap=keymap) as pilot:
        assert "Lists/Rust" in title(pilot)
        assert any("A note on Rust" in line for line in lines(pilot.app))
        await press(pilot, back)
        assert "MAIN MENU" in title(pilot)
        await press(pilot, "i")
        assert "Lists/Rust" in title(pilot)
        await press(pilot, back)
        assert "MAIN MENU" in title(pilot)
        assert len(pilot.app.screen_stack) == 1


async def test_a_message_is_closed_to_the_folder_and_the_folder_list_to_the_menu(paths: Paths, tmp_path: Path) -> None:
    async with started_at(paths, tmp_path / "mail", "Lists/Rust") as pilot:
        await press(pilot, "enter")
        await press(pilot, "less_than_sign")
        assert "Lists/Rust" in title(pilot)
        await press(pilot, "l")
        assert "FOLDER LIST" in title(pilot)
        await press(pilot, "less_than_sign")
        assert "MAIN MENU" in title(pilot)


async def test_what_is_typed_at_once_is_for_the_folder(paths: Paths, tmp_path: Path) -> None:
    engine = scene_engine(paths, make_mail(tmp_path / "mail"))
    app = TuimailApp(engine, folder=("work", "INBOX"))
    async with app.run_test(size=(80, 24)) as pilot:
        try:
            await pilot.press("enter", "less_than_sign", "less_than_sign")
            await settle(pilot)
            assert "MAIN MENU" in title(pilot)
        finally:
            await engine.stop()


async def test_a_folder_that_is_not_there_is_said(paths: Paths, tmp_path: Path) -> None:
    async with started_at(paths, tmp_path / "mail", "Nowhere") as pilot:
        assert "no folder 'Nowhere'" in str(pilot.app.screen.status.text)  # type: ignore[attr-defined]
        await press(pilot, "less_than_sign")
        assert "MAIN MENU" in title(pilot)
