"""From the command to the first screen, and what a key costs in every list and in the composer: processor time.

Processor time of the program, not what passes on the clock, so that other work on the machine counts for little. A
bare Textual program in the same terminal, started in turns with tuimail, is what the start is compared with.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.scene import TO, home
from tests.bench.terminal import marked_row, terminal
from tests.support.smtp_sink import smtp_sink
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    import pyte

    from tests.journeys.program import Program

BARE = """
from textual.app import App
from textual.widgets import Label

class Bare(App):
    ENABLE_COMMAND_PALETTE = False
    def compose(self):
        yield Label("READY")

Bare().run()
"""
BARE_NAME = "a bare Textual program"
DOWN, UP = b"\x1b[B", b"\x1b[A"
PRESSES = 40
ROWS = 300
"""Letters in the outbox."""
MORE = """
[accounts.club]
address = "ada@club.example"
submission.command = ["/usr/sbin/sendmail", "-oi"]
[ui]
keymap = "pine"
"""
LINE = "All work and no play makes Jack a dull boy, all day long.\n"
PLACES = {"main menu": b"", "outbox": b"o", "sent": b"t", "drafts": b"d", "accounts": b"a"}
"""Lists, and the key that leads there from the main menu."""


def measure(*, runs: int, letters: int) -> list[Section]:
    """Milliseconds of processor time."""
    del letters
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sizes = {"1 KB": 1_000, "1 MB": 1_000_000}
        program = asyncio.run(_filled(Path(folder), sizes.values()))
        return [_starts(program, max(runs, 5)), _keys(program, runs, tuple(sizes))]


async def _filled(folder: Path, sizes: Iterable[int]) -> Program:
    """Rows in every list.

    Letters that were sent, held letters, for which nothing is done beside the keys, and one draft of each size, the
    last one on top.
    """
    async with smtp_sink() as sink:
        program = home(folder, sink, more=MORE)
        await _enqueue(program, ROWS, held=False)
        await asyncio.to_thread(program.run, "outbox", "run")
    await _enqueue(program, ROWS, held=True)
    async with _engine(program) as engine:
        for at, size in enumerate(sizes):
            body = LINE * (size // len(LINE))
            await engine.drafts.save(Draft(account="work", subject=f"Draft {at}", body=body, postponed=True))
    return program


async def _enqueue(program: Program, count: int, *, held: bool) -> None:
    async with _engine(program) as engine:
        for number in range(count):
            draft = Draft(account="work", to=TO, subject=f"Letter {number}, {held}", body=LINE * 10)
            await engine.drafts.enqueue(draft, held=held)


@asynccontextmanager
async def _engine(program: Program) -> AsyncIterator[Engine]:
    engine = Engine(load(program.paths), program.paths)
    await engine.start(run_outbox=False)
    try:
        yield engine
    finally:
        await engine.stop()


def _starts(program: Program, runs: int) -> Section:
    programs = {BARE_NAME: ([sys.executable, "-c", BARE], "READY"), "tuimail": (program.argv(), "OUTBOX")}
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, (argv, words) in programs.items():
            with terminal(argv, program.environment) as screen:
                screen.wait(partial(_shows, words))
                found[name].append(screen.processor_time * 1000)
    figures = [Figure(name, tuple(values), "ms") for name, values in found.items()]
    return Section("From the command to the first screen, processor time", figures, versus=BARE_NAME)


def _shows(words: str, shown: pyte.Screen) -> bool:
    return any(words in line for line in shown.display)


def _keys(program: Program, runs: int, sizes: Sequence[str]) -> Section:
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        for place, way in PLACES.items():
            _add(found, place, _presses(program, [way] if way else [], (DOWN, UP)))
        for at, size in enumerate(reversed(sizes)):
            opening = [b"d", *[DOWN] * at, b"\r"]
            _add(found, f"a letter typed into {size}", _presses(program, opening, (b"q", b"w")))
    return Section("A key, processor time", [Figure(name, tuple(values), "ms") for name, values in found.items()])


def _add(found: dict[str, list[float]], place: str, took: list[float]) -> None:
    ordered = sorted(took)
    for part, share in (("p50", 0.5), ("p95", 0.95)):
        found.setdefault(f"{place}, {part}", []).append(ordered[int(share * (len(ordered) - 1))] * 1000)


def _presses(program: Program, opening: Sequence[bytes], keys: tuple[bytes, bytes]) -> list[float]:
    """Processor time of each of PRESSES keys, on the screen that ``opening`` leads to."""
    with terminal(program.argv(), program.environment) as screen:
        screen.wait(lambda shown: marked_row(shown) > 0)
        screen.settle()
        for key in opening:
            screen.press(key)
            screen.settle(0.6)
        took = []
        for number in range(PRESSES):
            before = screen.processor_time
            screen.press(keys[number % 2])
            screen.settle(0.06)
            took.append(screen.processor_time - before)
        return took
