"""The queue against a model: ``tests/outbox/store/test_state_machine``, walked at random and by hypothesis.

Three owners enqueue, claim, touch, commit, crash at each stage, get answers of every kind or none, edit, undo, hold,
release, resolve, mend, drop, file, lose the index, while the clock moves. After every step: no letter vanished, none
was handed over twice unless uncertain and asked for, every state has a worker or a verb.
"""

from __future__ import annotations

import traceback
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.outbox.store.test_state_machine import Outbox, walk
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZES = {True: (60, 400, 100), False: (2, 60, 2)}
"""Full or quick -> random walks, the steps of each, and hypothesis' examples in each process."""


def walks(steps: int, folder: Path, seeds: Sequence[int]) -> tuple[int, Figure]:
    """Walk; how many letters there were, and what went wrong."""
    letters, failures = 0, []
    for seed in seeds:
        try:
            letters += walk(seed, steps)
        except AssertionError:
            failures.append(f"walk({seed}, {steps}): {traceback.format_exc(limit=-1)}")
    return letters, Figure(failures=tuple(failures))


def searched(examples: int, folder: Path, seeds: Sequence[int]) -> Figure:
    """Let hypothesis look for an order of steps that fails."""
    try:
        run_state_machine_as_test(
            Outbox,
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    except AssertionError:
        return Figure(failures=(traceback.format_exc(limit=-2),))
    return Figure()


def run(full: bool) -> Figure:
    """The rig."""
    number, steps, examples = SIZES[full]
    with workshop() as folder:
        for name in ("walks", "search"):
            (folder / name).mkdir()
        walked = spread(partial(walks, steps), range(number), folder / "walks")
        found = spread(partial(searched, examples), range(2), folder / "search")
    letters = sum(count for count, _ in walked)
    size = f"{plural(number * steps, 'step')}, {plural(letters, 'letter')}, {2 * examples} searches"
    return total([Figure(size), *(figure for _, figure in walked), *found])


RIG = Rig("model", "any order of steps by three owners, checked against a model after each", run)
