"""Going to another folder in the index that is open."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.ui.mail_scene import make_mail, press, reading, row, selected
from tests.ui.screen_text import text
from tuimail.paths import Paths
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.main_menu import MainMenuScreen

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir", 40)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@pytest.mark.parametrize(("keymap", "go", "tag", "limit"), [("pine", "g", "colon", "k"), ("mutt", "c", "t", "l")])
async def test_another_folder_is_shown_in_the_same_index_as_if_it_were_opened_anew(
    paths: Paths, root: Path, keymap: str, go: str, tag: str, limit: str
) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, "i", tag, limit, *"Letter 1", "enter")
        index = pilot.app.screen
        await press(pilot, go, *"Lists/Rust", "enter")
        assert pilot.app.screen is index
        assert row(pilot, "A note on Rust")
        assert "Lists/Rust" in text(pilot.app)
        assert not row(pilot, "Letter")
        assert "tagged" not in text(pilot.app)
        await press(pilot, go, *"INBOX", "enter")
        assert selected(pilot) == "Letter 20"
        assert "21 of 40" in text(pilot.app)


async def test_back_leads_to_the_main_menu_and_not_to_the_folder_before(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "c", *"Trash", "enter")
        assert "No messages" in text(pilot.app)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, MainMenuScreen)


async def test_from_an_open_message_the_index_beneath_shows_the_folder(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i")
        index = pilot.app.screen
        await press(pilot, "enter", "c", *"Lists/Rust", "enter")
        assert pilot.app.screen is index
        assert selected(pilot) == "A note on Rust"


async def test_what_was_new_is_old_after_the_folder_was_left(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "c", *"Lists/Rust", "enter")
        assert row(pilot, "A note on Rust").lstrip().startswith("N")
        await press(pilot, "c", *"INBOX", "enter", "c", *"Lists/Rust", "enter")
        assert row(pilot, "A note on Rust").lstrip().startswith("O")


async def test_an_unknown_folder_leaves_what_is_shown(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "c", *"Nowhere", "enter")
        assert row(pilot, "Letter 20")
        assert "INBOX" in text(pilot.app)


async def test_a_folder_that_was_renamed_is_opened_again_by_its_new_name(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(
            pilot, "g", *"Lists/Rust", "enter", "l", "w", *"rust", "enter", "r", "ctrl+u", *"Iron", "enter", "i"
        )
        assert selected(pilot) == "A note on Rust"


async def test_a_folder_that_was_deleted_is_not_opened_again(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "g", *"Lists/Rust", "enter", "l", "w", *"rust", "enter", "d", "y", "i")
        assert selected(pilot) == "Letter 20"


async def test_a_folder_that_another_program_deleted_says_so(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "g", *"Lists/Rust", "enter", "l")
        shutil.rmtree(root / ".Lists.Rust")
        app = pilot.app
        assert isinstance(app, TuimailApp)
        await app.engine.mail.look()
        await press(pilot, "i")
        assert row(pilot, "has no folder 'Lists/Rust'")
        assert "Reading" not in text(app)
