"""How fast a queue is handed over: 10 KB letters to smtp-sink, without delay and with a round trip of 50 ms."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.line import delayed
from tests.bench.peers import PEERS, Peer
from tests.bench.scene import fill, home
from tests.support.smtp_sink import smtp_sink

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 10_000


def _tuimail(connections: int) -> Peer:
    def send(folder: Path, port: int, letters: int, size: int) -> float:
        program = home(folder, port, connections=connections)
        fill(program, letters, size)
        start = time.perf_counter()
        ran = program.run("outbox", "run", seconds=600)
        took = time.perf_counter() - start
        left = program.items(everything=False)
        if ran.code or left:
            raise RuntimeError(f"tuimail left {len(left)} letters: {ran.err}")
        return took

    plural = "s" if connections > 1 else ""
    return Peer(f"tuimail, {connections} connection{plural}", send, each_alone=False, needs="sh")


def measure(*, runs: int, letters: int) -> list[Section]:
    """One table for each delay."""
    return [asyncio.run(_section(delay, runs, letters)) for delay in (0, 50)]


async def _section(delay: int, runs: int, letters: int) -> Section:
    found: dict[str, list[float]] = {}
    notes: dict[str, str] = {}
    peers = [each for each in (_tuimail(4), _tuimail(1), *PEERS) if each.here]
    # 1,000 letters of smtp-source on one session take minutes where each costs four round trips.
    slow = {each.name: each.each_alone or (delay and not each.name.startswith("tuimail")) for each in peers}
    async with smtp_sink() as sink:
        for _ in range(runs):
            for peer in peers:
                count = max(10, letters // (100 if peer.each_alone and delay else 10)) if slow[peer.name] else letters
                notes[peer.name] = f"{count:,} letters"
                seconds = await asyncio.to_thread(_run, peer, sink, delay, count)
                found.setdefault(peer.name, []).append(count / seconds)
    figures = [Figure(name, tuple(values), "letters/s", notes[name]) for name, values in found.items()]
    return Section(f"Draining a queue, round trip {delay} ms", figures, versus="msmtp-queue")


def _run(peer: Peer, sink: int, delay: int, count: int) -> float:
    with _folder() as folder, delayed(sink, delay) as port:
        return peer.send(folder, port, count, SIZE)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)
