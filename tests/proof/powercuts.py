"""Power cuts: a file system on a loop device is shut down in the middle of work, without its journal being flushed.

What was not fsynced is gone then, as after a cut. A cut of a queueing process must keep every letter that was told to
be safe; a cut of a sending one must keep or flag every letter the server took. The same rig has to catch two ways of
storing letters that are known to be careless: a file renamed without fsync, and SQLite with WAL and NORMAL.
The loop device itself keeps what it was given: a disk that lies about its cache is not played.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
from functools import cache
from typing import TYPE_CHECKING

from tests.journeys.program import account
from tests.proof.figure import Figure, Rig, total
from tests.proof.household import Household
from tests.proof.life import reckon
from tests.proof.witness import witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SIZES = {True: 200, False: 5}
"""Full or quick -> cuts while queueing, and as many while sending."""

SHUTDOWN, WITHOUT_THE_JOURNAL = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN and its flag EXT4_GOING_FLAGS_NOLOGFLUSH."""

LETTERS = 6
"""In the outbox when a sending process is cut off."""


class Disk:
    """A file system that can lose its power."""

    def __init__(self, folder: Path, size: int = 64 << 20) -> None:
        """``size`` in bytes; what is not written takes no room."""
        self._image = folder / "disk.img"
        self.place = folder / "mounted"
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(size)
        _root("mkfs.ext4", "-q", "-F", str(self._image))
        self.up()

    def up(self) -> None:
        """Power on."""
        _root("mount", "-o", "loop", str(self._image), str(self.place))

    def down(self) -> None:
        """Unmount it in good order, or what a cut left of it."""
        until = time.monotonic() + 10
        while subprocess.run(["umount", str(self.place)], capture_output=True, check=False).returncode:
            if time.monotonic() > until:
                _root("umount", "-l", str(self.place))
                return
            time.sleep(0.02)

    def cut(self) -> None:
        """From now on nothing reaches the disk any more."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_THE_JOURNAL))
        finally:
            os.close(descriptor)


def _root(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


@cache
def missing() -> str:
    """What this machine lacks."""
    if os.geteuid() != 0:
        return "only root may mount a disk"
    if not all(map(shutil.which, ("mkfs.ext4", "mount", "umount"))):
        return "mkfs.ext4 or mount is not installed"
    with workshop() as folder:
        try:
            disk = Disk(folder)
        except (OSError, subprocess.CalledProcessError):
            return "no loop device can be mounted here"
        try:
            disk.cut()
        except OSError:
            return "ext4 cannot be shut down here"
        finally:
            disk.down()
    return ""


@contextlib.contextmanager
def inserted(folder: Path, size: int = 64 << 20) -> Iterator[Disk]:
    """A new disk of ``size`` bytes for a while."""
    disk = Disk(folder, size)
    try:
        yield disk
    finally:
        disk.down()


def at_home(disk: Disk, port: int, name: object, desk: Path) -> Household:
    """A user whose home is on the disk; what the program says is kept elsewhere."""
    home = disk.place / f"home{name}"
    home.mkdir()
    made = Household(home, desk=desk)
    made.configure(account(port))
    return made


def cut_off(disk: Disk, pid: int, after: float) -> None:
    """Cut the power ``after`` seconds, end the process, power on."""
    time.sleep(after)
    disk.cut()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    disk.down()
    disk.up()


def at_work(chance: random.Random, begun: Callable[[], bool]) -> None:
    """Wait until it is in the midst of it; one time in five, cut while it starts."""
    until = time.monotonic() + (10 if chance.random() < 0.8 else 0)
    while not begun() and time.monotonic() < until:
        time.sleep(0.001)


def clear(disk: Disk, home: Path) -> None:
    """Make room."""
    shutil.rmtree(home)
    os.sync()


def queueing_cut(folder: Path, chosen: Sequence[int]) -> tuple[int, Figure]:
    """Cut while letters are queued one after the other; how many were told to be safe by then, and the reckoning."""
    figures, safe = [Figure()], 0
    with inserted(folder) as disk, witness(folder / "ledger") as server:
        for number in chosen:
            chance = random.Random(number)
            since = server.mark()
            home = at_home(disk, server.port, number, folder)
            os.sync()
            told = os.open(folder / f"told{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            child = home.queue_many(range(number * 1000, number * 1000 + 500), told=told)
            begun = folder / f"told{number}"
            at_work(chance, lambda: begun.stat().st_size > 0)  # noqa: B023  called here only
            cut_off(disk, child.pid, chance.uniform(0.0, 0.2))
            os.close(told)
            known = (folder / f"told{number}").read_text().split()
            safe += len(known)
            there = {item["message_id"] for item in home.listed()}
            figure = Figure(lost=len(set(known) - there)) + reckon(home, server, since=since, letters=len(known))
            figures.append(figure.at(f"queueing, cut {number}"))
            clear(disk, home.home)
    return safe, total(figures)


def sending_cut(folder: Path, chosen: Sequence[int]) -> tuple[int, Figure]:
    """Cut while letters are sent; how many were with the server by then, and the reckoning."""
    figures, sent = [Figure()], 0
    with inserted(folder) as disk, witness(folder / "ledger") as server:
        for number in chosen:
            chance = random.Random(number)
            since = server.mark()
            home = at_home(disk, server.port, number, folder)
            assert home.queue_many(range(number * 1000, number * 1000 + LETTERS)).wait().code == 0
            os.sync()
            before = server.talks
            child = home.start_forked("outbox", "run")
            at_work(chance, lambda: server.talks > before)  # noqa: B023  called here only
            cut_off(disk, child.pid, chance.uniform(0.0, 0.3))
            sent += len(server.taken(since))
            figures.append(reckon(home, server, since=since, letters=LETTERS).at(f"sending, cut {number}"))
            clear(disk, home.home)
    return sent, total(figures)


# -- what the rig must catch
def renaming(place: Path, told: int) -> None:
    """Store letters as files renamed without fsync."""
    for number in range(10_000):
        (place / "new").write_text(f"{number}")
        (place / "new").rename(place / f"{number}")
        os.write(told, f"{number}\n".encode())


def renamed(place: Path) -> set[str]:
    """What is there, whole."""
    return {each.name for each in place.iterdir() if each.read_text() == each.name}


def relaxed(place: Path, told: int) -> None:
    """Store letters in SQLite with WAL and synchronous=NORMAL."""
    db = sqlite3.connect(place / "db", isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE IF NOT EXISTS t (n)")
    for number in range(10_000):
        db.execute("INSERT INTO t VALUES (?)", (str(number),))
        os.write(told, f"{number}\n".encode())


def in_database(place: Path) -> set[str]:
    """What is there."""
    db = sqlite3.connect(place / "db")
    try:
        return {number for (number,) in db.execute("SELECT n FROM t")}
    except sqlite3.Error:
        return set()
    finally:
        db.close()


def caught(folder: Path, store: Callable[[Path, int], None], there: Callable[[Path], set[str]]) -> int:
    """How many letters a careless store loses, in five cuts at most: one may come right after a checkpoint."""
    return next(filter(None, (_lost_in(folder / str(cut), store, there, 0.05 + 0.03 * cut) for cut in range(5))), 0)


def _lost_in(folder: Path, store: Callable[[Path, int], None], there: Callable[[Path], set[str]], after: float) -> int:
    folder.mkdir(parents=True)
    with inserted(folder) as disk:
        place = disk.place / "store"
        place.mkdir()
        os.sync()
        told = os.open(folder / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                store(place, told)
            os._exit(0)
        cut_off(disk, pid, after)
        os.close(told)
        return len(set((folder / "told").read_text().split()) - there(place))


def run(full: bool) -> Figure:
    """The rig."""
    cuts = SIZES[full]
    with workshop() as folder:
        for name in ("queueing", "sending"):
            (folder / name).mkdir()
        queueing = spread(queueing_cut, range(cuts), folder / "queueing")
        sending = spread(sending_cut, range(cuts), folder / "sending")
        careless = {
            "files renamed without fsync": caught(folder / "renaming", renaming, renamed),
            "SQLite with WAL and NORMAL": caught(folder / "relaxed", relaxed, in_database),
        }
    blind = tuple(f"the rig does not catch {name}" for name, lost in careless.items() if not lost)
    safe, sent = sum(count for count, _ in queueing), sum(count for count, _ in sending)
    size = f"{2 * cuts:,} cuts: {safe:,} letters told to be safe, {sent:,} taken by the server"
    return total([Figure(size, failures=blind), *(figure for _, figure in (*queueing, *sending))])


RIG = Rig("powercuts", "power cut (ext4 shut down without its journal) while queueing and while sending", run, missing)
