"""Mail comes and goes between what is drawn and the key: what the key does is done to what was under the cursor."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import put_message
from tests.ui.mail_scene import make_mail, press, reading, selected, status
from tests.ui.scene import NOW
from tests.ui.screen_text import settle
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.engine.mail_reader import MailReader

LONG_AGO = 1_700_000_000
KEYS = {"marked": ("d",), "archived": ("y",), "moved": ("s", *"Archive", "enter")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_mail(tmp_path / "Maildir")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def subjects_in(folder: Path) -> list[str]:
    """Of the files of a folder."""
    found = []
    for part in ("cur", "new"):
        for path in (folder / part).iterdir():
            (line,) = [each for each in path.read_text().splitlines() if each.startswith("Subject: ")]
            found.append(line.removeprefix("Subject: "))
    return sorted(found)


def remove(root: Path, *subjects: str) -> None:
    """As another program does, long enough ago to be believed at once."""
    for path in [*(root / "cur").iterdir(), *(root / "new").iterdir()]:
        if any(f"Subject: {each}\n" in path.read_text() for each in subjects):
            path.unlink()
    for part in ("cur", "new"):
        os.utime(root / part, (LONG_AGO, LONG_AGO))


def arrive(root: Path, *, old: bool = False) -> None:
    """New mail, which is listed last; ``old`` mail that another program moved here is listed first."""
    for number in range(3):
        put_message(root, f"late{number}", f"Late {number}", arrived=int(NOW) - (99_000 if old else 5) + number)


def among(root: Path) -> None:
    """A neighbour above and one below go, others come above."""
    remove(root, "Letter 5", "Letter 7", "Letter 3")
    arrive(root, old=True)


CHANGES: dict[str, Callable[[Path], None]] = {
    "new mail": arrive,
    "mail above": lambda root: arrive(root, old=True),
    "the one above goes": lambda root: remove(root, "Letter 5"),
    "the one below goes": lambda root: remove(root, "Letter 7"),
    "all others go": lambda root: remove(root, *(f"Letter {number}" for number in range(12) if number != 6)),
    "some come and some go": among,
}


async def synced(pilot: Pilot[int]) -> None:
    """The cache has what the Maildir has; the screen was not told, or is held up."""
    for _ in range(2):
        await pilot.app.engine.mail.look()  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("what", ["marked", "archived", "moved"])
async def test_the_key_is_for_what_was_drawn(paths: Paths, root: Path, change: str, what: str) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i")
        assert selected(pilot) == "Letter 6"
        gate = pilot.app.engine.hold(pilot.app.engine.mail, "index")  # type: ignore[attr-defined]
        CHANGES[change](root)
        await synced(pilot)
        await pilot.press(*KEYS[what])  # the index that is drawn is older than the cache
        gate.open()
        await settle(pilot)
        if what == "marked":
            marks = await pilot.app.engine.mail.query(_marked)  # type: ignore[attr-defined]
            assert marks == ["Letter 6"]
            assert subjects_in(root / ".Archive") == []
        else:
            assert subjects_in(root / ".Archive") == ["Letter 6"]


def _marked(reader: MailReader) -> list[str]:
    with reader.mail("work").cache.reading() as db:
        return [subject for (subject,) in db.execute("SELECT subject FROM message WHERE flags & 8 <> 0")]


@pytest.mark.parametrize("what", ["archived", "moved"])
async def test_what_is_gone_is_told_and_nothing_else_is_touched(paths: Paths, root: Path, what: str) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i")
        gate = pilot.app.engine.hold(pilot.app.engine.mail, "index")  # type: ignore[attr-defined]
        remove(root, "Letter 6")
        await synced(pilot)
        await pilot.press(*KEYS[what])
        gate.open()
        await settle(pilot)
        assert "gone" in status(pilot) or "no message" in status(pilot).lower()
        assert subjects_in(root / ".Archive") == []
        assert len(subjects_in(root)) == 11
        assert selected(pilot) == "Letter 7", "the cursor goes on"


async def test_a_message_that_is_open_is_not_mistaken_for_the_row_it_was_on(paths: Paths, root: Path) -> None:
    async with reading(paths, root) as pilot:
        await press(pilot, "i", "enter")
        gate = pilot.app.engine.hold(pilot.app.engine.mail, "index")  # type: ignore[attr-defined]
        among(root)
        await synced(pilot)
        await pilot.press("y")
        gate.open()
        await settle(pilot)
        assert subjects_in(root / ".Archive") == ["Letter 6"]


@pytest.mark.parametrize("seed", range(4))
async def test_a_session_of_keys_and_changes(paths: Paths, root: Path, seed: int) -> None:
    """Each archive takes the message that was under the cursor, whatever comes and goes between any two keys."""
    chance = random.Random(seed)
    expected: list[str] = []
    async with reading(paths, root) as pilot:
        await press(pilot, "i")
        for step in range(12):
            put_message(root, f"x{step}", f"Extra {step}", arrived=int(NOW) - chance.choice((99_999, 89_995, 5)))
            chosen = selected(pilot)
            others = [each for each in subjects_in(root) if each != chosen]
            gone = chance.sample(others, min(len(others), chance.randrange(2)))
            remove(root, *gone)
            gate = None
            if chance.random() < 0.5:
                gate = pilot.app.engine.hold(pilot.app.engine.mail, "index")  # type: ignore[attr-defined]
                await synced(pilot)
            if chance.random() < 0.5 and chosen:
                there = chosen in subjects_in(root)  # it may have gone before, and still be drawn
                await pilot.press("y")
                expected += [chosen] if there else []
            else:
                await pilot.press(chance.choice(("n", "p")))
            if gate is not None:
                gate.open()
            await settle(pilot)
        assert subjects_in(root / ".Archive") == sorted(expected)
