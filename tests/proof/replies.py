"""The answer to the dot is lost: smtp-sink hangs up instead of giving it, or gives it too late.

Every letter has to be shown as uncertain, none may be lost, and none may go again by itself: not at a second start,
not a day later.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.outbox.scene import SetClock
from tests.proof.desk import Desk, finished
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.witness import witness
from tests.proof.workers import spread, workshop
from tests.submission.conftest import PATIENT, submitter
from tests.support.smtp_sink import PROGRAM, smtp_sink
from tuimail.outbox.item import ItemState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.proof.witness import Witness

LETTERS = {True: 500, False: 20}
"""Full or quick -> letters in each of the two ways."""

WAYS = {"hangs up": ("-q", "."), "answers too late": ("-W", ".:600")}
ACCOUNTS = 10
"""So many connections at once."""


async def lost(folder: Path, options: tuple[str, ...], letters: int, server: Witness) -> Figure:
    """Letters to a server whose answers are lost; then to a good one."""
    desk = Desk(folder, SetClock())
    desk.queue(letters, "bob@example.net", accounts=ACCOUNTS)
    async with smtp_sink(*options) as port:
        await desk.send(lambda account: submitter(port, timeouts=replace(PATIENT, commit=0.5)))
    flagged = desk.states()[ItemState.UNCERTAIN]
    for seconds in (0.0, 60.0, 86_400.0):
        desk.clock.move(seconds)
        await desk.send(lambda account: submitter(server.port))
    states = desk.states()
    still = states[ItemState.UNCERTAIN]
    failures = () if still == letters else (f"{letters - still} are not flagged",)
    return Figure(lost=letters - states.total(), doubled=len(server.taken()), flagged=flagged, failures=failures)


def ways(letters: int, folder: Path, chosen: Sequence[str]) -> Figure:
    """Some of the ways."""
    figures = [Figure()]
    for number, way in enumerate(chosen):
        with witness(folder / f"ledger{number}") as server:
            figures.append(finished(lost(folder / way, WAYS[way], letters, server)).at(way))
    return total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    letters = LETTERS[full]
    with workshop() as folder:
        figures = spread(partial(ways, letters), list(WAYS), folder)
    return total([Figure(f"{len(WAYS)} x {plural(letters, 'letter')}"), *figures])


RIG = Rig(
    "replies",
    "the answer to the dot is lost (smtp-sink hangs up, or is too late): none goes again unasked",
    run,
    lambda: "" if PROGRAM.exists() else "smtp-sink is not installed",
)
