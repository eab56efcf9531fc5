"""From a key to the changed screen in the main menu and the composer: idle, and while the app drains a long queue."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.line import delayed
from tests.bench.scene import fill, home
from tests.bench.terminal import Terminal, marked_row, terminal
from tests.support.smtp_sink import smtp_sink

if TYPE_CHECKING:
    import pyte

DOWN, UP = b"\x1b[B", b"\x1b[A"
PRESSES = 60
SIZE = 10_000


def measure(*, runs: int, letters: int) -> list[Section]:
    """p50 and p95 in milliseconds."""
    return [asyncio.run(_section(runs, letters))]


async def _section(runs: int, letters: int) -> Section:
    found: dict[str, list[float]] = {}
    async with smtp_sink() as sink:
        for _ in range(runs):
            for name, queued in (("idle", 0), ("draining", letters)):
                for place, took in (await asyncio.to_thread(_once, sink, queued)).items():
                    ordered = sorted(took)
                    for part, share in (("p50", 0.5), ("p95", 0.95)):
                        value = ordered[int(share * (len(ordered) - 1))] * 1000
                        found.setdefault(f"{place}, {name}, {part}", []).append(value)
    return Section("From key to screen", [Figure(name, tuple(values), "ms") for name, values in found.items()])


def _once(sink: int, letters: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, delayed(sink, 20) as port:
        program = home(Path(folder), port)
        if letters:
            fill(program, letters, SIZE)
        with terminal(program.argv(), program.environment) as screen:
            screen.wait(lambda shown: marked_row(shown) > 0)
            if not letters:
                screen.settle()
            moving = [_moved(screen, DOWN if number % 2 else UP) for number in range(1, PRESSES + 1)]
            screen.press(b"c")
            screen.wait(lambda shown: any("Subject" in line for line in shown.display))
            screen.press(b"\t" * 4)
            typing = [_typed(screen, number) for number in range(PRESSES)]
            busy = "" if not letters else program.run("outbox", "list", "--json").out
        if letters and not busy.strip("[]\n "):
            raise RuntimeError("the queue was through before the keys were: give more letters")
    return {"main menu, next line": moving, "composer, a letter": typing}


def _moved(screen: Terminal, key: bytes) -> float:
    before = marked_row(screen.screen)
    screen.press(key)
    return screen.wait(lambda shown: marked_row(shown) not in (before, -1))


def _typed(screen: Terminal, number: int) -> float:
    letter = "qwertzuiop"[number % 10]
    before = _body(screen.screen).count(letter)
    screen.press(letter.encode())
    return screen.wait(lambda shown: _body(shown).count(letter) > before)


def _body(shown: pyte.Screen) -> str:
    """What stands between the composer's header and its keys."""
    return "".join(shown.display[7:-4])
