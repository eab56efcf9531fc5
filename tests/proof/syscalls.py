"""Killed at every call that writes: strace ends the process on entering the n-th call that changes a disk or talks.

Each kind of call (pwrite64, fsync, rename, sendto, ...) is a sweep, because strace counts each by itself. The letter is
queued by one process and sent by another.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import LARGE, ONE, THREE, Case, queue, reckon, told
from tests.proof.straced import DISK, SERVER, counted, missing, traced
from tests.proof.witness import sealed, witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.proof.household import Household
    from tests.proof.straced import Traced

SIZES = {True: ((THREE, 1), (ONE, 1), (LARGE, 4)), False: ((THREE, 31),)}
"""Full or quick -> each case, and every which call of it."""

QUEUE, SEND = "queue", "send"


def step(home: Household, case: Case, number: int, which: str, calls: str, inject: str = "") -> Traced:
    """Queue or send the letter under strace."""
    if which == QUEUE:
        words = ("send", "--queue", *case.to(number), "-s", f"letter {number}")
        return traced(home, words, calls, inject, text=sealed(number, case.size))
    return traced(home, ("outbox", "run"), calls, inject)


def points(case: Case, folder: Path, calls: str = f"{DISK},{SERVER}") -> list[tuple[str, str, int]]:
    """(step, call, n) for every call there is, those of ``calls``."""
    with witness(folder / "counting") as server:
        home = household(folder / "counted", server.port)
        found = []
        for which in (QUEUE, SEND):
            run = step(home, case, 0, which, calls)
            assert run.ran.code == 0, run.ran
            found += [(which, call, number) for call, number in counted(run)]
    return found


def killed_at(case: Case, folder: Path, chosen: Sequence[tuple[str, str, int]]) -> tuple[int, Figure]:
    """Kill at each of the ``chosen`` calls; how often it came to that, and the sum of the reckonings."""
    figures, kills = [Figure()], 0
    with witness(folder / "ledger") as server:
        for number, (which, calls, call) in enumerate(chosen):
            since = server.mark()
            home = household(folder / str(number), server.port)
            letters = int(queue(home, case, number)) if which == SEND else 0
            run = step(home, case, number, which, calls, f"signal=SIGKILL:when={call}")
            letters += told(run.ran)
            kills += run.ran.code < 0
            figure = reckon(home, server, since=since, letters=letters)
            figures.append(figure.at(f"{case.name}, {which}, {calls} {call}"))
    return kills, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    figures, kills = [], 0
    with workshop() as folder:
        for case, every in SIZES[full]:
            place = folder / case.name
            place.mkdir()
            for killed, figure in spread(partial(killed_at, case), points(case, place)[::every], place):
                kills += killed
                figures.append(figure)
    return total([Figure(plural(kills, "kill")), *figures])


RIG = Rig(
    "syscalls", "killed at every call that writes (strace): the same letters, every 4th call with 10 MB", run, missing
)
