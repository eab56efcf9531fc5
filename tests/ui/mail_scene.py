"""A running app on a Maildir of a few messages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.engine.mail_support import make_maildir, put_message, with_maildir
from tests.ui.real_engine import SceneEngine
from tests.ui.scene import NOW, config
from tests.ui.screen_text import lines, settle
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any

    from textual.pilot import Pilot

    from tuimail.paths import Paths

FOLDERS = ("Archive", "Trash", "Junk", "Sent", "Lists.Rust")


def make_mail(root: Path, count: int = 12) -> Path:
    """A Maildir: the first half of its messages is read, some belong to one thread."""
    made = make_maildir(root, *FOLDERS)
    for number in range(count):
        flags = "S" if number < count // 2 else ""
        refs = "<m2@example.org>" if number in (5, 8) else ""
        put_message(made, f"m{number}", f"Letter {number}", flags=flags, refs=refs, arrived=int(NOW) - 90_000 + number)
    put_message(made / ".Lists.Rust", "rust", "A note on Rust", new=True, arrived=int(NOW) - 50)
    return made


@asynccontextmanager
async def reading(
    paths: Paths, root: Path, *, keymap: str = "pine", size: tuple[int, int] = (80, 24), **settings: Any
) -> AsyncIterator[Pilot[int]]:
    """The app, when the Maildir has been read."""
    engine = scene_engine(paths, root, keymap=keymap, **settings)
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=size) as pilot:
            await app.startup.ready.wait()
            await settle(pilot)
            yield pilot
    finally:
        await engine.stop()


def scene_engine(paths: Paths, root: Path, *, keymap: str = "pine", **settings: Any) -> SceneEngine:
    """The engine of an account with this Maildir, not started."""
    return SceneEngine(paths, settings=with_maildir(config(keymap=keymap), root, **settings))


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Type keys and wait until all is done."""
    await pilot.press(*keys)
    await settle(pilot)


def row(pilot: Pilot[int], words: str) -> str:
    """The line of the screen that has these words; empty if there is none."""
    return next((line for line in lines(pilot.app) if words in line), "")


def status(pilot: Pilot[int]) -> str:
    """What the status line says."""
    return str(pilot.app.screen.status.text)  # type: ignore[attr-defined]


def selected(pilot: Pilot[int]) -> str:
    """The subject of the message under the cursor."""
    entry = pilot.app.screen.entry  # type: ignore[attr-defined]
    return "" if entry is None else str(entry.row.subject)
