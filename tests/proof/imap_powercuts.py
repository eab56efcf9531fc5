"""Power cuts while mail on a real IMAP server is synced and changed: the home is on a disk that is shut down.

What was not fsynced is gone then: the newest rows of the cache and letters that are kept may be, and come again; what
the user was told to be done is not, and is done once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proof import imap, powercuts
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.imap import LINK, Reader
from tests.proof.powercuts import clear, inserted
from tests.proof.workers import spread, workshop
from tests.support.certificates import Authority
from tests.support.dovecot import running_dovecot
from tuimail.journal.database import JournalDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.proof.imap import Point
    from tests.support.dovecot import Dovecot

SIZES = {True: 5, False: 131}
"""Full or quick -> every which point at which the process can be killed."""

ROOM = 4 << 30
"""Bytes of the disk: letters are kept as long as FREE (sync/keep_policy) are left."""

CARELESS = 12
"""Cuts of a program whose journal does not wait for the disk."""


def cut_at(server: Dovecot, folder: Path, chosen: Sequence[Point], *, careless: bool = False) -> tuple[int, Figure]:
    """Cut the power at each of the ``chosen`` points; how often it came to that, and the sum of what is wrong.

    Of a ``careless`` program the first harm is enough.
    """
    if careless:
        forget_to_wait()
    figures, cuts = [Figure()], 0
    with inserted(folder, ROOM) as disk:
        for number, point in enumerate(chosen):
            reader = Reader(server, point.way, folder / str(number), disk)
            try:
                cuts += not reader.sync(point)
                reader.sync_to_the_end()
                problems = reader.wrong()
            finally:
                reader.close()
            figure = Figure(lost=problems.lost, doubled=problems.doubled, failures=problems.words)
            figures.append(figure.at(str(point)))
            clear(disk, reader.home.home)
            if careless and not figure.passed:
                break
    return cuts, total(figures)


def forget_to_wait() -> None:
    """A journal that is not flushed to the disk."""
    prepare = JournalDatabase._prepare

    def prepared(self: JournalDatabase) -> None:
        prepare(self)
        self.db.execute("PRAGMA synchronous = OFF")

    JournalDatabase._prepare = prepared  # type: ignore[method-assign]


def run(full: bool) -> Figure:
    """The rig."""
    with workshop() as folder:
        authority = Authority(folder)
        with running_dovecot(authority.issue(), authority.ca_file) as server:
            found = [
                [each for each in imap.points(server, way, folder / way) if each.what != LINK]
                for way in imap.TRIED[full]
            ]
            chosen = [each for number, points in enumerate(found) for each in points[number :: SIZES[full]]]
            for name in ("all", "careless"):
                (folder / name).mkdir()
            results = spread(partial(cut_at, server), chosen, folder / "all")
            unsafe = found[0][:: len(found[0]) // CARELESS]
            unflushed = spread(partial(cut_at, server, careless=True), unsafe, folder / "careless")
    caught = any(not figure.passed for _, figure in unflushed)
    missed = () if caught else ("the rig does not catch a journal that does not wait for the disk",)
    cuts = sum(count for count, _ in results)
    return total([Figure(plural(cuts, "cut"), failures=missed), *(figure for _, figure in results)])


def missing() -> str:
    """What this machine lacks."""
    return imap.missing() or powercuts.missing()


RIG = Rig(
    "imap_powercuts",
    "power cut (ext4 shut down without its journal) at commands and transactions while mail on a real IMAP server is "
    "synced and changed",
    run,
    missing,
)
