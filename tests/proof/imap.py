"""Mail on a real IMAP server: the link is cut, and the process killed, at each command and each transaction of a sync.

A letter of this rig is one in a folder of the server: lost if it is missing there in the end, doubled if it is there
once more than the user's commands make it. Flags, the journal, and what is kept here are compared as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import shutil
import signal
import struct
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial, partialmethod
from typing import TYPE_CHECKING, Any

from tests.proof import faketime
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import Household
from tests.proof.workers import spread, workshop
from tests.support import changed_account
from tests.support.certificates import Authority
from tests.support.changed_account import WAYS
from tests.support.dovecot import running_dovecot
from tests.support.imap_gate import Cut, ImapGate
from tests.support.link_thread import listening
from tuimail.cache.database import WritableCache
from tuimail.config.loader import load
from tuimail.journal.database import JournalDatabase
from tuimail.journal.store import ActionJournal
from tuimail.sync import imap_proof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.proof.household import Child
    from tests.proof.powercuts import Disk
    from tests.support.changed_account import Wrong
    from tests.support.dovecot import Dovecot

SIZES = {True: 1, False: 131}
"""Full or quick -> every which point. tests/sync breaks off at more of them, in one process."""
TRIED = {True: tuple(WAYS), False: (next(iter(WAYS)), list(WAYS)[-1])}
"""Full or quick -> ways: a server with everything, and one without anything, are enough for a quick look."""

LINK, PROCESS, TRANSACTION = "link cut", "killed", "killed at transaction"
_CONFIG = """
default_account = "work"
[accounts.work]
address = "ada@example.org"
name = "Ada Lovelace"
[accounts.work.submission]
command = ["/bin/true"]
[accounts.work.imap]
host = "127.0.0.1"
port = {port}
security = "none"
username = "{user}"
password_command = ["printf", "{password}"]
[accounts.work.policy]
"*" = "all"
"""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a sync is broken off."""

    way: str
    what: str
    number: int
    """Of the command; of a transaction twice, before and after its COMMIT."""
    cut: Cut = Cut.BEFORE

    def __str__(self) -> str:
        at = "" if self.what == TRANSACTION else f", {self.cut}"
        return f"{self.way}, {self.what} {self.number}{at}"


class Shared:
    """Numbers that forked processes share."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 24)

    def __getitem__(self, name: str) -> int:
        found: int = struct.unpack_from("q", self._memory, 8 * _SHARED.index(name))[0]
        return found

    def __setitem__(self, name: str, value: int) -> None:
        struct.pack_into("q", self._memory, 8 * _SHARED.index(name), value)


_SHARED = ("commands", "transactions", "victim")


def nothing() -> None:
    """Leave the program as it is."""


class Reader:
    """A user whose mail is on the server, seen through a gate."""

    def __init__(self, server: Dovecot, way: str, folder: Path, disk: Disk | None = None) -> None:
        """The home is in ``folder``; on ``disk`` if that is given, which loses its power when the process is killed."""
        self.server, self.hidden = server, WAYS[way]
        self.sock = listening()
        self.user = server.new_user("reader")
        folder.mkdir()
        self._disk = disk
        self.home = Household(folder) if disk is None else Household(disk.place / folder.name, desk=folder)
        self.home.home.mkdir(exist_ok=True)
        port = self.sock.getsockname()[1]
        self.home.configure(_CONFIG.format(port=port, user=self.user, password=server.password))
        self.shared = Shared()
        self.names: list[bytes] = []
        self._runs = 0
        changed_account.prepare(server, self.user)
        if not self.sync():
            raise RuntimeError("the first sync does not come to its end")
        self.home.paths.data.mkdir(parents=True, exist_ok=True)
        if disk is not None:
            os.sync()  # what the user does is to be durable without it
        with closing(ActionJournal(self.home.paths.journal)) as journal:
            changed_account.act(server, self.user, journal)

    def close(self) -> None:
        """Nobody can connect any more."""
        self.sock.close()

    def sync(self, point: Point | None = None, *, before: Callable[[], object] = nothing) -> bool:
        """One process, broken off at ``point``; whether nothing is left to be done."""
        for name in _SHARED:
            self.shared[name] = 0
        self._runs += 1
        kill = point.number if point is not None and point.what == TRANSACTION else -1

        def begin() -> None:
            faketime.install(wall=400.0 * self._runs)
            # The journal took the clock when it was imported.
            ActionJournal.__init__ = partialmethod(ActionJournal.__init__, now=time.time)  # type: ignore[method-assign, assignment]
            die_at_transaction(self.shared, kill, lambda: self._kill(os.getpid()))
            before()

        with self._gate(point):
            child: Child = self.home.start_forked("sync", "--json", before=begin)
            self.shared["victim"] = child.pid
            ran = child.wait()
        if ran.code < 0 and self._disk is not None:
            self._disk.down()
            self._disk.up()
        if ran.code:
            return False
        (report,) = ran.document
        return report["error"] is None and not report["waiting"]

    def sync_to_the_end(self, *, before: Callable[[], object] = nothing) -> None:
        """Until nothing is left to be done."""
        if not any(self.sync(before=before) for _ in range(8)):
            raise RuntimeError("it does not come to its end")

    def wrong(self) -> Wrong:
        """What is not as it is to be."""
        account = load(self.home.paths).accounts["work"]
        return changed_account.wrong(self.server, account, self.home.paths, expunged="UIDPLUS" not in self.hidden)

    @contextmanager
    def _gate(self, point: Point | None) -> Iterator[None]:
        """The way to the server, in a process of its own."""
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                asyncio.run(self._made_gate(point).serve(self.sock))
            os._exit(0)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _made_gate(self, point: Point | None) -> ImapGate:
        gate = ImapGate(self.server, *self.hidden)
        gate.before = self._count
        if point is not None and point.what != TRANSACTION:
            gate.cuts = {point.number: point.cut}
            if point.what == PROCESS:
                gate.on_cut = lambda: self._kill(self.shared["victim"])
        return gate

    def _kill(self, process: int) -> None:
        if self._disk is not None:
            self._disk.cut()
        os.kill(process, signal.SIGKILL)

    def _count(self, _name: bytes) -> None:
        self.shared["commands"] += 1


def die_at_transaction(shared: Shared, number: int, die: Callable[[], object]) -> None:
    """Count transactions of the journal and the cache twice, before COMMIT and after it, and die at one of them."""

    def reached() -> None:
        if shared["transactions"] == number:
            die()
        shared["transactions"] += 1

    def watched(writing: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @contextmanager
        def replaced(self: Any) -> Iterator[Any]:
            with writing(self) as db:
                changes = db.total_changes
                yield db
                changed = db.total_changes != changes
                if changed:
                    reached()
            if changed:
                reached()

        return replaced

    for owner in (JournalDatabase, WritableCache):
        owner.writing = watched(owner.writing)  # type: ignore[method-assign, assignment]


def blind() -> None:
    """Replay without the proof of what has arrived."""
    imap_proof.matched = lambda *_: {}


def points(server: Dovecot, way: str, folder: Path) -> list[Point]:
    """All that there are."""
    with closing(Reader(server, way, folder)) as reader:
        if not reader.sync() or reader.wrong() != (0, 0, ()):
            raise RuntimeError(f"{way} without a cut: {reader.wrong()}")
        commands, transactions = reader.shared["commands"], reader.shared["transactions"]
    found = [Point(way, what, each, cut) for what in (LINK, PROCESS) for each in range(commands) for cut in Cut]
    return found + [Point(way, TRANSACTION, each) for each in range(transactions)]


def broken_off(
    server: Dovecot, folder: Path, chosen: Sequence[Point], *, before: Callable[[], object] | None = None
) -> tuple[Counter[str], Figure]:
    """Break off at each of the ``chosen`` points; how often it came to each, and the sum of what is wrong.

    ``before`` makes a program that does harm, so the first harm is enough.
    """
    figures, came = [Figure()], Counter[str]()
    for number, point in enumerate(chosen):
        with closing(Reader(server, point.way, folder / str(number))) as reader:
            whole = reader.sync(point, before=before or nothing)
            came[LINK if point.what == LINK else PROCESS] += not whole
            reader.sync_to_the_end(before=before or nothing)
            problems = reader.wrong()
        figures.append(Figure(lost=problems.lost, doubled=problems.doubled, failures=problems.words).at(str(point)))
        shutil.rmtree(folder / str(number))
        if before is not None and problems.doubled:
            break
    return came, total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    with workshop() as folder:
        authority = Authority(folder)
        with running_dovecot(authority.issue(), authority.ca_file) as server:
            chosen = [
                each
                for number, way in enumerate(TRIED[full])
                for each in points(server, way, folder / way)[number :: SIZES[full]]
            ]
            (folder / "all").mkdir()
            (folder / "blind").mkdir()
            results = spread(partial(broken_off, server), chosen, folder / "all")
            # At one of these the server has copied, and has not told.
            lost = [Point("COPY", LINK, each, Cut.UNANSWERED) for each in range(8, 18)]
            unproved = spread(partial(broken_off, server, before=blind), lost, folder / "blind")
    came = sum((each for each, _ in results), Counter[str]())
    caught = any(figure.doubled for _, figure in unproved)
    missed = () if caught else ("the rig does not catch a replay without the proof of what has arrived",)
    size = f"{plural(came[LINK], 'cut')}, {plural(came[PROCESS], 'kill')}"
    return total([Figure(size, failures=missed), *(figure for _, figure in results)])


def missing() -> str:
    """What this machine lacks."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return "" if found else "dovecot is not installed"


RIG = Rig(
    "imap",
    "mail on a real IMAP server (Dovecot; with and without MOVE and UIDPLUS): the link cut before, inside and after "
    "each command, the process killed there and at each transaction, while letters are flagged, moved, copied, deleted",
    run,
    missing,
)
