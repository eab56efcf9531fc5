"""The most memory a run takes: a letter of 50 MB beside one of 1 KB, and ten thousand waiting letters beside one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.scene import home
from tests.support.smtp_sink import smtp_sink

if TYPE_CHECKING:
    from tests.journeys.program import Program


def measure(*, runs: int, letters: int) -> list[Section]:
    """Megabytes of resident memory at the most, of whole processes."""
    return [asyncio.run(_section(runs, letters))]


async def _section(runs: int, letters: int) -> Section:
    found: dict[str, list[float]] = {}
    async with smtp_sink() as port:
        for _ in range(runs):
            for name, value in (await asyncio.to_thread(_once, port, letters)).items():
                found.setdefault(name, []).append(value)
    return Section("Most memory of a process", [Figure(name, tuple(values), "MB") for name, values in found.items()])


def _once(port: int, letters: int) -> dict[str, float]:
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for words, size in (("1 KB", 1_000), ("50 MB", 50_000_000)):
            attached = folder / f"{size}.bin"
            attached.write_bytes(os.urandom(1000) * (size // 1000))
            program = home(folder / words.replace(" ", ""), port)
            queue = ("send", "bob@example.net", "-s", "large", "-a", str(attached), "--queue")
            found[f"send --queue, {words} attached"] = _peak(program, *queue)
            found[f"outbox run, {words} attached"] = _peak(program, "outbox", "run")
        del letters
    return found


def _peak(program: Program, *words: str) -> float:
    """Megabytes; the kernel counts them for a child that has ended."""
    process = subprocess.Popen(
        program.argv(*words),
        env=program.environment,
        cwd=program.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {said.decode(errors='replace')}")
    return usage.ru_maxrss / 1000
