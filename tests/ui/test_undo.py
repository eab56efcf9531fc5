"""Undo step after step, the last one first: on messages and on letters in the outbox, in both keymaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.mail_scene import make_mail, press, reading, row, selected, status
from tests.ui.real_engine import SceneEngine, stored
from tests.ui.scene import config
from tests.ui.test_outbox_screen import press as press_letters
from tests.ui.test_outbox_screen import select
from tests.ui.test_outbox_verbs import status as screen_status
from tuimail.errors import StorageError
from tuimail.outbox.model.states import ItemState
from tuimail.paths import Paths
from tuimail.ui.undo import MOST

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.ui.conftest import MakeEngine, Running
    from tuimail.ui.app import TuimailApp
    from tuimail.ui.protocols import Frame

KEYMAPS = ("pine", "mutt")
NOTHING = "There is nothing to undo."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def marked(pilot: Pilot[int]) -> list[int]:
    return [number for number in range(6, 12) if row(pilot, f"Letter {number}").lstrip().startswith("D")]


@pytest.mark.parametrize("keymap", KEYMAPS)
async def test_of_several_deleted_the_last_two_are_taken_back(paths: Paths, root: Path, keymap: str) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, "i", "d", "d", "d", "d")
        assert marked(pilot) == [6, 7, 8, 9]
        await press(pilot, "u")
        assert status(pilot) == 'Undone: "Letter 9" marked to be deleted.'
        await press(pilot, "u")
        assert status(pilot) == 'Undone: "Letter 8" marked to be deleted.'
        assert (marked(pilot), selected(pilot)) == ([6, 7], "Letter 8")


@pytest.mark.parametrize("keymap", KEYMAPS)
async def test_steps_of_several_kinds_go_back_one_by_one_and_then_there_is_nothing(
    paths: Paths, root: Path, keymap: str
) -> None:
    archive = {"pine": ("y",), "mutt": ("s", *"Archive", "enter")}[keymap]
    flag = {"pine": "alt+i", "mutt": "F"}[keymap]
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, "i", flag, *archive, "d")
        assert len(list((root / ".Archive" / "cur").iterdir())) == 1
        said = []
        for _ in range(4):
            await press(pilot, "u")
            said.append(status(pilot))
        assert 'Undone: "Letter 7" marked to be deleted.' in said[0]
        assert said[1].startswith("Undone: ")
        assert "Letter 6" in said[1]
        assert said[2] == 'Undone: "Letter 6": important.'
        assert said[3] == NOTHING
        assert not row(pilot, "Letter 6").lstrip().startswith("*")
        assert list((root / ".Archive" / "cur").iterdir()) == []


async def test_a_new_step_after_an_undo_leaves_the_earlier_ones(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "d", "d", "u", "alt+i")
        assert marked(pilot) == [6]
        await press(pilot, "u")
        assert status(pilot) == 'Undone: "Letter 7": important.'
        await press(pilot, "u")
        assert status(pilot) == 'Undone: "Letter 6" marked to be deleted.'
        assert marked(pilot) == []


async def test_marks_that_were_taken_back_by_hand_are_passed_over(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "alt+i", "d", "up", "u")
        assert (marked(pilot), status(pilot)) == ([], '"Letter 6" not to be deleted.')
        await press(pilot, "u")
        assert status(pilot) == 'Undone: "Letter 6": important.'


async def test_a_step_that_the_disk_refused_can_be_taken_back_again(paths: Paths, root: Path) -> None:
    tried = []

    async def step(beneath: Frame) -> None:
        tried.append(beneath)
        if len(tried) == 1:
            raise StorageError("The disk is full.")
        beneath.program.say("Undone.")

    async with reading(paths, root) as pilot:
        app: TuimailApp = pilot.app  # type: ignore[assignment]
        await press(pilot, "i")
        app.undo.offer("Done.", step)
        await press(pilot, "u")
        assert "The disk is full." in status(pilot)
        await press(pilot, "u")
        assert status(pilot) == "Undone."


async def test_the_oldest_of_very_many_are_forgotten(paths: Paths, root: Path) -> None:
    undone: list[int] = []
    async with reading(paths, root) as pilot:
        app: TuimailApp = pilot.app  # type: ignore[assignment]
        for number in range(MOST + 5):
            app.undo.offer("Done.", lambda _beneath, number=number: undone.append(number))  # type: ignore[misc]
        while (step := app.undo.take()) is not None:
            step(None)
    assert undone == list(range(MOST + 4, 4, -1))


@pytest.mark.parametrize("keymap", KEYMAPS)
async def test_letters_in_the_outbox_step_after_step(make_engine: MakeEngine, running: Running, keymap: str) -> None:
    engine = make_engine(settings=config(keymap=keymap))
    async with running("o", on=engine) as pilot:
        await select(pilot, "a5")
        await press_letters(pilot, "h" if keymap == "pine" else "comma")
        assert stored(engine.paths, "a5").state is ItemState.HELD
        await press_letters(pilot, "d")
        assert stored(engine.paths, "a5").state is ItemState.CANCELLED
        await press_letters(pilot, "u")
        assert stored(engine.paths, "a5").state is ItemState.HELD
        await press_letters(pilot, "u")
        assert stored(engine.paths, "a5").state is ItemState.QUEUED


async def test_a_letter_that_has_left_meanwhile_is_not_said_to_be_undone(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a5")
        await press_letters(pilot, "h")
        await engine.outbox.cancel("a5")
        await press_letters(pilot, "u")
        assert "Undone" not in screen_status(pilot)
        assert stored(engine.paths, "a5").state is ItemState.CANCELLED
