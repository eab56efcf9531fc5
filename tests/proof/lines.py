"""Killed at every line: a child ends itself, without any tidying up, before it executes the n-th line of outbox/.

With one recipient a line counts once; with three, once in each step of a letter's life (claim, touching, committing,
...) that executes it, since what is left behind depends on both. One process queues the letter, another sends it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tuimail.outbox
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import LARGE, ONE, THREE, Case, queue, reckon
from tests.proof.witness import witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

ROOM = str(Path(tuimail.outbox.__file__).parent)

STEPS = {"enqueue", "recover", "claim", "touching", "committing", "record", "claim_filing", "record_filing", "close"}
"""Names of functions of outbox/ that begin a step."""

SIZES = {True: ((ONE, 1), (THREE, 10), (LARGE, 30)), False: ((ONE, 330), (THREE, 610))}
"""Full or quick -> each case, and every which line of it."""


class Tracer:
    """Counts lines; dies at the ``last``."""

    def __init__(self, case: Case, last: int, note: Path | None = None) -> None:
        self._steps = STEPS if case is THREE else ()
        self._last = last
        self._note = note
        self._seen: set[tuple[str, str, int]] = set()
        self._step = ""

    def install(self) -> None:
        """Watch this process from now on."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if frame.f_code.co_name in self._steps:
            self._step = frame.f_code.co_name
        return self._line

    def _line(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            point = (self._step, frame.f_code.co_filename, frame.f_lineno)
            if point not in self._seen:
                self._seen.add(point)
                if len(self._seen) == self._last:
                    os.kill(os.getpid(), signal.SIGKILL)
                if self._note is not None:
                    self._note.write_text(str(len(self._seen)))
        return self._line


def points(case: Case, folder: Path) -> tuple[int, int]:
    """How many lines there are in queueing ``case`` and in sending it."""
    counts = folder / "counted-queueing", folder / "counted-sending"
    with witness(folder / "counting") as server:
        home = household(folder / "counted", server.port)
        assert queue(home, case, 0, Tracer(case, 0, counts[0]).install)
        assert home.forked("outbox", "run", before=Tracer(case, 0, counts[1]).install).code == 0
    queueing, sending = (int(each.read_text()) for each in counts)
    return queueing, sending


def killed_at(case: Case, queueing: int, folder: Path, chosen: Sequence[int]) -> tuple[int, Figure]:
    """Kill at each of the ``chosen`` lines; how often it came to that, and the sum of the reckonings."""
    figures = []
    kills = 0
    with witness(folder / "ledger") as server:
        for point in chosen:
            since = server.mark()
            home = household(folder / str(point), server.port)
            if point <= queueing:
                letters = int(queue(home, case, point, Tracer(case, point).install))
                kills += not letters
            else:
                letters = int(queue(home, case, point))
                kills += (
                    home.forked("outbox", "run", before=Tracer(case, point - queueing).install).code == -signal.SIGKILL
                )
            figure = reckon(home, server, since=since, letters=letters)
            figures.append(figure.at(f"{case.name}, line {point}"))
    return kills, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    figures, kills = [], 0
    with workshop() as folder:
        for case, step in SIZES[full]:
            place = folder / case.name
            place.mkdir()
            queueing, sending = points(case, place)
            for killed, figure in spread(
                partial(killed_at, case, queueing), range(1, queueing + sending + 1, step), place
            ):
                kills += killed
                figures.append(figure)
    return total([Figure(plural(kills, "kill")), *figures])


RIG = Rig(
    "lines",
    "killed at every line of `outbox/`; 3 recipients, one deferred, at every 10th of each step; 10 MB at every 30th",
    run,
)
