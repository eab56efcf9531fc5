"""Killed at random moments while letters flow to Postfix's smtp-sink, again and again, until it has them all."""

from __future__ import annotations

import random
import signal
import time

from tests.proof.figure import Figure, Rig, plural
from tests.proof.household import household
from tests.proof.life import reckon
from tests.proof.witness import sink
from tests.proof.workers import workshop
from tests.support.smtp_sink import PROGRAM

SIZES = {True: (2000, 300), False: (60, 6)}
"""Full or quick -> letters, and kills at most."""

LONGEST = 1.0
"""Seconds between a start and the kill, at most."""


def run(full: bool) -> Figure:
    """The rig."""
    letters, most = SIZES[full]
    chance = random.Random(3)
    kills = 0
    with workshop() as folder, sink(folder / "taken") as server:
        home = household(folder / "home", server.port)
        assert home.queue_many(range(letters)).wait(600).code == 0
        for _ in range(most):
            child = home.start_forked("outbox", "run")
            time.sleep(chance.uniform(0.05, LONGEST))
            if child.ended():
                child.wait()
                break
            child.kill()
            kills += child.wait().code == -signal.SIGKILL
        figure = reckon(home, server, letters=letters)
    return Figure(f"{plural(letters, 'letter')}, {plural(kills, 'kill')}") + figure


RIG = Rig(
    "random",
    "killed at random moments while letters flow to smtp-sink",
    run,
    lambda: "" if PROGRAM.exists() else "smtp-sink is not installed",
)
