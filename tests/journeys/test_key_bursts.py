"""Keys typed faster than the screens open: whole dialogues, written to a real terminal, in both keymaps.

Nothing typed may be lost, overtake what was typed before it, or reach another screen than it was typed for. The other
paces of each keymap are tried with ``-m slow``.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench.scene import content, message
from tests.bench.terminal import Terminal, terminal
from tests.journeys.program import Program, account
from tests.support.loopback import free_ports
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.ui.commands.table import BY_ID

if TYPE_CHECKING:
    from pathlib import Path

PACES = (0.0, 0.005, 0.02, 0.06)
"""Seconds from key to key; 0: all in one write."""
QUICK = {("pine", 0.0), ("pine", 0.02), ("mutt", 0.005), ("mutt", 0.06)}
KEYMAPS_AND_PACES = [
    pytest.param(keymap, pace, marks=() if (keymap, pace) in QUICK else pytest.mark.slow)
    for keymap in ("pine", "mutt")
    for pace in PACES
]

SUBJECTS = tuple(f"Letter {number}" for number in range(6))

_BYTES = {"enter": b"\r", "semicolon": b";", "plus": b"+", "comma": b","}

UP, DOWN, RETURN, TAB = b"\x1b[A", b"\x1b[B", b"\r", b"\t"
MARK, CUT, HOME, CANCEL = b"\x1e", b"\x0b", b"\x01", b"\x03"


@pytest.fixture(params=["pine", "mutt"])
def keymap(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def program(tmp_path: Path, keymap: str) -> Program:
    """A user whose letters wait an hour before they go, so that what the keys made of them stays."""
    program = Program(tmp_path)
    program.configure(
        account(free_ports(1)[0], outbox="undo_seconds = 3600", more='[accounts.work.sent]\ncopy = "none"')
        + f'[ui]\nkeymap = "{keymap}"\n'
    )
    return program


def fill(program: Program) -> None:
    """Letters that are held, in the order of their subjects."""

    async def store() -> None:
        engine = Engine(load(program.paths), program.paths)
        await engine.start(run_outbox=False)
        try:
            for number, _ in enumerate(SUBJECTS):
                letter = message(content(number, 500), number)
                await engine._outbox_store.run(partial(Store.enqueue, letter=Incoming(letter, f"c{number}", held=True)))
        finally:
            await engine.stop()

    asyncio.run(store())


def key(keymap: str, command: str) -> bytes:
    """What a terminal sends for the first key of ``command``."""
    name = BY_ID[command].default_keys(keymap)[0]
    if name.startswith("ctrl+"):
        return bytes([ord(name[-1].upper()) - 64])
    return _BYTES.get(name) or name.encode()


def letters(text: str) -> list[bytes]:
    """One key a character."""
    return [char.encode() for char in text.replace("\n", "\r")]


def started(program: Program) -> Any:
    return terminal(program.argv(), program.environment)


def menu_shown(screen: Terminal) -> None:
    screen.wait(lambda shown: any("MAIN MENU" in line for line in shown.display))


def quitting(keymap: str, command: str = "quit") -> list[bytes]:
    return [key(keymap, command), b"y"]


def writing(keymap: str, subject: str) -> list[bytes]:
    """From the main menu: a letter with a file, text that is cut by line and by mark, sent."""
    return [
        key(keymap, "compose"),
        *letters(f"bob@example.net\n\n~/a.txt\n\n{subject}\none\ntwo\nthree\nfour"),
        UP, UP, CUT, HOME, MARK, DOWN, CUT, *letters("x"), key(keymap, "send"), b"y",
    ]  # fmt: skip


def written(program: Program, subject: str) -> str:
    """The only letter with this subject as it is on the wire."""
    (item,) = [each for each in program.items() if each["subject"] == subject]
    assert [each["address"] for each in item["recipients"]] == ["bob@example.net"]
    ran = program.run("outbox", "show", item["id"], "--raw")
    assert ran.code == 0, ran
    return ran.out


def assert_as_typed(program: Program, subject: str) -> None:
    raw = written(program, subject)
    assert "\none\nxfour\n" in raw.replace("\r\n", "\n")
    assert "two" not in raw
    assert "three" not in raw
    assert 'filename="a.txt"' in raw or "filename=a.txt" in raw


@pytest.mark.parametrize(("keymap", "pace"), KEYMAPS_AND_PACES, indirect=["keymap"])
def test_a_letter_is_written_and_sent_as_typed(program: Program, keymap: str, pace: float) -> None:
    (program.home / "a.txt").write_text("attached\n")
    with started(program) as screen:
        menu_shown(screen)
        screen.type([*writing(keymap, "Soup"), *quitting(keymap)], pace=pace)
        screen.finish()
    assert_as_typed(program, "Soup")


def test_a_file_is_attached_by_tab(program: Program, keymap: str) -> None:
    folder = program.home / "holiday photos"
    folder.mkdir()
    for name in ("beach.txt", "castle.txt"):
        (folder / name).write_text(name)
    with started(program) as screen:
        menu_shown(screen)
        keys = [key(keymap, "compose"), *letters("bob@example.net\n\n~/hol"), TAB, TAB]
        screen.type(keys, pace=0)
        # Two fit: their names, without the folder.
        screen.wait(lambda shown: any(line.strip() == "beach.txt   castle.txt" for line in shown.display))
        keys = [*letters("c"), TAB, RETURN, RETURN, *letters("Photos\nsee"), key(keymap, "send"), b"y"]
        screen.type([*keys, *quitting(keymap)], pace=0)
        screen.finish()
    assert "castle.txt" in written(program, "Photos")


def test_keys_typed_while_the_program_starts_reach_the_screens_they_open(program: Program, keymap: str) -> None:
    (program.home / "a.txt").write_text("attached\n")
    with started(program) as screen:
        screen.type([*writing(keymap, "Early"), *quitting(keymap)], pace=0)
        screen.finish()
    assert_as_typed(program, "Early")


@pytest.mark.parametrize(("keymap", "pace"), KEYMAPS_AND_PACES, indirect=["keymap"])
def test_letters_of_the_outbox_are_steered_as_typed(program: Program, keymap: str, pace: float) -> None:
    fill(program)
    with started(program) as screen:
        menu_shown(screen)
        at = {command: key(keymap, command) for command in ("go-outbox", "drop", "later", "tag", "apply", "hold")}
        keys = [
            at["go-outbox"],
            # The question has the letter that drops: nothing is dropped.
            at["later"], at["drop"], CANCEL,
            at["drop"], at["drop"],
            at["later"], *letters("31 dec\n"),
            DOWN, at["tag"], at["tag"], at["apply"], at["drop"],
        ]  # fmt: skip
        screen.type([*keys, *quitting(keymap, "quit-now")], pace=pace)
        screen.finish()
    left = {item["subject"]: item for item in program.items(everything=False)}
    assert len(left) == 2, left
    (moved,) = [item for item in left.values() if item["not_before"] is not None]
    assert time.gmtime(_seconds(moved["not_before"]))[1:3] == (12, 31)


def _seconds(moment: Any) -> float:
    if isinstance(moment, str):
        from datetime import datetime

        return datetime.fromisoformat(moment).timestamp()
    return float(moment)
