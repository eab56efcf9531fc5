"""What "queued" costs: a letter stored durably, beside the bare fsyncs it needs on the same disk."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure, Section
from tests.bench.scene import content, fill, home

SIZE = 10_000
FSYNCS = 7
"""Of an enqueue: the letter, its folder, and five of the index's commit."""


def measure(*, runs: int, letters: int) -> list[Section]:
    """Milliseconds a letter, from "send" to durable."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            took = sorted(fill(home(Path(folder), 9), letters, SIZE))
            ours.append(took[len(took) // 2] * 1000)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            took = sorted(_bare(Path(folder), number) for number in range(letters))
            bare.append(took[len(took) // 2] * 1000)
    figures = [
        Figure("tuimail, until it says queued", tuple(ours), "ms"),
        Figure(f"{FSYNCS} bare fsyncs and a rename", tuple(bare), "ms"),
    ]
    return [Section(f"Queueing a letter of {SIZE // 1000} KB", figures, versus=figures[1].name)]


def _bare(folder: Path, number: int) -> float:
    """The same writes and fsyncs without a program around them: file, rename, folder, and a journalled page."""
    data = content(number, SIZE)
    page = bytes(4096)
    start = time.perf_counter()
    making, made = folder / f".{number}", folder / f"{number}.letter"
    _synced(making, data)
    making.rename(made)
    _sync_folder(folder)
    journal = folder / "journal"
    _synced(journal, page * 3)
    _synced(journal, page[:512])
    _sync_folder(folder)
    _synced(folder / "index", page * 3)
    descriptor = os.open(journal, os.O_WRONLY | os.O_TRUNC)
    os.fsync(descriptor)
    os.close(descriptor)
    return time.perf_counter() - start


def _synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
