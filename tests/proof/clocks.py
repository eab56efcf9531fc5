"""Clocks that jump: a day back or ahead, ten years ahead, eight hours of suspend; daylight saving; no hot loop.

A watcher with a letter that was put off and one that is held for later, both seen by its own clock, which runs faster
and jumps in the middle (the suspended one is stopped by SIGSTOP meanwhile). After the jump what is due goes within
60 seconds, what is not stays, and nothing is given up for having been tried too long.
"""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tests.proof import faketime
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import reckon
from tests.proof.witness import sealed, witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.proof.household import Child, Household
    from tests.proof.witness import Witness

ROUNDS = {True: 20, False: 1}
"""Full or quick -> how often each jump."""

SPEED = 15.0
"""Seconds of the watcher's clock in a true one."""

SOON = 60.0
"""What is due goes within so many seconds."""

DAY, YEAR, LATER = 86_400.0, 31_557_600.0, 4 * 3600.0
JUMPS = {
    "a day back": (-DAY, 0.0),
    "a day ahead": (DAY, 0.0),
    "ten years ahead": (10 * YEAR, 0.0),
    "suspended for 8 h": (8 * 3600.0, 8 * 3600.0),
}
"""By which the clock on the wall and the machine's own jump."""

SENT = ("accepted", "done")

HOT = 1.0
"""Connections a second that would be a hot loop."""


def jumped(name: str, home: Household, server: Witness, number: int) -> tuple[str, ...]:
    """One jump; what was wrong."""
    wall, ticks = JUMPS[name]
    said = []
    assert home.forked("send", "--queue", f"later{number}@example.net", "-s", "put off", text=sealed(number)).code == 0
    words = ("send", "--queue", f"bob{number}@example.net", "-s", "held", "--at", _moment(time.time() + LATER))
    assert home.forked(*words, text=sealed(number)).code == 0
    before = partial(faketime.install, speed=SPEED, jump=(wall, ticks))
    watcher = home.start_forked("outbox", "run", "--watch", before=before)
    if not _until(lambda: server.talks >= 1 and _states(home)["put off"] in ("deferred", *SENT), 10.0):
        said.append(f"after {10 * SPEED:.0f} s: {_states(home)}, {server.talks} connections")
    if ticks:
        watcher.kill(signal.SIGSTOP)
    watcher.kill(signal.SIGUSR1)
    watcher.kill(signal.SIGCONT)
    due = 2 if wall >= LATER else 1
    # Put off for a minute or less, so it is due within that by any clock; then it has a minute to go.
    if not _until(lambda: len(server.taken()) >= due, 2.2 * SOON / SPEED):
        said.append(f"{len(server.taken())} of {due} due letters went")
    said += _ended(watcher)
    states = _states(home)
    if states["put off"] not in SENT or states["held"] not in (SENT if due == 2 else ("held",)):
        said.append(f"put off: {states['put off']}, held: {states['held']}")
    return tuple(said)


def daylight(home: Household, server: Witness, number: int) -> tuple[str, ...]:
    """Held over the nights in which the clocks change: not before its moment, and at once after it."""
    said = []
    for night in (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)):
        for minutes in (-30, 30):
            due = night.timestamp() + 60 * minutes
            local = replace(home, more={"TZ": "Europe/Berlin"})
            words = ("send", "--queue", f"bob{number}@example.net", "-s", f"{due}", "--at", _moment(due), "--again")
            assert local.forked(*words, text=sealed(number)).code == 0
            for early, wanted in ((60.0, 0), (-1.0, 1)):
                since = server.mark()
                local.forked("outbox", "run", before=partial(faketime.install, wall=due - early - time.time()))
                if len(server.taken(since)) != wanted:
                    said.append(f"{len(server.taken(since))} letters went {early:.0f} s before {_moment(due)}")
    return tuple(said)


def hot(home: Household, server: Witness, number: int) -> tuple[str, ...]:
    """A server at which everything fails, and a clock that jumps back: how many connections a second."""
    assert home.queue_many(range(3)).wait().code == 0
    before = partial(faketime.install, speed=SPEED, jump=(-DAY, 0.0))
    watcher = home.start_forked("outbox", "run", "--watch", before=before)
    began = time.monotonic()
    time.sleep(2.0)
    watcher.kill(signal.SIGUSR1)
    time.sleep(2.0)
    seconds = (time.monotonic() - began) * SPEED
    said = _ended(watcher)
    if server.talks / seconds >= HOT:
        said.append(f"{server.talks} connections in {seconds:.0f} s")
    return tuple(said)


def rounds(folder: Path, chosen: Sequence[tuple[str, int]]) -> Figure:
    """Some of the jumps."""
    figures = [Figure()]
    for name, number in chosen:
        place = f"{name} {number}"
        with witness(folder / f"{place} ledger", faults=float(name == "hot")) as server:
            home = household(folder / place, server.port)
            play = {"daylight saving": daylight, "hot": hot}.get(name) or partial(jumped, name)
            failures = play(home, server, number)
            figure = Figure()
            if name in JUMPS:
                home.forked("outbox", "run", before=partial(faketime.install, wall=LATER + 60))
                figure = reckon(home, server, letters=2)
        figures.append((figure + Figure(failures=failures)).at(place))
    return total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    chosen = [(name, number) for number in range(ROUNDS[full]) for name in (*JUMPS, "daylight saving", "hot")]
    with workshop() as folder:
        figures = spread(rounds, chosen, folder)
    return total([Figure(f"{plural(len(chosen), 'round')} of {len(JUMPS) + 2} kinds"), *figures])


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _states(home: Household) -> dict[str, str]:
    return {item["subject"]: item["state"] for item in home.listed()}


def _until(true: object, seconds: float) -> bool:
    assert callable(true)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def _ended(watcher: Child) -> list[str]:
    watcher.kill(signal.SIGTERM)
    code = watcher.wait().code
    return [] if code in (0, 143) else [f"the watcher ended with {code}"]


RIG = Rig(
    "clocks",
    "the clock jumps (-1 d, +1 d, +10 y, 8 h of suspend, daylight saving); no hot loop at a failing server",
    run,
)
