"""Who works on the outbox: owners of leases, and whether they still live; the lock on the folder.

An owner is "pid:start-time:boot-id:token". A pid alone is reused within minutes; with its start time and the boot
id it is not. The token tells two engines in one process apart. It ends with ".number" for one attempt of an owner that
has several under way: one that lost its lease must not pass for another.
"""

from __future__ import annotations

import fcntl
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from tuimail.durable import storage_error
from tuimail.errors import StorageError
from tuimail.private_files import open_private

PATIENCE = 5.0
"""Seconds to wait for another process to finish what it does with the whole folder."""

GONE = "gone"
"""Start time of a process that is not there."""

PAUSE = 0.02
"""Seconds between two looks at a lock."""


class Host(Protocol):
    """What the leases need to know of the machine."""

    def owner(self) -> str:
        """A new owner: this process, and a token of its own."""
        ...

    def dead(self, owner: str) -> bool:
        """``owner`` provably cannot act any more; False when that is not known."""
        ...

    def same_boot(self, owner: str) -> bool:
        """``owner`` counts the same ticks as this process."""
        ...

    def tick(self) -> float:
        """Seconds since the machine was started, suspended time included; no setting of the clock moves it."""
        ...


class Machine:
    """This machine: Linux by ``/proc``, others by what POSIX has (there only an absent process is known dead)."""

    def __init__(self) -> None:
        self._boot = boot_id()

    def owner(self) -> str:
        """A new owner: this process, and a token of its own."""
        pid = os.getpid()
        return f"{pid}:{_start_time(pid)}:{self._boot}:{os.urandom(3).hex()}"

    def dead(self, owner: str) -> bool:
        """The machine was restarted since, or the process is gone, or its number belongs to another one."""
        pid, started, boot = _parts(owner)
        if pid == 0:
            return True  # not an owner at all: the lease is not held
        if boot != self._boot:
            # Same boot but another pid namespace (a container): its processes cannot be seen from here.
            return bool(boot) and bool(self._boot) and boot.partition("/")[0] != self._boot.partition("/")[0]
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it lives, under another user: the number was reused, or it runs under sudo
        # One that lives and is not to be seen (/proc with hidepid hides processes that cannot be traced) may be it.
        return _start_time(pid) not in (started, GONE)

    def same_boot(self, owner: str) -> bool:
        """The boot id is known and the same."""
        return bool(self._boot) and _parts(owner)[2] == self._boot

    def tick(self) -> float:
        """``CLOCK_BOOTTIME``, or the monotonic clock where there is none."""
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if clock is None else time.clock_gettime(clock)


def attempt_owner(owner: str, number: int) -> str:
    """The name under which one attempt of ``owner`` holds its letter."""
    return f"{owner}.{number}"


def acts_for(name: str, owner: str) -> bool:
    """``name`` is ``owner`` or one of its attempts."""
    return bool(owner) and (name == owner or name.startswith(f"{owner}."))


def _parts(owner: str) -> tuple[int, str, str]:
    pid, _, rest = owner.partition(":")
    started, _, rest = rest.partition(":")
    boot = rest.partition(":")[0]
    return (int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 10 else 0), started, boot


@lru_cache(maxsize=1)
def boot_id() -> str:
    """The boot id and the pid namespace on Linux, "boot/namespace"; empty where there is no such thing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""
    return f"{boot}/{namespace}"


def _start_time(pid: int) -> str:
    """When the process was started, in the machine's own unit; empty when it cannot be told (then never equal)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # The second field is the program's name in parentheses and may hold anything, parentheses included.
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return GONE
    return _start_time_by_ps(pid)


def _start_time_by_ps(pid: int) -> str:
    import subprocess

    try:
        run = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return "-".join(run.stdout.split()).replace(":", ".") or GONE


class FolderLock:
    """Shared by every open outbox; exclusive while the index is set aside, rebuilt or migrated.

    Renaming a database away under a process that has it open would leave two outboxes that send the same letters.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        try:
            self._descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            self.share()
        except StorageError:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        """Release it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def try_alone(self) -> bool:
        """Have the outbox for this process alone; ``share()`` afterwards, whatever the answer.

        Asking gives up the shared lock for a moment, so that two that ask at once do not wait for each other.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: the database's own are all there is
        return True

    def share(self) -> None:
        """Let other processes open the outbox again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StorageError(
                        "Another tuimail is repairing the outbox.", hint="Try again in a moment."
                    ) from None
                time.sleep(PAUSE)
            except OSError:
                return
            else:
                return
