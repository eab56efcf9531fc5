"""A user with the real program, each command a forked process: as true as starting one, and thirty times as quick.

Whoever forks must have no threads; ``python -m tests.proof`` has none.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

# What a command imports when it runs is imported here once.
import tests.proof.preloaded  # noqa: F401
from tests.journeys.program import SECONDS, Program, Ran, account
from tests.proof.witness import sealed
from tuimail.cli import main
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Child:
    """A command under way."""

    pid: int
    out: Path
    err: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def ended(self) -> bool:
        """It is over, and not yet waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds: float = SECONDS) -> Ran:
        """Its end; a negative code is the signal that killed it. Never a traceback."""
        until = time.monotonic() + seconds
        pause = 0.001
        while not self.ended():
            if time.monotonic() > until:
                self.kill()
                os.waitpid(self.pid, 0)
                raise TimeoutError(f"still running after {seconds:.0f} s: {self._said()}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        ran = self._said(code)
        # Whatever it is, a user never sees this.
        assert "Traceback" not in ran.err + ran.out, ran.err
        return ran

    def _said(self, code: int = 0) -> Ran:
        return Ran(code, self.out.read_text("utf-8", "replace"), self.err.read_text("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Household(Program):
    """A home, and the program in it."""

    desk: Path | None = None
    """Where what it says is kept; the home when there is none."""

    def queue_many(self, numbers: Iterable[int], *, to: str = "bob", told: int = -1) -> Child:
        """Queue sealed letters in one new process; descriptor ``told`` gets the Message-ID of each that is safe."""

        async def queueing() -> None:
            engine = Engine(load(self.paths), self.paths)
            await engine.start(run_outbox=False)
            try:
                for number in numbers:
                    draft = Draft(
                        to=f"{to}{number}@example.net", subject=f"letter {number}", body=sealed(number).decode()
                    )
                    item = await engine.drafts.enqueue(draft)
                    if told >= 0:
                        os.write(told, item.message_id.encode() + b"\n")
            finally:
                await engine.stop()

        def work() -> int:
            asyncio.run(queueing())
            return 0

        return self._fork(work, b"")

    def start_forked(self, *words: str, text: bytes = b"", before: Callable[[], object] | None = None) -> Child:
        """Start a command; ``before`` is called in the new process first."""

        def work() -> int:
            if before is not None:
                before()
            return main(list(words))

        return self._fork(work, text)

    def _fork(self, work: Callable[[], int], text: bytes) -> Child:
        number = f"{time.monotonic_ns()}"
        out, err, given = ((self.desk or self.home) / f".{name}-{number}" for name in ("out", "err", "in"))
        given.write_bytes(text)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(work, given, out, err)
        out.touch()
        err.touch()
        return Child(pid, out, err)

    def forked(
        self, *words: str, text: bytes = b"", before: Callable[[], object] | None = None, seconds: float = SECONDS
    ) -> Ran:
        """Run a command to its end."""
        return self.start_forked(*words, text=text, before=before).wait(seconds)

    def listed(self) -> list[dict[str, Any]]:
        """Every letter as JSON tells it, the sent and cancelled ones as well."""
        ran = self.forked("outbox", "list", "--json", "--all")
        assert ran.code == 0, ran
        found: list[dict[str, Any]] = ran.document
        return found

    def _become(self, work: Callable[[], int], given: Path, out: Path, err: Path) -> NoReturn:
        code = 70
        try:
            for number, path, flags in (
                (0, given, os.O_RDONLY),
                (1, out, os.O_WRONLY | os.O_CREAT),
                (2, err, os.O_WRONLY | os.O_CREAT),
            ):
                descriptor = os.open(path, flags, 0o600)
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.environ.clear()
            os.environ.update(self.environment)
            os.chdir(self.home)
            time.tzset()
            code = work()
        except BaseException:  # noqa: BLE001  the parent reads it
            traceback.print_exc()
        finally:
            os._exit(code)


def household(home: Path, port: int, **how: str) -> Household:
    """A new user of the server on ``port``."""
    home.mkdir(parents=True)
    made = Household(home)
    made.configure(account(port, **how))
    return made
