"""A command of the program under strace, which kills it or makes the kernel refuse at the n-th call of a kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.proof import faketime

if TYPE_CHECKING:
    from tests.journeys.program import Ran
    from tests.proof.household import Household

DISK = (
    "write,pwrite64,writev,fsync,fdatasync,ftruncate,fallocate,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"
)
"""Calls that change a disk."""

SERVER = "sendto,sendmsg"
"""Calls that write to a server."""


def missing() -> str:
    """What this machine lacks."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "strace may not trace here"


@dataclass(frozen=True, slots=True)
class Traced:
    """What a command came to, and the calls it made until then."""

    ran: Ran
    calls: Counter[tuple[str, str]]
    """(thread, call) -> how many of them; only what is traced."""
    injected: bool
    """It came to the n-th call."""


def traced(
    home: Household, words: tuple[str, ...], calls: str, inject: str = "", *, text: bytes = b"", speed: float = 1.0
) -> Traced:
    """Run ``words`` with ``calls`` traced and ``inject`` ("signal=SIGKILL:when=7", "error=EIO:when=7") done to them.

    strace counts each kind of call in each thread by itself, so ``calls`` is best one kind when something is injected.
    """
    ready, go = os.pipe()
    log = home.home / ".strace"

    def wait() -> None:
        os.close(go)
        os.read(ready, 1)
        os.close(ready)
        if speed != 1.0:
            faketime.install(speed=speed)

    child = home.start_forked(*words, text=text, before=wait)
    os.close(ready)
    argv = ["strace", "-f", "-o", str(log), "-e", f"trace={calls}", "-p", str(child.pid)]
    if inject:
        argv += ["-e", f"inject={calls}:{inject}"]
    tracer = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    said = b""
    while b"attached" not in said:
        piece = os.read(tracer.stderr.fileno(), 4096)
        assert piece, said
        said += piece
    os.write(go, b"!")
    os.close(go)
    ran = child.wait()
    tracer.communicate()
    lines = re.findall(r"^(\d+) +(\w+)\(.*$", log.read_text(errors="replace"), re.MULTILINE)
    injected = "(INJECTED)" in log.read_text(errors="replace") or ran.code == -9
    return Traced(ran, Counter(lines), injected)


def counted(run: Traced) -> list[tuple[str, int]]:
    """(call, n) for every n-th call of a kind; a kind that two threads make, as often as the busier one."""
    most: Counter[str] = Counter()
    for (_, call), count in run.calls.items():
        most[call] = max(most[call], count)
    return [(call, number) for call in sorted(most) for number in range(1, most[call] + 1)]
