"""Keys that a folder forbids are drawn dim, and say why when they are pressed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tests.ui.mail_scene import press, reading, status
from tests.ui.screen_text import lines
from tuimail.cache.folders import update_mailbox
from tuimail.paths import Paths
from tuimail.ui.text.cells import TextRole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.ui.widgets.key_rows import KeyRows

WIDE = (110, 30)
TAKE = {"delete", "archive", "junk", "save"}
KEYS = {
    "pine": {"folders": "l", "next": "n", "menu": "m", "apply": "a", "tag": ":", "inboxes": "i"},
    "mutt": {"folders": "y", "next": "j", "menu": "M", "apply": ";", "tag": "t", "inboxes": "i"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Archive", "Shared")
    for number in range(2):
        put_message(made, f"m{number}", f"Letter {number}", flags="S")
        put_message(made / ".Shared", f"s{number}", f"Shared {number}", flags="S")
    return made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@asynccontextmanager
async def shared(paths: Paths, root: Path, rights: str, keymap: str) -> AsyncIterator[Pilot[int]]:
    """The app on the folder list, when the server has told the rights of Shared."""
    async with reading(paths, root, keymap=keymap, size=WIDE) as pilot:
        mail = pilot.app.engine.mail  # type: ignore[attr-defined]
        number = await mail.query(lambda reader: reader.mail("work").mailbox("Shared").id)
        await mail.write("work", lambda db: update_mailbox(db, number, rights=rights))
        await press(pilot, KEYS[keymap]["folders"], *(KEYS[keymap]["next"] for _ in range(2)))
        assert pilot.app.screen.selected.folder == "Shared"  # type: ignore[attr-defined]
        yield pilot


def dim(pilot: Pilot[int]) -> set[str]:
    """The commands that are drawn dim, on any page of the key rows; what is in sight is, in its colour."""
    rows: KeyRows = pilot.app.screen.key_rows  # type: ignore[attr-defined]
    found = {each.id for each in rows.entries if not each.enabled}
    role = rows.screen.get_component_rich_style(f"role--{TextRole.DIM}", partial=True).color
    for each in rows.shown:
        if each is not None:
            assert (colour(pilot, each.label) == role) is not each.enabled, each.label
    return found


def colour(pilot: Pilot[int], label: str) -> Any:
    """In which colour a label is drawn."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)[-2:]
    found = [each for strip in strips for each in strip if each.text.strip() == label]
    assert found, (label, lines(pilot.app)[-2:])
    assert found[0].style is not None
    return found[0].style.color


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
@pytest.mark.parametrize(
    ("rights", "forbidden"),
    [
        ("", set()),
        ("lrswitea", set()),
        ("lrsw", TAKE),
        ("lrste", set()),
        ("lr", TAKE | {"flag", "read-folder"}),
    ],
)
async def test_what_a_folder_forbids(paths: Paths, root: Path, rights: str, forbidden: set[str], keymap: str) -> None:
    async with shared(paths, root, rights, keymap) as pilot:
        on_folders = dim(pilot)
        may_rename = not rights or "x" in rights
        assert ({"rename-folder", "delete-folder"} <= on_folders) is not may_rename
        assert ("read-folder" in on_folders) is ("read-folder" in forbidden)
        await press(pilot, "enter")
        expunging = {"expunge"} if forbidden >= TAKE else set()
        assert dim(pilot) & (TAKE | {"flag", "read-folder", "expunge"}) == forbidden | expunging
        assert not dim(pilot) & {"copy", "reply", "forward", "read"}
        await press(pilot, "enter")
        assert dim(pilot) & (TAKE | {"flag"}) == forbidden - {"read-folder"}


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_such_a_key_says_why(paths: Paths, root: Path, keymap: str) -> None:
    async with shared(paths, root, "lr", keymap) as pilot:
        await press(pilot, "enter")
        assert "delete" in dim(pilot)
        await press(pilot, "d")
        assert "The folder Shared can only be read." in status(pilot)
        await press(pilot, "enter", "d")
        assert "The folder Shared can only be read." in status(pilot)


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_one_of_the_tagged_ones_is_enough(paths: Paths, root: Path, keymap: str) -> None:
    keys = KEYS[keymap]
    async with shared(paths, root, "lr", keymap) as pilot:
        await press(pilot, "enter", keys["tag"], keys["apply"])
        assert dim(pilot) >= TAKE
        assert "copy" not in dim(pilot)


async def test_an_mbox_is_only_read(paths: Paths, tmp_path: Path) -> None:
    from tests.ui.real_engine import SceneEngine
    from tests.ui.scene import config
    from tests.ui.screen_text import settle
    from tuimail.ui.app import TuimailApp

    mbox = tmp_path / "mbox"
    mbox.write_text("From a@b Thu Oct  1 10:00:00 2026\nFrom: a@b.example\nSubject: One\n\nText\n\n")
    made = config()
    work = replace(made.accounts["work"], mbox=mbox)
    engine = SceneEngine(paths, settings=replace(made, accounts={**made.accounts, "work": work}))
    app = TuimailApp(engine)
    async with app.run_test(size=WIDE) as pilot:
        try:
            await app.startup.ready.wait()
            await settle(pilot)
            await press(pilot, "i")
            assert dim(pilot) >= TAKE | {"flag"}
        finally:
            await engine.stop()


@pytest.mark.parametrize(("rights", "closed"), [("l", True), ("lp", True), ("lr", False), ("", False)])
async def test_a_folder_that_may_not_be_read_is_not_called_empty(
    paths: Paths, root: Path, rights: str, closed: bool
) -> None:
    for each in (root / ".Shared" / "cur").iterdir():
        each.unlink()
    async with shared(paths, root, rights, "pine") as pilot:
        await press(pilot, "enter")
        shown = "\n".join(lines(pilot.app))
        assert ("does not let you read this folder" in shown) == closed
        assert ("No messages." in shown) != closed
