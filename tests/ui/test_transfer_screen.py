"""Messages are moved and copied to another account from the index and the message, with both keymaps."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message, with_maildir
from tests.ui.mail_scene import make_mail, press, row, status
from tests.ui.real_engine import SceneEngine
from tests.ui.scene import NOW, config
from tests.ui.screen_text import settle, text
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.paths import Paths


@asynccontextmanager
async def two_accounts(paths: Paths, tmp_path: Path, keymap: str) -> AsyncIterator[Pilot[int]]:
    """The app on a Maildir with a trash, and on another one without."""
    settings = with_maildir(config(keymap=keymap), make_mail(tmp_path / "work"))
    home = make_maildir(tmp_path / "home", "Family")
    put_message(home, "h1", "From home", arrived=int(NOW) - 100)
    engine = SceneEngine(paths, settings=with_maildir(settings, home, "home"))
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await app.startup.ready.wait()
            await settle(pilot)
            yield pilot
    finally:
        await engine.stop()


def count(root: Path) -> int:
    return len(list(root.glob("cur/*")) + list(root.glob("new/*")))


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_moved_to_another_account_offered_again_and_undone(paths: Paths, tmp_path: Path, keymap: str) -> None:
    family, trash = tmp_path / "home" / ".Family", tmp_path / "work" / ".Trash"
    async with two_accounts(paths, tmp_path, keymap) as pilot:
        await press(pilot, "i", "s", *"fam", "tab")
        assert "home:Family" in text(pilot.app)
        await press(pilot, "enter")
        assert "Moved to home:Family" in status(pilot)
        await pilot.app.engine.mail.replay()  # type: ignore[attr-defined]
        await pilot.app.engine.mail.replay()  # type: ignore[attr-defined]
        assert (count(family), count(trash)) == (1, 1)
        await press(pilot, "s")
        assert "home:Family" in text(pilot.app), "it is offered again"
        await press(pilot, "escape" if keymap == "mutt" else "ctrl+c")
        await press(pilot, "u")
        await pilot.app.engine.mail.replay()  # type: ignore[attr-defined]
        assert (count(family), count(trash)) == (0, 0)
        assert row(pilot, "Letter 6")


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_where_there_is_no_trash_it_is_asked_first(paths: Paths, tmp_path: Path, keymap: str) -> None:
    home = tmp_path / "home"
    go = ("g", *"home/INBOX", "enter") if keymap == "pine" else ("c", *"home/INBOX", "enter")
    async with two_accounts(paths, tmp_path, keymap) as pilot:
        await press(pilot, "i", *go)
        await press(pilot, "s", *"work:Archive", "enter")
        assert "There is no trash in home to undo this from" in text(pilot.app)
        await press(pilot, "n")
        assert status(pilot) == "Nothing was changed."
        await press(pilot, "s", "enter", "y")
        assert "Moved to work:Archive" in status(pilot)
        await pilot.app.engine.mail.replay()  # type: ignore[attr-defined]
        await pilot.app.engine.mail.replay()  # type: ignore[attr-defined]
        assert (count(home), count(tmp_path / "work" / ".Archive")) == (0, 1)
