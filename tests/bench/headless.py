"""What a command without a screen costs, beside an empty Python: processor time of processes that take turns."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.scene import TO, fill, home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.journeys.program import Program

BARE = "python -c pass"
ROWS, SIZE = 30, 2_000
"""Letters in the outbox, and the bytes of each."""


def measure(*, runs: int, letters: int) -> list[Section]:
    """Milliseconds of processor time, best where other work disturbs least: many short runs."""
    del letters
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = home(Path(folder), 9)
        fill(program, ROWS, SIZE)
        commands = {
            BARE: [sys.executable, "-c", "pass"],
            "with argparse and sqlite3": [sys.executable, "-c", "import argparse, sqlite3"],
            "tuimail --help": program.argv("--help"),
            f"outbox list, {ROWS} letters": program.argv("outbox", "list"),
        }
        found: dict[str, list[float]] = {name: [] for name in (*commands, "send --queue, a small letter")}
        for number in range(max(runs, 10)):
            for name, argv in commands.items():
                found[name].append(_processor_time(program, argv))
            send = program.argv("send", "--queue", TO, "-s", f"number {number}")
            found["send --queue, a small letter"].append(_processor_time(program, send, b"hello\n"))
    figures = [Figure(name, tuple(values), "ms") for name, values in found.items()]
    return [Section("A command without a screen, processor time", figures, versus=BARE)]


def _processor_time(program: Program, argv: Sequence[str], data: bytes = b"") -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, env=program.environment, input=data, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
