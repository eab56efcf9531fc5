"""The answer to the dot is lost: the server hangs up instead of giving it, gives it too late, or says nothing.

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
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.proof.witness import Witness

LETTERS = {True: 500, False: 20}
"""Full or quick -> letters in each of the two ways."""

SINKS = {"hangs up": ("-q", "."), "answers too late": ("-p", "-W", ".:600")}
"""Ways of smtp-sink. Without -p it would answer what stands behind a delayed command, which no server may do."""

WAYS = (*SINKS, "says nothing")
"""The last is that of the witness, which offers PIPELINING and answers in order."""

ACCOUNTS = 10
"""So many connections at once, or more."""

TRIES = 40
"""What stood in line behind a lost answer was not sent, and is due again an hour later; so often at most."""


async def lost(folder: Path, port: int, letters: int, server: Witness) -> Figure:
    """Letters to ``port``, where answers are lost; then to a good server."""
    desk = Desk(folder, SetClock())
    desk.queue(letters, "bob@example.net", accounts=ACCOUNTS)
    for _ in range(TRIES):
        await desk.send(lambda account: submitter(port, timeouts=replace(PATIENT, commit=0.5)))
        if desk.states()[ItemState.UNCERTAIN] == letters:
            break
        desk.clock.move(3600)
    flagged = desk.states()[ItemState.UNCERTAIN]
    for seconds in (0.0, 60.0, 86_400.0):
        desk.clock.move(seconds)
        await desk.send(lambda account: submitter(server.port))
    states = desk.states()
    failures = () if flagged == states[ItemState.UNCERTAIN] == letters else (f"not all are flagged: {dict(states)}",)
    return Figure(lost=letters - states.total(), doubled=len(server.taken()), flagged=flagged, failures=failures)


async def at_sink(folder: Path, way: str, letters: int, server: Witness) -> Figure:
    """The same, at smtp-sink."""
    async with smtp_sink(*SINKS[way]) as port:
        return await lost(folder, port, letters, server)


def ways(letters: int, folder: Path, chosen: Sequence[str]) -> Figure:
    """Some of the ways."""
    figures = [Figure()]
    stop = folder / "stop"
    stop.touch()
    for way in chosen:
        with witness(folder / f"good after {way}") as server, witness(folder / "silent", stop_at_dot=stop) as silent:
            outbox = folder / way
            if way in SINKS:
                figure = finished(at_sink(outbox, way, letters, server))
            else:
                figure = finished(lost(outbox, silent.port, letters, server))
                again = len(silent.taken()) - len({each.message_id for each in silent.taken()})
                figure += Figure(doubled=again)
            figures.append(figure.at(way))
    return total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    letters = LETTERS[full]
    with workshop() as folder:
        figures = spread(partial(ways, letters), WAYS, folder)
    return total([Figure(f"{len(WAYS)} x {plural(letters, 'letter')}"), *figures])


RIG = Rig(
    "replies",
    "the answer to the dot is lost (the server hangs up, is too late, says nothing): none goes again",
    run,
    lambda: "" if PROGRAM.exists() else "smtp-sink is not installed",
)
