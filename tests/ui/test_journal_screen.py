"""CHANGES WAITING, driven by keys, on a real engine whose Maildir refuses what it is asked for."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.mail_scene import make_mail, press, reading, row, status
from tests.ui.screen_text import lines, settle, text
from tuimail.engine.cache_place import action_lock
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.paths import Paths
from tuimail.ui.screens.journal import JournalScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

LATER = 4_000_000_000.0
"""Not to be tried before that, whatever the clock says."""
NOTHING = "Nothing waits"
KEYS = {"pine": {"folders": "l", "journal": "j", "menu": "m"}, "mutt": {"folders": "y", "journal": "J", "menu": "M"}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir", 4)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def given(paths: Paths, *keys: str, target: str = "Archive", **fields: Any) -> list[int]:
    """Moves in the journal, each of one letter; their ids."""
    with closing(ActionJournal(paths.journal)) as journal:
        made = [MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage(each),), target=target) for each in keys]
        stored = [journal.add([each])[0] for each in made]
        with journal.writing():
            return [journal.put(replace(each, **fields)).id for each in stored]


def refused(paths: Paths, *keys: str, words: str = "There is no folder Gone.") -> list[int]:
    return given(paths, *keys, target="Gone", state=ActionState.REFUSED, words=words)


def states(paths: Paths) -> list[str]:
    with closing(ActionJournal(paths.journal)) as journal:
        return [str(each.state) for each in journal.actions()]


def selected(pilot: Pilot[int]) -> str:
    """The key of the first message of the change under the cursor."""
    entry = pilot.app.screen.selected  # type: ignore[attr-defined]
    return str(entry.action.messages[0].key)


def files(folder: Path) -> list[str]:
    return sorted(path.name for part in ("cur", "new") for path in (folder / part).iterdir())


def forbidden(source: Any, target: Any, rename: Any = os.rename, **named: Any) -> None:
    """In place of os.rename: nothing may be put into Archive."""
    if ".Archive" in os.fspath(target):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    rename(source, target, **named)


def opened(pilot: Pilot[int]) -> bool:
    return isinstance(pilot.app.screen, JournalScreen)


async def test_what_cannot_be_moved_is_decided_there(paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the key that moves it, through the refusal, to the folder where it lands."""
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "home")
        monkeypatch.setattr(os, "rename", forbidden)
        await pilot.app.engine.mail.move([pilot.app.screen.entry.ref], "Archive")  # type: ignore[attr-defined]
        await settle(pilot)
        assert "Changes waiting: try it again there, or drop it." in status(pilot)
        await press(pilot, "m", "l")
        assert "1 yours" in row(pilot, "Changes waiting")
        await press(pilot, "j")
        assert opened(pilot)
        assert "CHANGES WAITING" in lines(pilot.app)[0]
        line = row(pilot, "Move 1 letter to Archive")
        assert line.split()[:2] == ["!", "refused"]
        assert "Letter 0" in line
        assert "Refused: " in text(pilot.app)
        assert "could not be written" in text(pilot.app)
        await press(pilot, "a")
        assert "refused" in row(pilot, "Move 1 letter to Archive")
        monkeypatch.undo()
        await press(pilot, "a")
        assert NOTHING in text(pilot.app)
        assert len(files(root / ".Archive")) == 1
    assert states(paths) == ["done"]


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_where_it_is_reached_from(paths: Paths, root: Path, keymap: str) -> None:
    keys = KEYS[keymap]
    async with reading(paths, root, keymap=keymap) as pilot:
        assert not row(pilot, "CHANGES")
        await press(pilot, keys["folders"])
        assert not row(pilot, "Changes waiting")
        await press(pilot, keys["journal"])
        assert opened(pilot)
        assert NOTHING in text(pilot.app)
        await press(pilot, keys["menu"])
        refused(paths, "m0", "m1")
        await press(pilot, keys["folders"])
        assert "2 yours" in row(pilot, "Changes waiting")
        await press(pilot, keys["menu"])
        assert "2 yours" in row(pilot, "CHANGES")
        await press(pilot, keys["journal"])
        assert opened(pilot)
        assert len([each for each in lines(pilot.app) if "Move 1 letter to Gone" in each]) == 2


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_a_drop_is_undone(paths: Paths, root: Path, keymap: str) -> None:
    refused(paths, "m0", "m1")
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, KEYS[keymap]["journal"], "down", "d")
        assert row(pilot, "refused").lstrip().startswith("!")
        assert status(pilot).startswith("Dropped: Move 1 letter to Gone.")
        assert states(paths) == ["refused", "dropped"]
        assert row(pilot, "dropped").lstrip().startswith("-")
        await press(pilot, "u")
        assert states(paths) == ["refused", "refused"]
        assert "Undone" in status(pilot)
        assert selected(pilot) == "m1"
        # The next one is under the cursor, and what is decided is left as it is.
        await press(pilot, "home", "d", "d")
        assert states(paths) == ["dropped", "dropped"]
        await press(pilot, "a", "d")
        assert states(paths) == ["dropped", "dropped"]


async def test_what_waits_says_when_it_is_tried_again(paths: Paths, root: Path) -> None:
    given(paths, "m0", next_at=LATER, tries=2, words="The disk is full.")
    async with reading(paths, root) as pilot:
        await press(pilot, "j")
        assert row(pilot, "Move 1 letter to").lstrip().startswith(". ")
        assert "Tried again" in text(pilot.app)
        assert "The disk is full." in text(pilot.app)
        assert "2 tries" in text(pilot.app)
        assert "work/INBOX" in text(pilot.app)
        await press(pilot, "a")
        assert NOTHING in text(pilot.app)
        assert len(files(root / ".Archive")) == 1


async def test_everything_about_one(paths: Paths, root: Path) -> None:
    refused(paths, "m0")
    async with reading(paths, root) as pilot:
        await press(pilot, "j", "enter")
        assert "Letter 0" in text(pilot.app)
        assert "Refused: There is no folder Gone." in text(pilot.app)
        assert "m0" in text(pilot.app)


async def test_what_another_program_is_at_is_not_dropped(paths: Paths, root: Path) -> None:
    given(paths, "m0", "m1", state=ActionState.SENT, owner="another", next_at=LATER)
    async with reading(paths, root) as pilot:
        lock = action_lock(pilot.app.engine.mail.accounts[0], paths)  # type: ignore[attr-defined]
        assert lock.acquire()
        await press(pilot, "j", "d")
        assert "This change is under way." in status(pilot)
        assert states(paths) == ["sent", "sent"]
        assert selected(pilot) == "m0"
        lock.release()
        await press(pilot, "d")
        assert states(paths) == ["dropped", "sent"]


async def test_decided_by_another_program_meanwhile(paths: Paths, root: Path) -> None:
    number, _ = refused(paths, "m0", "m1")
    async with reading(paths, root) as pilot:
        await press(pilot, "j")
        with closing(ActionJournal(paths.journal)) as journal, journal.writing():
            journal.put(replace(journal.get(number), state=ActionState.DONE))
        await press(pilot, "d")
        assert f"The change {number} is done: it cannot be dropped." in status(pilot)
        assert selected(pilot) == "m1"


@pytest.mark.parametrize("size", [(40, 10), (72, 20), (80, 24), (200, 50)])
async def test_hostile_words_at_every_width(paths: Paths, root: Path, size: tuple[int, int]) -> None:
    refused(paths, "m0", words="no\x1b]52;c;aGk=\x07\r\n[bold]no[/]\u202e" + "x" * 5000)
    given(paths, "m1", target="\x1b[31m[red]\u202e", state=ActionState.REFUSED)
    async with reading(paths, root, size=size) as pilot:
        await press(pilot, "j")
        assert opened(pilot)
        shown = text(pilot.app)
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
        assert "refused" in shown
        await press(pilot, "down", "enter")
        assert not {"\x1b", "\x07", "\u202e"} & set(text(pilot.app))


@pytest.mark.parametrize(("count", "words"), [(0, "offline"), (1, "offline, 1 waits"), (3, "offline, 3 wait")])
async def test_the_title_says_what_waits_for_a_server(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch, count: int, words: str
) -> None:
    given(paths, *(f"m{number}" for number in range(count)), next_at=LATER)
    async with reading(paths, root) as pilot:
        await press(pilot, "l")
        assert "offline" not in lines(pilot.app)[0]
        monkeypatch.setattr(pilot.app.engine.mail, "offline", lambda _account="": "no route")  # type: ignore[attr-defined]
        await press(pilot, "m", "l")
        assert lines(pilot.app)[0].rstrip().endswith(words) or f"{words} " in lines(pilot.app)[0]
        for key in ("i", "j"):
            await press(pilot, "m", key)
            assert words in lines(pilot.app)[0]


async def test_many_changes_are_shown_as_fast_as_few(paths: Paths, root: Path) -> None:
    with closing(ActionJournal(paths.journal)) as journal:
        moved = MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage("m0"),), target="Gone")
        journal.add([replace(moved, state=ActionState.REFUSED)] * 2000)
    async with reading(paths, root) as pilot:
        await press(pilot, "j")
        assert "1 of 2,000" in lines(pilot.app)[0]
        await press(pilot, "end")
        assert "2,000 of 2,000" in lines(pilot.app)[0]


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_another_folder_is_taken(paths: Paths, root: Path, keymap: str) -> None:
    refused(paths, "m0")
    async with reading(paths, root, keymap=keymap, size=(110, 24)) as pilot:
        await press(pilot, KEYS[keymap]["journal"])
        assert "Other fldr" in lines(pilot.app)[-2] + lines(pilot.app)[-1]
        assert "take another folder" in text(pilot.app)
        await press(pilot, "s")
        assert "to which folder instead" in text(pilot.app)
        await press(pilot, *"Archive", "enter")
        assert NOTHING in text(pilot.app)
        assert "Move 1 letter to Archive: tried again." in status(pilot)
    assert len(files(root / ".Archive")) == 1
    assert states(paths) == ["done"]


async def test_a_folder_that_is_not_there_is_created_first(paths: Paths, root: Path) -> None:
    refused(paths, "m0")
    async with reading(paths, root) as pilot:
        await press(pilot, "j", "s", *"New", "enter")
        assert "There is no folder New.  Create it?" in text(pilot.app)
        await press(pilot, "y")
        assert NOTHING in text(pilot.app)
    assert len(files(root / ".New")) == 1


async def test_what_goes_to_no_other_folder(paths: Paths, root: Path) -> None:
    given(paths, "m0", next_at=LATER)
    async with reading(paths, root) as pilot:
        await press(pilot, "j")
        entry = next(each for each in pilot.app.screen.key_entries() if each.id == "move-change")  # type: ignore[attr-defined]
        assert not entry.enabled
        await press(pilot, "s")
        assert "Only what was refused" in status(pilot)
        assert pilot.app.screen.prompts.current is None  # type: ignore[attr-defined]
    assert states(paths) == ["waiting"]


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_what_the_trash_refused_is_deleted_for_good_after_a_question(
    paths: Paths, root: Path, keymap: str
) -> None:
    given(paths, "m0", target="Trash", state=ActionState.REFUSED, words="Quota exceeded.")
    async with reading(paths, root, keymap=keymap, size=(110, 24)) as pilot:
        await press(pilot, KEYS[keymap]["journal"])
        assert "delete for good what the trash refused" in text(pilot.app)
        await press(pilot, "x", "n")
        assert states(paths) == ["refused"]
        await press(pilot, "x")
        assert "Delete the message for good?" in text(pilot.app)
        await press(pilot, "y")
        assert NOTHING in text(pilot.app)
    assert not [each for each in files(root) if each.startswith("m0")]
    assert files(root / ".Trash") == []
    assert states(paths) == ["done"]


async def test_what_another_folder_refused_is_not_deleted(paths: Paths, root: Path) -> None:
    given(paths, "m0", state=ActionState.REFUSED, words="Quota exceeded.")
    async with reading(paths, root) as pilot:
        await press(pilot, "j", "x")
        assert "Only messages that the trash refused" in status(pilot)
        assert "delete for good" not in text(pilot.app)
    assert states(paths) == ["refused"]
