"""Claims in an outbox that has sent very many letters, beside one that has sent none; and how long it takes to open."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.bench.figures import Figure, Section
from tests.outbox.scene import SetClock, message, store_in
from tests.outbox.store.test_history import OWNER, outbox
from tuimail.outbox.store.enqueue import Incoming

HISTORY = 50_000
CLAIMS = 100
NONE, LONG = "without history", f"{HISTORY:,} letters of history"


def measure(*, runs: int, letters: int) -> list[Section]:
    """Milliseconds on the clock, the middle of many in each run."""
    del letters
    claims: dict[str, list[float]] = {NONE: [], LONG: []}
    openings: dict[str, list[float]] = {NONE: [], LONG: []}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, sent in ((NONE, 0), (LONG, HISTORY)):
            outbox(Path(folder) / name, sent).close()
        for number in range(runs):
            for name in claims:
                claims[name].append(_claim(Path(folder) / name, number))
                openings[name].append(_open(Path(folder) / name))
    return [
        Section(title, [Figure(name, tuple(values), "ms") for name, values in found.items()], versus=NONE)
        for title, found in (("Claiming a letter", claims), ("Opening the outbox", openings))
    ]


def _claim(folder: Path, run: int) -> float:
    """The middle of so many claims, of letters of their own."""
    took = []
    with closing(store_in(folder, SetClock())) as store:
        for number in range(CLAIMS):
            store.enqueue(Incoming(message(1000 + number), composing=f"bench {run} {number}", again=True))
        for _ in range(CLAIMS):
            start = time.perf_counter()
            assert store.claims.claim(OWNER) is not None
            took.append(time.perf_counter() - start)
    return sorted(took)[CLAIMS // 2] * 1000


def _open(folder: Path) -> float:
    start = time.perf_counter()
    store_in(folder, SetClock()).close()
    return (time.perf_counter() - start) * 1000
