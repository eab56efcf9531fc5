"""A disk that refuses: strace makes the kernel answer ENOSPC, EIO or EROFS at the n-th call that changes a disk.

Every other point refuses once, the others twenty times in a row. The program has to say so in a sentence, to claim
nothing it cannot keep, and to be as good as new once the disk is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import ONE, queue, reckon, told
from tests.proof.straced import DISK, missing, traced
from tests.proof.syscalls import QUEUE, SEND, points
from tests.proof.witness import sealed, witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVERY = {True: 1, False: 120}
"""Full or quick -> every which call."""

REFUSALS = ("ENOSPC", "EIO", "EROFS")

SPEED = 20.0
"""The program waits for a full disk by a clock this much faster."""


def refused_at(folder: Path, chosen: Sequence[tuple[str, str, int, str]]) -> tuple[int, Figure]:
    """Refuse at each of the ``chosen`` calls; how often it came to that, and the sum of the reckonings."""
    figures, refusals = [Figure()], 0
    with witness(folder / "ledger") as server:
        for number, (which, name, call, error) in enumerate(chosen):
            since = server.mark()
            home = household(folder / str(number), server.port)
            words: tuple[str, ...] = ("send", "--queue", *ONE.to(number), "-s", f"letter {number}")
            letters = 0
            if which == SEND:
                letters = int(queue(home, ONE, number))
                words = ("outbox", "run")
            once = call % 2 == 0
            when = str(call) if once else f"{call}..{call + 19}"
            run = traced(home, words, name, f"error={error}:when={when}", text=sealed(number), speed=SPEED)
            letters += told(run.ran)
            refusals += run.injected
            failures: tuple[str, ...] = ()
            if which == QUEUE and run.ran.code == 0 and not told(run.ran):
                failures = ("it ended well and said nothing",)
            if run.ran.code and not run.ran.err.strip() and once:  # many in a row refuse its words as well
                failures = (f"it ended with {run.ran.code} and said nothing",)
            figure = reckon(home, server, since=since, letters=letters) + Figure(failures=failures)
            figures.append(figure.at(f"{error} at {which}, {name} {when}"))
    return refusals, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    with workshop() as folder:
        found = points(ONE, folder, DISK)[:: EVERY[full]]
        chosen = [(*each, error) for each in found for error in REFUSALS]
        results = spread(refused_at, chosen, folder)
    refusals = sum(count for count, _ in results)
    return total([Figure(plural(refusals, "refusal")), *(figure for _, figure in results)])


RIG = Rig("disks", "ENOSPC, EIO, EROFS at every call that changes a disk (strace)", run, missing)
