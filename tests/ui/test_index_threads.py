"""Threads broken, linked and muted in the message index, by the keys of both keymaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import put_message
from tests.ui.mail_scene import make_mail, press, reading, row, selected, status
from tests.ui.scene import NOW
from tests.ui.screen_text import settle, text
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


async def by_threads(pilot: Pilot[int], keymap: str) -> None:
    await press(pilot, "i", *(("dollar_sign", "h") if keymap == "pine" else ("o", "h")))


async def go_to(pilot: Pilot[int], keymap: str, subject: str) -> None:
    await press(pilot, "w" if keymap == "pine" else "slash", "ctrl+u", *subject, "enter")
    assert selected(pilot) == subject


@pytest.mark.parametrize(("keymap", "key"), [("pine", "alt+x"), ("mutt", "number_sign")])
async def test_a_thread_is_broken_and_that_is_undone(paths: Paths, root: Path, keymap: str, key: str) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await by_threads(pilot, keymap)
        await go_to(pilot, keymap, "Letter 5")
        assert "├─>Letter 5" in row(pilot, "Letter 5")
        await press(pilot, key)
        assert '"Letter 5" begins a thread of its own.' in status(pilot)
        assert "─>" not in row(pilot, "Letter 5")
        assert "└─>Letter 8" in row(pilot, "Letter 8")
        assert selected(pilot) == "Letter 5"
        await press(pilot, key)
        assert "begins its thread already" in text(pilot.app)
        await press(pilot, "u")
        assert "├─>Letter 5" in row(pilot, "Letter 5")


@pytest.mark.parametrize(("keymap", "tag", "key"), [("pine", "colon", "alt+l"), ("mutt", "t", "ampersand")])
async def test_tagged_messages_are_linked_to_the_one_under_the_cursor(
    paths: Paths, root: Path, keymap: str, tag: str, key: str
) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await by_threads(pilot, keymap)
        await go_to(pilot, keymap, "Letter 3")
        await press(pilot, key)
        assert "Tag the messages that answer this one" in status(pilot)
        await go_to(pilot, keymap, "Letter 7")
        await press(pilot, tag)
        await go_to(pilot, keymap, "Letter 9")
        await press(pilot, tag)
        await go_to(pilot, keymap, "Letter 3")
        await press(pilot, key)
        assert '2 messages linked to "Letter 3".' in status(pilot)
        assert "├─>Letter 7" in row(pilot, "Letter 7")
        assert "└─>Letter 9" in row(pilot, "Letter 9")
        assert "tagged" not in text(pilot.app)
        await press(pilot, "u")
        assert "─>" not in row(pilot, "Letter 9")


async def test_a_muted_thread_says_so_and_its_new_messages_are_read(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await by_threads(pilot, "pine")
        await go_to(pilot, "pine", "Letter 2")
        await press(pilot, "alt+q")
        assert "muted: its new messages arrive read" in status(pilot)
        assert [number for number in range(12) if "muted" in row(pilot, f"Letter {number} ")] == [2, 5, 8]
        put_message(root, "late", "Quite new", refs="<m8@example.org>", new=True, arrived=int(NOW) - 5)
        await settle(pilot)
        assert "muted" in row(pilot, "Quite new")
        assert row(pilot, "Quite new").split()[0] != "N"
        assert (root / "cur" / "late:2,S").exists()
        await press(pilot, "alt+q")
        assert "not muted any more" in status(pilot)
        assert "muted" not in row(pilot, "Letter 5")
        await press(pilot, "u")
        assert "muted" in row(pilot, "Letter 5")
