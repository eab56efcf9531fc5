"""The message index and the folder list, driven by keys."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest

from tests.engine.mail_support import put_message
from tests.ui.mail_scene import make_mail, press, reading, row, scene_engine, selected, status
from tests.ui.scene import NOW
from tests.ui.screen_text import settle, text
from tuimail.cache.pattern_search import SearchStoppedError
from tuimail.engine.mail_reader import MailReader
from tuimail.paths import Paths
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.scene import StoppedClock


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def names(folder: Path) -> list[str]:
    return sorted(each.name for part in ("new", "cur") for each in (folder / part).iterdir())


async def test_the_index_opens_on_the_first_unread_message(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        assert "6 unread" in text(pilot.app)
        await press(pilot, "i")
        assert selected(pilot) == "Letter 6"
        assert "7 of 12  6 unread" in text(pilot.app)
        assert row(pilot, "Letter 5").split()[:2] == ["6", "To:"]
        assert row(pilot, "Letter 6").lstrip().startswith("O")


@pytest.mark.parametrize(("keymap", "mark", "unmark"), [("pine", "d", "u"), ("mutt", "d", "u")])
async def test_delete_marks_goes_on_and_is_taken_back(
    paths: Paths, root: Path, keymap: str, mark: str, unmark: str
) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, "i", mark, mark)
        assert selected(pilot) == "Letter 8"
        assert row(pilot, "Letter 6").lstrip().startswith("D")
        await press(pilot, "up" if keymap == "pine" else "K", unmark)
        assert not row(pilot, "Letter 7").lstrip().startswith("D")
        assert row(pilot, "Letter 6").lstrip().startswith("D")
    assert names(root / ".Trash") == []


async def test_undeleting_twice_does_not_mark_the_message_again(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "d", "K", "u")
        assert "not to be deleted" in status(pilot)
        assert "to undo" not in status(pilot)
        await press(pilot, "u")
        assert not row(pilot, "Letter 6").lstrip().startswith("D")
        assert "nothing to undo" in status(pilot)


async def test_tagging_by_mutts_key_asks_for_the_pattern_at_once(paths: Paths, root: Path) -> None:
    """Typed ahead, letters of the pattern must not be taken for an answer, and the rest for commands."""
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "T", *"~s ", '"', *"Letter 7", '"', "enter")
        assert "1 tagged" in text(pilot.app)


async def test_alt_goes_by_words_in_a_question(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "l", *"one two", "alt+b", "x", "alt+b", "alt+b", "alt+f", "y")
        assert "Show only : one yxtwo" in text(pilot.app)


async def test_orders_have_mutts_letters_and_its_reverse_key_asks_for_one(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "O", "d")
        assert "Sorted by date, reversed." in status(pilot)
        assert row(pilot, "Letter 6").lstrip()[0] != "D"
        await press(pilot, "o", "t")
        assert "Sorted by thread." in status(pilot)
        await press(pilot, "o", "r")
        assert "Sorted by arrival." in status(pilot)


async def test_leaving_by_mutts_x_asks_nothing_and_keeps_the_marks(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "d", "x")
        assert "MAIN MENU" in text(pilot.app)
        await press(pilot, "i")
        assert row(pilot, "Letter 6").lstrip().startswith("D")
        await press(pilot, "R")
        assert "DRAFTS" in text(pilot.app)
    assert names(root / ".Trash") == []


@pytest.mark.parametrize(("keymap", "key"), [("pine", "x"), ("mutt", "dollar_sign")])
async def test_what_is_marked_goes_to_the_trash_when_that_is_confirmed(
    paths: Paths, root: Path, keymap: str, key: str
) -> None:
    async with reading(paths, root, keymap=keymap) as pilot:
        await press(pilot, "i", "d", "d", key)
        assert "Delete 2 messages from INBOX?" in text(pilot.app)
        await press(pilot, "n")
        assert row(pilot, "Letter 6")
        await press(pilot, key, "y")
        assert not row(pilot, "Letter 6")
        assert "Deleted 2 messages." in status(pilot)
        assert "8 of 10" not in text(pilot.app)
    assert len(names(root / ".Trash")) == 2


async def test_leaving_asks_whether_what_is_marked_is_to_be_deleted(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "d", "less_than_sign")
        assert 'Delete the "Letter 6" marked' in text(pilot.app)
        await press(pilot, "n")
        assert "MAIN MENU" in text(pilot.app)
        await press(pilot, "i", "less_than_sign", "y")
        assert "MAIN MENU" in text(pilot.app)
    assert len(names(root / ".Trash")) == 1


async def test_archiving_is_undone_and_the_message_is_selected_again(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "y")
        assert selected(pilot) == "Letter 7"
        assert "Archived" in status(pilot)
        assert len(names(root / ".Archive")) == 1
        await press(pilot, "u")
        assert selected(pilot) == "Letter 6"
        assert names(root / ".Archive") == []


async def test_a_message_is_moved_by_a_part_of_the_folders_name_and_the_folder_is_offered_again(
    paths: Paths, root: Path
) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "s", *"rust", "enter")
        assert "Moved to Lists/Rust" in status(pilot)
        await press(pilot, "s")
        assert "Lists/Rust" in text(pilot.app)
        await press(pilot, "enter")
    assert len(names(root / ".Lists.Rust")) == 3


async def test_a_folder_that_is_not_there_is_created_after_a_question(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "s", *"Keep", "enter")
        assert "There is no folder Keep.  Create it?" in text(pilot.app)
        await press(pilot, "enter")
        assert status(pilot) == "Nothing was changed."
        assert not (root / ".Keep").exists()
        assert selected(pilot) == "Letter 6"
        await press(pilot, "s", *"Keep", "enter", "y")
        assert "Moved to Keep" in status(pilot)
        await press(pilot, "s")
        assert "Keep" in text(pilot.app), "it is offered again"
    assert len(names(root / ".Keep")) == 1


async def test_flags_by_pine_and_by_mutt(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "F", "N")
        assert row(pilot, "Letter 6").lstrip().startswith("*")
        await press(pilot, "F")
    assert "m6:2,S" in names(root)


async def test_ten_messages_tagged_and_saved_in_one_command(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "equals_sign", *["t"] * 10)
        assert "10 tagged" in text(pilot.app)
        await press(pilot, "semicolon", "s", *"Archive", "enter")
        assert "10 messages" in status(pilot)
        assert len(names(root / ".Archive")) == 10
        await press(pilot, "u")
        assert names(root / ".Archive") == []
        assert row(pilot, "Letter 3")


async def test_a_limit_and_the_way_back(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "l", *"~s 1", "enter")
        assert "3 of 12" in text(pilot.app)
        assert not row(pilot, "Letter 6")
        await press(pilot, "l", "ctrl+u", *"~q", "enter")
        assert "3 of 12" in text(pilot.app), "a wrong pattern changes nothing"
        await press(pilot, "q")
        assert row(pilot, "Letter 6")


async def test_mail_that_arrives_meanwhile_does_not_break_off_a_limit(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun, go_on = MailReader.chosen, threading.Event(), threading.Event()

    def chosen(self, request, stopped=None):  # type: ignore[no-untyped-def]
        begun.set()
        while not go_on.wait(0.001):
            if stopped():
                raise SearchStoppedError
        return real(self, request, stopped)

    monkeypatch.setattr(MailReader, "chosen", chosen)
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i")
        await pilot.press("l", *"~s 1", "enter")
        while not begun.is_set():
            await pilot.pause(0.001)
        put_message(root, "m100", "Letter 100", new=True, arrived=int(NOW) - 5)
        await pilot.app.engine.mail.look()  # type: ignore[attr-defined]
        await pilot.pause()
        go_on.set()
        await settle(pilot)
        assert "4 of 13" in text(pilot.app)
        assert row(pilot, "Letter 100")
        assert "broken off" not in text(pilot.app)


async def test_mail_is_read_before_the_outbox_is_opened(paths: Paths, root: Path) -> None:
    engine = scene_engine(paths, root)
    gate = engine.hold(engine, "start")
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await press(pilot, "i", "enter")
            await engine.mail.look()
            await settle(pilot)
            assert "MESSAGE TEXT" in text(app)
            assert not app.startup.ready.is_set()
            await pilot.press("c")
            gate.open()
            await settle(pilot)
            assert "COMPOSE" in text(app)
    finally:
        await engine.stop()


async def test_digits_and_searching_move_the_cursor(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "1", "1", "enter")
        assert selected(pilot) == "Letter 10"
        await press(pilot, "w", *"letter 2", "enter")
        assert selected(pilot) == "Letter 2"
        assert "from the top" in status(pilot)
        await press(pilot, "9", "9", "enter")
        assert "from 1 to 12" in status(pilot)


async def test_words_are_passed_over_in_a_question(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "k", *"one two", "alt+b", "x", "home", "alt+f", "y")
        assert "one yxtwo" in text(pilot.app)


async def test_threads_are_shown_collapsed_and_walked(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "o", "t")
        assert "└─>Letter 8" in row(pilot, "Letter 8")
        await press(pilot, "slash", *"letter 8", "enter", "alt+v")
        assert "+2" in row(pilot, "Letter 8")
        assert not row(pilot, "Letter 5")
        await press(pilot, "alt+v")
        assert row(pilot, "Letter 5")
        await press(pilot, "slash", *"letter 8", "enter", "P")
        assert selected(pilot) == "Letter 2"
        await press(pilot, "ctrl+d")
        assert row(pilot, "Letter 5").split()[0] == "D"


async def test_new_mail_does_not_move_the_cursor(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i")
        before = row(pilot, "Letter 6")
        put_message(root, "late", "Quite new", new=True, arrived=int(NOW) - 5)
        await settle(pilot)
        assert row(pilot, "Quite new").lstrip().startswith("N")
        assert selected(pilot) == "Letter 6"
        assert row(pilot, "Letter 6") == before


async def test_next_new_goes_on_to_the_next_folder(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", *["tab"] * 6)
        assert "Go on to Lists/Rust (1 unread)?" in text(pilot.app)
        await press(pilot, "y")
        print(text(pilot.app))
        assert selected(pilot) == "A note on Rust"


async def test_keys_in_one_burst_act_on_the_rows_they_were_meant_for(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "d", "n", "d", "y", "d")
        assert sorted(line.split()[-1] for line in text(pilot.app).splitlines() if line.lstrip().startswith("D ")) != []
        assert len(names(root / ".Archive")) == 1
        assert names(root / ".Archive")[0].startswith(tuple("0123456789"))
        marked = [line for line in text(pilot.app).splitlines() if line[3:4] == "D"]
        assert [any(f"Letter {n} " in line for line in marked) for n in (6, 8, 10)] == [True, True, True]


async def test_the_folder_list_shows_what_is_unread(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "l")
        assert row(pilot, "INBOX").split()[:1] == ["N"]
        assert row(pilot, "INBOX").split()[-2:] == ["6", "12"]
        assert "Lists/Rust" in text(pilot.app)
        await press(pilot, "tab", "enter")
        assert selected(pilot) == "A note on Rust"


async def test_a_folder_is_created_renamed_and_deleted(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "l", "a", *"Mills", "enter")
        assert row(pilot, "Mills")
        assert (root / ".Mills" / "cur").is_dir()
        await press(pilot, "w", *"mills", "enter", "r", "ctrl+u", *"Engines/Mills", "enter")
        assert (root / ".Engines.Mills" / "cur").is_dir()
        await press(pilot, "w", *"mills", "enter", "d", "y")
        assert not (root / ".Engines.Mills").exists()
        assert "Deleted the folder Engines/Mills" in row(pilot, "Mills")


async def test_a_folder_marked_read_can_be_undone(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "l", "alt+m")
        assert "6 messages of INBOX marked read." in status(pilot)
        assert "6" not in row(pilot, "INBOX").split()[:-1]
        await press(pilot, "u")
        assert row(pilot, "INBOX").split()[-2:] == ["6", "12"]


async def test_going_to_a_folder_by_name(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "c", *"rust", "enter")
        assert selected(pilot) == "A note on Rust"


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50)])
async def test_the_columns_fit_every_width(paths: Paths, root: Path, size: tuple[int, int]) -> None:
    async with reading(paths, root, size=size) as pilot:
        await press(pilot, "i")
        width = pilot.app.screen.list.size.width  # type: ignore[attr-defined]
        rows = [line[:width].rstrip() for line in text(pilot.app).splitlines() if "Letter" in line[:width]]
        assert rows
        assert {len(line) for line in rows} == {len(rows[0])}


async def test_a_reply_quotes_the_message_and_goes_to_its_sender(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        put_message(
            root, "kim", "Lunch?", new=True, arrived=int(NOW) - 5, body="At one?", sender="Kim <kim@example.net>"
        )
        await settle(pilot)
        await press(pilot, "i", "asterisk", "r")
        shown = text(pilot.app)
        assert "COMPOSE" in shown
        assert "Kim <kim@example.net>" in row(pilot, "To ")
        assert "Re: Lunch?" in shown
        assert "> At one?" in shown


@pytest.mark.parametrize("keys", [("r",), ("enter", "r")], ids=["index", "message"])
async def test_the_seconds_left_to_take_an_answer_back_are_counted(
    paths: Paths, root: Path, keys: tuple[str, ...]
) -> None:
    put_message(root, "kim", "Letter 12", new=True, arrived=int(NOW) - 5, sender="Kim <kim@example.net>")
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "end", *keys)
        await press(pilot, "enter")  # only to the sender
        await press(pilot, "ctrl+x")
        await press(pilot, "y")
        assert status(pilot) == '"Re: Letter 12" goes in 5 s.  U to undo'
        app = cast("TuimailApp", pilot.app)
        cast("StoppedClock", app.engine.clock).moment += 3
        app.undo.tick()
        assert status(pilot) == '"Re: Letter 12" goes in 2 s.  U to undo'


async def test_a_forwarded_message_carries_its_text(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "f")
        assert "Fwd: Letter 6" in text(pilot.app)


async def test_a_message_is_resent_and_that_is_undone(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "b", *"kim@example.net", "enter")
        assert "will be resent to kim@example.net" in status(pilot)
        assert "1 waiting" in text(pilot.app)
        await press(pilot, "u")
        assert "1 waiting" not in text(pilot.app)


async def test_tagged_messages_are_exported_as_an_mbox(paths: Paths, root: Path, tmp_path: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "t", "t", "semicolon", "E", "ctrl+u", *str(tmp_path / "out.mbox"), "enter")
        assert "Saved" in status(pilot)
    written = (tmp_path / "out.mbox").read_text()
    assert written.startswith("From ada@example.org ")
    assert [line for line in written.splitlines() if line.startswith("Subject:")] == [
        "Subject: Letter 6",
        "Subject: Letter 7",
    ]


async def test_one_message_is_piped_to_a_program(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "|", *"grep Subject", "enter", "enter")
        assert "Subject: Letter 6" in text(pilot.app)


async def test_the_message_stands_beside_the_list_where_there_is_room_and_stays_unread(
    paths: Paths, root: Path
) -> None:
    put_message(root, "long", "With words", new=True, arrived=int(NOW) - 5, body="Words of the text")
    async with reading(paths, root, size=(140, 40)) as pilot:
        await press(pilot, "i", "end")
        assert "Subject With words" in text(pilot.app)
        pilot.app.screen.preview._read()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "Words of the text" in text(pilot.app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "Subject With words" not in text(pilot.app)
    assert "long" in {each.partition(":")[0] for each in names(root)}
    assert not any(each.startswith("long:") and "S" in each for each in names(root)), "it does not count as read"


async def test_the_cursor_of_the_folder_list_passes_over_headings(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "l", *["n"] * 30)
        rows = pilot.app.screen.list  # type: ignore[attr-defined]
        assert rows.cursor == rows.count - 1
        visited = []
        for _ in range(rows.count):
            visited.append(rows.selected.heading)
            await press(pilot, "p")
        assert not any(visited)
        assert rows.cursor == 0


async def test_mutts_undelete_goes_to_the_next_message_marked_or_not(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "d", "d", "K", "K", "u")
        assert selected(pilot) == "Letter 7"
        await press(pilot, "u")
        assert selected(pilot) == "Letter 8"
        assert not row(pilot, "Letter 7").lstrip().startswith("D")
        await press(pilot, "d", "K", "enter", "u")
        assert row(pilot, "Subject").endswith("Letter 9")
    async with reading(paths, root, keymap="pine") as pilot:
        await press(pilot, "i", "d", "up", "u")
        assert selected(pilot) == "Letter 6"


async def test_a_level_that_never_was_a_folder_goes_with_the_last_folder_below_it(tmp_path: Path, paths: Paths) -> None:
    plain = tmp_path / "plain"
    for part in ("cur", "new", "tmp", "Sent/cur", "Sent/new", "Sent/tmp"):
        (plain / part).mkdir(parents=True)
    async with reading(paths, plain) as pilot:
        await press(pilot, "l", "w", *"Sent", "enter", "a", *"Trips/Rome", "enter")
        assert "Created Trips/Rome." in status(pilot)
        assert row(pilot, "Rome")
        await press(pilot, "d", "y")
        assert "Deleted the folder Trips/Rome." in status(pilot)
        assert "Trips" not in "".join(text(pilot.app).splitlines()[:-4])
    assert not (plain / "Trips").exists()
