"""Keys that mutt's index and pager have and pine does not: its lists scroll, and a message can be asked about."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.ui.mail_scene import make_mail, press, reading, row, selected, status
from tests.ui.screen_text import text
from tuimail.compose.correspondents import Correspondents
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from textual.pilot import Pilot

WITH_A_FILE = b"""\
From: Kim <kim@example.net>
To: me@example.org
Subject: Minutes
X-Mailer: pigeon 3
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

See the minutes.
--b
Content-Type: text/csv; name=minutes.csv
Content-Disposition: attachment; filename=minutes.csv

1,2
--b--
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_mail(tmp_path / "Maildir", 40)
    (made / "cur" / "minutes:2,").write_bytes(WITH_A_FILE)
    return made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def places(pilot: Pilot[int]) -> tuple[int, int, int]:
    """First line on the screen, selected line, lines of a page."""
    shown: Any = pilot.app.screen.list  # type: ignore[attr-defined]
    return shown.first_seen, shown.cursor, shown.page


async def test_lists_scroll_by_half_a_page_and_by_lines(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "=")
        _, _, page = places(pilot)
        await press(pilot, "greater_than_sign")
        assert places(pilot)[:2] == (1, 1)
        await press(pilot, "J", "J", "less_than_sign")
        assert places(pilot)[:2] == (0, 3)
        await press(pilot, "less_than_sign")
        assert places(pilot)[:2] == (0, 3)
        assert "nothing further up" in status(pilot)
        await press(pilot, "right_square_bracket")
        assert places(pilot)[:2] == (page // 2, page // 2)
        await press(pilot, "left_square_bracket")
        assert places(pilot)[:2] == (0, page // 2)
        await press(pilot, "left_square_bracket")
        assert places(pilot)[:2] == (0, 0)
        await press(pilot, *["right_square_bracket"] * 6)
        assert places(pilot)[:2] == (41 - page, 40)


async def test_files_are_listed_from_the_index(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "/", *"Minutes", "enter")
        assert selected(pilot) == "Minutes"
        await press(pilot, "v")
        assert "ATTACHMENTS" in text(pilot.app)
        assert row(pilot, "minutes.csv")
        await press(pilot, "q")
        assert selected(pilot) == "Minutes"
        await press(pilot, "/", *"Letter 3", "enter", "v")
        assert "has no attachments" in status(pilot)


async def test_h_opens_the_message_with_its_whole_header(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "/", *"Minutes", "enter", "enter")
        assert "MESSAGE TEXT" in text(pilot.app)
        assert not row(pilot, "pigeon 3")
        await press(pilot, "q", "h")
        assert row(pilot, "pigeon 3")
        await press(pilot, "h")
        assert not row(pilot, "pigeon 3")


@pytest.mark.parametrize("opened", [(), ("enter",)])
async def test_the_senders_address_is_shown_and_remembered(paths: Paths, root: Path, opened: tuple[str, ...]) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "/", *"Minutes", "enter", *opened, "@")
        assert status(pilot) == "Kim <kim@example.net>"
        await press(pilot, "a")
        assert "Remembered Kim <kim@example.net>" in status(pilot)
    with closing(Correspondents(paths.correspondents)) as known:
        assert known.complete("ki") == ["Kim <kim@example.net>"]


async def test_pine_takes_the_addresses_of_tagged_messages(paths: Paths, root: Path) -> None:
    bad = b"From: nobody\nSubject: No address\n\ntext\n"
    (root / "cur" / "bad:2,").write_bytes(bad)
    async with reading(paths, root) as pilot:
        await press(pilot, "i", ";", "m", *"Minutes", "enter", "a", "t")
        assert "Remembered Kim" in status(pilot)
        await press(pilot, "w", *"No address", "enter", "t")
        assert "no address to write to" in status(pilot)
    with closing(Correspondents(paths.correspondents)) as known:
        assert known.latest() == ["Kim <kim@example.net>"]


async def test_a_full_stop_says_where_new_mail_is(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", ".")
        assert status(pilot) == "Unread mail in INBOX (21), Lists/Rust (1)."
        await press(pilot, "y", ".")
        assert status(pilot) == "Unread mail in INBOX (21), Lists/Rust (1)."


async def test_the_limit_is_shown(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "alt+l")
        assert status(pilot) == "The index is not limited."
        await press(pilot, "l", *"~s Minutes", "enter", "alt+l")
        assert status(pilot) == "Limited to: ~s Minutes."


async def test_editing_what_was_received_begins_a_new_letter(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "/", *"Minutes", "enter", "e")
        assert "is not changed" in text(pilot.app)
        await press(pilot, "n")
        assert selected(pilot) == "Minutes"
        await press(pilot, "enter", "e", "y")
        assert "COMPOSE" in text(pilot.app)
        assert row(pilot, "See the minutes.")
        await press(pilot, "ctrl+c", "y", "q")


async def test_a_limit_by_the_number_of_files_counts_them(paths: Paths, root: Path) -> None:
    async with reading(paths, root, keymap="mutt") as pilot:
        await press(pilot, "i", "l", *"~X 1", "enter")
        assert row(pilot, "Minutes")
        assert not row(pilot, "Letter 3")
        await press(pilot, "l", "ctrl+u", *"~X 2-", "enter")
        assert not row(pilot, "Minutes")
