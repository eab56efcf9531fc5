"""Searching all mail, from a hit to its thread and back, and searches with a name; driven by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import put_message
from tests.ui.mail_scene import make_mail, press, reading, row, selected, status
from tests.ui.scene import NOW
from tests.ui.screen_text import lines, settle, text
from tuimail.cache.pattern_search import SearchStoppedError
from tuimail.engine import wide_search
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Letters of a board: in the inbox, in a list's folder, in the trash; three of them are one thread."""
    made = make_mail(tmp_path / "Maildir", 4)
    for at, (folder, name, subject, refs) in enumerate(
        [
            ("", "b1", "Board: agenda", ""),
            (".Lists.Rust", "b2", "Board: minutes", ""),
            (".Lists.Rust", "b3", "Re: Board: minutes", "<b2@example.org>"),
            (".Trash", "b4", "Board: cancelled", ""),
        ]
    ):
        put_message(made / folder, name, subject, refs=refs, arrived=int(NOW) - 4000 + 10 * at)
    return made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


SEARCH = ("alt+k", *"board", "enter")


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_all_folders_are_searched_from_the_main_menu(paths: Paths, root: Path, keymap: str) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, *SEARCH)
        shown = text(pilot.app)
        assert "SEARCH board" in shown
        assert "In all folders   3 found; not in junk and trash" in shown
        assert selected(pilot) == "Re: Board: minutes", "the newest is on top"
        assert "cancelled" not in shown
        assert row(pilot, "Rust/ Board: minutes")
        assert "Rust/" not in row(pilot, "Board: agenda")
        await press(pilot, "escape")
        assert "MAIN MENU" in text(pilot.app)


async def test_a_wide_screen_has_a_column_for_the_folder(paths: Paths, root: Path) -> None:
    async with reading(paths, root, size=(118, 30)) as pilot:
        await press(pilot, *SEARCH)
        assert "Lists/Rust" in row(pilot, "Board: minutes")
        assert row(pilot, "Folder").split()[:2] == ["No", "Folder"]


async def test_where_it_looks_can_be_typed_before_the_words(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "alt+k", *"in:trash board", "enter")
        assert "In Trash   1 found" in text(pilot.app)
        assert selected(pilot) == "Board: cancelled"
        await press(pilot, "alt+k")
        assert "in:Trash board" in text(pilot.app), "the words are offered again"
        await press(pilot, "ctrl+u", *"in:nowhere x", "enter")
        assert "There is no account or folder nowhere." in status(pilot)
        assert selected(pilot) == "Board: cancelled"


async def test_the_place_of_what_is_wrong_in_a_pattern_is_said(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "alt+k", *"~s board ~j x", "enter")
        assert 'At "~j x": there is no ~j.' in status(pilot)
        assert "MAIN MENU" in text(pilot.app)


async def test_from_a_hit_to_its_thread_and_back(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "down", "alt+h")
        shown = text(pilot.app)
        assert "Lists/Rust" in lines(pilot.app)[0]
        assert selected(pilot) == "Board: minutes"
        assert "└─>Re: Board: minutes" in row(pilot, "Re: Board")
        assert "A note on Rust" in shown, "it is the whole folder"
        await press(pilot, "escape")
        assert "SEARCH board" in text(pilot.app)
        assert selected(pilot) == "Board: minutes"


async def test_messages_found_are_acted_on_where_they_are(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, *SEARCH, "T", *"~A", "enter", "semicolon", "s", *"Archive", "enter")
        assert "No message matches." not in text(pilot.app), "they are found in their new folder"
        assert "Archive/ Board: agenda" in row(pilot, "Board: agenda")
        assert "3 messages" in status(pilot)
        await press(pilot, "u")
        assert row(pilot, "Rust/ Board: minutes")


async def test_what_is_marked_is_deleted_when_leaving(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "d", "less_than_sign")
        assert 'Delete the "Re: Board: minutes" marked to be deleted in what was found?' in text(pilot.app).replace(
            "\n", " "
        ).replace("  ", " ")
        await press(pilot, "y")
        assert "MAIN MENU" in text(pilot.app)
        await press(pilot, *SEARCH)
        assert "2 found" in text(pilot.app)


async def test_the_results_follow_the_mail_and_the_cursor_stays(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "down")
        put_message(root, "late", "Board: at last", new=True, arrived=int(NOW) - 5)
        put_message(root, "other", "Nothing of it", new=True, arrived=int(NOW) - 4)
        await settle(pilot)
        assert "4 found" in text(pilot.app)
        assert row(pilot, "Board: at last").split()[1] == "1"
        assert not row(pilot, "Nothing of it")
        assert selected(pilot) == "Board: minutes"


async def test_results_are_limited_and_shown_in_full_again(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "k", *"minutes", "enter")
        assert not row(pilot, "Board: agenda")
        assert "Show only: minutes" in text(pilot.app)
        await press(pilot, "escape")
        assert row(pilot, "Board: agenda")
        await press(pilot, "escape")
        assert "MAIN MENU" in text(pilot.app)


async def test_the_title_says_that_a_server_is_searched(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(paths, root, size=(120, 40)) as pilot:
        await press(pilot, *SEARCH)
        assert "at the server" not in lines(pilot.app)[0]
        server = pilot.app.engine.mail.search.server  # type: ignore[attr-defined]
        monkeypatch.setattr(server, "begin", lambda _request: None)
        monkeypatch.setattr(server, "searching", True)
        await press(pilot, "k", *"minutes", "enter")
        assert "searching at the server" in lines(pilot.app)[0]
        await press(pilot, "escape", "escape", "i")
        assert "at the server" not in lines(pilot.app)[0], "what is listed here is all known"


async def test_a_search_from_a_message_and_the_way_back_to_it(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "enter", *SEARCH)
        assert "3 found" in text(pilot.app)
        await press(pilot, "escape")
        assert "MESSAGE TEXT" in text(pilot.app)


async def test_the_rest_is_looked_for_beside_the_keys_until_escape(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = wide_search.find, list[int]()

    def endless(reader, request, report, stopped):  # type: ignore[no-untyped-def]
        if not seen:
            report(real(reader, request, report, stopped)[1:])
        seen.append(1)
        while not stopped():
            pass
        raise SearchStoppedError

    monkeypatch.setattr(wide_search, "find", endless)
    async with reading(paths, root) as pilot:
        await pilot.press(*SEARCH)
        while "still searching" not in text(pilot.app):
            await pilot.pause(0.01)
        assert "2 found so far, still searching   < stop" in text(pilot.app)
        assert "Stop" in "\n".join(lines(pilot.app)[-2:])
        await pilot.press("down")
        await pilot.pause()
        assert selected(pilot) == "Board: minutes"
        await press(pilot, "escape")
        assert "2 found; the search was broken off" in text(pilot.app)
        put_message(root, "late", "Board: at last", new=True, arrived=int(NOW) - 5)
        await settle(pilot)
        assert "2 found; the search was broken off" in text(pilot.app)
        assert selected(pilot) == "Board: minutes"
        monkeypatch.setattr(wide_search, "find", real)
        await press(pilot, "alt+k", "enter")
        assert "4 found;" in text(pilot.app), "the same words are looked for anew"
        await press(pilot, "escape")
        assert "MAIN MENU" in text(pilot.app)


async def test_a_search_is_saved_opened_renamed_and_deleted(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "quotation_mark", *"The board", "enter")
        assert "Saved as The board" in status(pilot)
        await press(pilot, "l")
        assert "  Searches" in lines(pilot.app)
        assert row(pilot, "The board").split()[-2:] == ["3", "3"], "unread, total"
        await press(pilot, "w", *"the board", "enter", "enter")
        assert "SEARCH The board" in text(pilot.app)
        assert selected(pilot) == "Re: Board: minutes"
        await press(pilot, "l")
        assert "The board" in text(pilot.app)
        await press(pilot, "r", "ctrl+u", *"Board", "enter")
        assert "Renamed to Board." in status(pilot)
        assert not row(pilot, "The board")
        await press(pilot, "d")
        assert not row(pilot, "  Searches")
        assert "Deleted the search Board" in status(pilot)
        await press(pilot, "u")
        assert row(pilot, "N Board").split() == ["N", "Board", "3", "3"]
    assert 'pattern = "board"' in paths.searches_file.read_text()


async def test_the_numbers_of_a_saved_search_follow_the_mail(paths: Paths, root: Path) -> None:
    paths.searches_file.parent.mkdir(parents=True)
    paths.searches_file.write_text('[[search]]\nname = "Board"\npattern = "~s board"\nfolders = ["Lists/Rust"]\n')
    async with reading(paths, root) as pilot:
        await press(pilot, "l")
        assert row(pilot, "N Board").split() == ["N", "Board", "2", "2"]
        put_message(root / ".Lists.Rust", "late", "Board again", new=True, arrived=int(NOW) - 5)
        await settle(pilot)
        assert row(pilot, "N Board").split() == ["N", "Board", "3", "3"]


async def test_a_limited_folder_is_saved_with_the_folder(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "quotation_mark")
        assert "There is no search to be saved" in status(pilot)
        await press(pilot, "k", *"~s letter", "enter", "quotation_mark", *"Letters", "enter")
    saved = paths.searches_file.read_text()
    assert 'pattern = "~s letter"' in saved
    assert 'accounts = ["work"]' in saved
    assert 'folders = ["INBOX"]' in saved


async def test_limited_results_are_saved_as_what_they_show(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, *SEARCH, "k", *"~s agenda", "enter", "quotation_mark", *"Both", "enter", "l")
        assert row(pilot, "N Both").split() == ["N", "Both", "1", "1"]


async def test_what_is_wrong_in_the_file_is_said_and_the_rest_is_there(paths: Paths, root: Path) -> None:
    paths.searches_file.parent.mkdir(parents=True)
    paths.searches_file.write_text(
        '[[search]]\nname = "Bad"\npattern = "~j"\n[[search]]\nname = "Good"\npattern = "~U"\n'
    )
    async with reading(paths, root) as pilot:
        await press(pilot, "l")
        assert "searches.toml" in status(pilot)
        assert row(pilot, "N Good")
        assert not row(pilot, "Bad")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50)])
async def test_the_columns_of_results_fit_every_width(paths: Paths, root: Path, size: tuple[int, int]) -> None:
    async with reading(paths, root, size=size) as pilot:
        await press(pilot, *SEARCH)
        width = pilot.app.screen.list.size.width  # type: ignore[attr-defined]
        rows = [line[:width].rstrip() for line in lines(pilot.app) if "Board:" in line[:width]]
        assert len(rows) == 3
        assert {len(line) for line in rows} == {len(rows[0])}
