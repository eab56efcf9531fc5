"""A damaged index: flipped bytes in every page, a file cut short, zeroed, gone; a journal that is gone or damaged.

The letters tell the truth, so whatever was waiting waits, and nothing that went out goes again. The pages and files
are those of ``tests/outbox/store/test_damage``, an outbox with a letter in every state. The journals are those that a
process killed in the middle of a commit leaves: they are deleted, zeroed and cut in half before the next start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.outbox.scene import SetClock
from tests.outbox.store import test_damage
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import ONE, Case, queue, reckon, told
from tests.proof.straced import DISK
from tests.proof.straced import missing as no_strace
from tests.proof.syscalls import SEND, points, step
from tests.proof.witness import witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

EVERY = {True: (16, 1), False: (8192, 80)}
"""Full or quick -> bytes from one flip to the next, and every which call is looked at for a journal."""

FILES = (
    test_damage.zeroed, test_damage.truncated, test_damage.gibberish, test_damage.emptied, test_damage.deleted,
    test_damage.without_tables,
)  # fmt: skip


def halved(path: Path) -> None:
    """The first half of it is left."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


JOURNALS = (test_damage.deleted, test_damage.zeroed, halved)


def flipped(every: int, folder: Path, parts: Sequence[tuple[int, int]]) -> tuple[int, Figure]:
    """Flip bytes in a part of the pages; how many flips, and what went wrong."""
    flips = 0
    for share, shares in parts:
        try:
            flips += test_damage.flip_everywhere(folder / str(share), SetClock(), every, share, shares)
        except AssertionError as error:
            return flips, Figure(failures=(f"a flipped byte: {error}",))
    return flips, Figure()


def ruined(folder: Path, damages: Sequence[Callable[[Path], None]]) -> Figure:
    """Ruin the whole file in each way."""
    failures = []
    for damage in damages:
        try:
            test_damage.test_a_ruined_index_is_set_aside_and_rebuilt_from_the_letters(
                damage, folder / damage.__name__, SetClock()
            )
        except AssertionError as error:
            failures.append(f"{damage.__name__}: {error}")
    return Figure(failures=tuple(failures))


def journals(case: Case, folder: Path, chosen: Sequence[tuple[str, str, int]]) -> tuple[int, Figure]:
    """Kill at each of the ``chosen`` calls; a journal that is left is harmed, each time in a life of its own."""
    figures, harmed = [Figure()], 0
    with witness(folder / "ledger") as server:
        for number, (which, calls, call) in enumerate(chosen):
            for damage in JOURNALS:
                since = server.mark()
                home = household(folder / f"{number}-{damage.__name__}", server.port)
                letters = int(queue(home, case, number)) if which == SEND else 0
                run = step(home, case, number, which, calls, f"signal=SIGKILL:when={call}")
                journal = home.outbox / "index.db-journal"
                if not journal.exists() or journal.stat().st_size == 0:
                    break
                damage(journal)
                harmed += 1
                figure = reckon(home, server, since=since, letters=letters + told(run.ran))
                figures.append(figure.at(f"journal {damage.__name__} at {which} {call}"))
    return harmed, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    every, calls = EVERY[full]
    with workshop() as folder:
        for name in ("pages", "files", "journals"):
            (folder / name).mkdir()
        pages = spread(partial(flipped, every), [(0, 2), (1, 2)], folder / "pages")
        files = ruined(folder / "files", FILES)
        found = points(ONE, folder, DISK)
        harmed = spread(partial(journals, ONE), found[::calls], folder / "journals")
    flips, left = sum(count for count, _ in pages), sum(count for count, _ in harmed)
    size = f"{plural(flips, 'flip')}, {len(FILES)} ruined files, {plural(left, 'journal')}"
    return total([Figure(size), files, *(figure for _, figure in (*pages, *harmed))])


RIG = Rig(
    "damage",
    "a byte flipped in every page of the index; it is cut, zeroed, gone; its journal is",
    run,
    no_strace,
)
