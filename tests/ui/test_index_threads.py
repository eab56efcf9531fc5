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


def names(folder: Path) -> list[str]:
    return sorted(each.name for part in ("new", "cur") for each in (folder / part).iterdir())


async def by_threads(pilot: Pilot[int], keymap: str) -> None:
    await press(pilot, "i", *(("dollar_sign", "h") if keymap == "pine" else ("o", "t")))


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


async def test_what_was_sent_stands_in_its_thread_and_is_changed_in_sent(paths: Paths, root: Path) -> None:
    put_message(root / ".Sent", "mine", "Re: Letter 2", refs="<m5@example.org>", arrived=int(NOW) - 70_000)
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i")
        assert not row(pilot, "Re: Letter 2")
        await press(pilot, "o", "t")
        assert "└─>Re: Letter 2" in row(pilot, "Re: Letter 2")
        assert row(pilot, "Re: Letter 2").split()[1] == "To:", "it is not unread"
        assert "of 13  6 unread" in text(pilot.app)
        await press(pilot, "slash", "ctrl+u", *"Letter 5", "enter", "j")
        assert selected(pilot) == "Re: Letter 2"
        await press(pilot, "F")
        assert "mine:2,F" in names(root / ".Sent")
        await press(pilot, "P")
        assert selected(pilot) == "Letter 5"
        await press(pilot, "j", "ctrl+d")
        assert row(pilot, "Letter 5").split()[0] == "D"
        assert row(pilot, "Re: Letter 2").split()[0] != "D"
        await press(pilot, "slash", "ctrl+u", *"Letter 9", "enter", "ctrl+u")
        await press(pilot, "slash", "ctrl+u", *"Letter 5", "enter", "J", "d", "dollar_sign", "y")
        assert not row(pilot, "Re: Letter 2")
    assert names(root / ".Sent") == []
    assert any(each.endswith("F") for each in names(root / ".Trash"))


async def test_reading_goes_by_threads_and_deletes_and_undeletes_a_whole_one(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await by_threads(pilot, "mutt")
        await go_to(pilot, "mutt", "Letter 8")
        await press(pilot, "enter", "P")
        assert "Subject Letter 2" in text(pilot.app)
        await press(pilot, "P")
        assert "What it answers is not here." in text(pilot.app)
        await press(pilot, "ctrl+n")
        assert "Subject Letter 9" in text(pilot.app)
        await press(pilot, "ctrl+p")
        assert "Subject Letter 2" in text(pilot.app)
        await press(pilot, "ctrl+r", "ctrl+d")
        assert "Subject Letter 9" in text(pilot.app)
        await press(pilot, "q")
        for subject in ("Letter 2", "Letter 5", "Letter 8"):
            assert row(pilot, subject).lstrip().startswith("D")
        assert any(name.startswith("m8:2,") and "S" in name for name in names(root))
        await go_to(pilot, "mutt", "Letter 5")
        await press(pilot, "enter", "ctrl+u", "q")
        assert not row(pilot, "Letter 2").lstrip().startswith("D")


async def test_shift_matters_to_alt(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await by_threads(pilot, "mutt")
        await press(pilot, "alt+shift+v")
        assert "12 of 12" not in text(pilot.app)
        assert "of 10" in text(pilot.app)
