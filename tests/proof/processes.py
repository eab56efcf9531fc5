"""Several processes on one outbox: each letter reaches the server once, and what a killed one had is taken over.

The killed one is a watcher, and so are the others; their clocks run faster, and the time of the hand-over is told in
seconds of that clock.
"""

from __future__ import annotations

import time
from functools import partial

from tests.proof import faketime
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import compare, reckon
from tests.proof.witness import witness
from tests.proof.workers import workshop

SIZES = {True: ((2, 2000), (4, 2000)), False: ((3, 60),)}
"""Full or quick -> processes, and the letters they share."""

HANDOVERS = {True: 10, False: 1}
SPEED = 10.0
HANDOVER = 60.0
"""Seconds it may take at most."""


def shared(processes: int, letters: int) -> Figure:
    """All of them send until nothing is left."""
    with workshop() as folder, witness(folder / "ledger") as server:
        home = household(folder / "home", server.port)
        assert home.queue_many(range(letters)).wait(600).code == 0
        children = [home.start_forked("outbox", "run") for _ in range(processes)]
        codes = [each.wait(600).code for each in children]
        items = home.listed()
        figure = compare(items, server, letters=letters)
    failures = [f"a process ended with {code}" for code in codes if code]
    failures += [f"{item['id']} ends as {item['state']}" for item in items if item["state"] != "done"]
    return (Figure() + figure + Figure(failures=tuple(failures))).at(f"{processes} processes")


def handed_over(count: int) -> tuple[float, Figure]:
    """Kill the watcher that sends; the others end what it began. The longest time that took, and the reckoning."""
    figures, longest = [Figure()], 0.0
    with workshop() as folder:
        for number in range(count):
            stop = folder / f"stop{number}"
            stop.touch()
            with witness(folder / f"ledger{number}", stop_at_dot=stop) as server:
                home = household(folder / f"home{number}", server.port)
                watch = partial(
                    home.start_forked, "outbox", "run", "--watch", before=partial(faketime.install, speed=SPEED)
                )
                first = watch()
                assert home.queue_many(range(number * 10, number * 10 + 3)).wait().code == 0
                until = time.monotonic() + 30
                while not server.taken() and time.monotonic() < until:
                    time.sleep(0.01)
                others = [watch() for _ in range(2)]
                time.sleep(0.2)
                stop.unlink()  # the others are answered; the first may be, too
                first.kill()
                began = time.monotonic()
                first.wait()
                while any(item["state"] in ("queued", "sending") for item in home.listed()):
                    time.sleep(0.02)
                    if time.monotonic() > began + 3 * HANDOVER / SPEED:
                        break
                took = (time.monotonic() - began) * SPEED
                longest = max(longest, took)
                late = (f"handed over after {took:.0f} s",) if took > HANDOVER + SPEED else ()
                for each in others:
                    each.kill(15)
                    each.wait()
                figure = reckon(home, server, letters=3) + Figure(failures=late)
                figures.append(figure.at(f"hand-over {number}"))
    return longest, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    figures = [shared(processes, letters) for processes, letters in SIZES[full]]
    longest, figure = handed_over(HANDOVERS[full])
    letters = " and ".join(f"{count:,} letters between {processes}" for processes, count in SIZES[full])
    size = f"{letters}; {plural(HANDOVERS[full], 'hand-over')}, {longest:.0f} s at most"
    return total([Figure(size), *figures, figure])


RIG = Rig("processes", "several processes on one outbox, and one of them killed (taken over within 60 s)", run)
