"""Thousands of letters through a server at which one command in a hundred comes to grief, in one process.

It answers 421 or 451, hangs up, breaks the connection, or talks nonsense, at any command and after the dot. The watcher
has to get everything through, with as many open files and as much memory at the end as in the beginning. Its clock
runs faster, so that what is put off comes due again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from tests.proof import faketime
from tests.proof.figure import Figure, Rig, plural
from tests.proof.household import household
from tests.proof.life import reckon
from tests.proof.witness import witness
from tests.proof.workers import workshop

SIZES = {True: (3_000, 0.01), False: (60, 0.05)}
"""Full or quick -> letters, and the share of commands that come to grief."""

SPEED = 60.0
LONGEST = 420.0
"""Seconds of the true clock after which the rest is left to the reckoning."""

MORE_MEMORY, MORE_FILES = 20_000, 4
"""Kilobytes and open files that the last quarter of the time may have more than the first."""


@dataclass(slots=True)
class Body:
    """What a process weighs, looked at now and then."""

    pid: int
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def look(self) -> None:
        """Weigh it."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        self.memory.append(int(status.partition("VmRSS:")[2].split()[0]))
        self.files.append(len(list(Path(f"/proc/{self.pid}/fd").iterdir())))

    def growth(self) -> tuple[float, float]:
        """Kilobytes and files, from the first quarter to the last."""
        part = max(1, len(self.memory) // 4)
        return (
            median(self.memory[-part:]) - median(self.memory[:part]),
            median(self.files[-part:]) - median(self.files[:part]),
        )


def run(full: bool) -> Figure:
    """The rig."""
    letters, faults = SIZES[full]
    with workshop() as folder, witness(folder / "ledger", faults=faults, seed=11) as server:
        home = household(folder / "home", server.port)
        assert home.queue_many(range(letters)).wait(1200).code == 0
        watcher = home.start_forked("outbox", "run", "--watch", before=partial(faketime.install, speed=SPEED))
        body = Body(watcher.pid)
        until = time.monotonic() + LONGEST
        quiet, seen = 0, -1
        while quiet < 20 and time.monotonic() < until:  # all through, or uncertain
            time.sleep(0.25)
            body.look()
            quiet, seen = (quiet + 1, seen) if server.mark() == seen else (0, server.mark())
        watcher.kill(15)
        watcher.wait()
        taken = len({each.message_id for each in server.taken()})
        figure = reckon(home, server, letters=letters)
    memory, files = body.growth()
    failures = []
    if memory > MORE_MEMORY:
        failures.append(f"memory grew by {memory:.0f} kB")
    if files > MORE_FILES:
        failures.append(f"open files grew by {files:.0f}")
    if taken < letters * 0.95:
        failures.append(f"the watcher got {taken} of {letters} through")
    grown = f"memory +{max(memory, 0) / 1000:.1f} MB, open files {files:+.0f}"
    size = f"{plural(letters, 'letter')}, {faults:.0%} of commands fail; {grown}"
    return Figure(size, failures=tuple(failures)) + figure


RIG = Rig(
    "soak",
    "one process, a server that fails at random",
    run,
    lambda: "" if Path("/proc/self/fd").is_dir() else "there is no /proc to weigh a process by",
)
