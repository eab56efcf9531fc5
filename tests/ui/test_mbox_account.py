"""An account in an mbox on the screens: read like any other, and what would change it is refused in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.engine.mail_support import Changes
from tests.ui.reading import INBOX, Walk, press
from tests.ui.real_engine import SceneEngine
from tests.ui.scene import config
from tests.ui.screen_text import settle, text
from tuimail.config.model import ReadingSettings
from tuimail.mail.flags import SEEN
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowMessage

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.config.model import Config
    from tuimail.paths import Paths

LETTER = """From ada@example.org Thu Oct  1 10:00:00 2026
From: Ada <ada@example.org>
Subject: The mill
Message-ID: <1@example.org>

The barrel is at the mill.

"""


def settings(path: Path) -> Config:
    made = config()
    accounts = {**made.accounts, "work": replace(made.accounts["work"], mbox=path)}
    return replace(made, accounts=accounts, reading=ReadingSettings(mark_seen=0))


async def test_a_message_is_read_and_not_changed(paths: Paths, tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    path.write_text(LETTER)
    engine = SceneEngine(paths, settings=settings(path))
    changes = Changes(engine)
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await settle(pilot)
            index = await changes.until(lambda index: index.count == 1, INBOX)
            screen: Any = app.navigation.open(ShowMessage(Walk(index)))
            await settle(pilot)
            assert "The barrel is at the mill." in text(app)
            assert "read only" not in text(app), "reading it is no change"
            await press(pilot, "d")
            assert "The mbox of work is read only." in text(app)
            assert screen.is_current
            assert not (await changes.index(INBOX)).entries(0, 1)[0].row.flags & SEEN  # type: ignore[union-attr]
    finally:
        await engine.stop()
    assert read(path) == LETTER


def read(path: Path) -> str:
    return path.read_text()
