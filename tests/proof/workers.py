"""Work spread over the processors, by forked processes: the rigs have no threads."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

import contextlib
import shutil

T = TypeVar("T")
R = TypeVar("R")

JOBS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1))


@contextlib.contextmanager
def workshop(*, memory: bool = True) -> Iterator[Path]:
    """A folder for a rig; in ``memory`` where there is one: a killed process leaves the same there as on a disk."""
    shm = Path("/dev/shm")
    where = shm if memory and os.access(shm, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="tuimail-proof-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spread(work: Callable[[Path, Sequence[T]], R], points: Sequence[T], folder: Path, jobs: int = JOBS) -> list[R]:
    """Call ``work`` with a share of ``points`` in each of ``jobs`` processes, each with a folder of its own.

    Raises:
        RuntimeError: one of them failed; the text is its traceback.
    """
    children = []
    sys.stdout.flush()
    sys.stderr.flush()
    for number in range(min(jobs, len(points))):
        place = folder / f"worker{number}"
        place.mkdir()
        pid = os.fork()
        if pid == 0:
            try:
                said: tuple[bool, object] = (True, work(place, points[number::jobs]))
            except BaseException:  # noqa: BLE001  told to the parent
                said = (False, traceback.format_exc())
            try:
                (place / "result").write_bytes(pickle.dumps(said))
            finally:
                os._exit(0)
        children.append((pid, place))
    results = []
    for pid, place in children:
        os.waitpid(pid, 0)
        fine, value = pickle.loads((place / "result").read_bytes())
        if not fine:
            raise RuntimeError(value)
        results.append(value)
    return results
