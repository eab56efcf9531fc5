"""How the processes on one outbox tell each other that something changed, so that none has to look all the time.

Whoever works on an outbox for longer (the app, ``outbox run --watch``) has a datagram socket in the folder ``bells``
below it; whoever committed a change sends a byte to every socket there. The byte means "look"; the truth is in the
index. So a ring that is lost costs nothing but the time until the next look: on a network disk, where a socket is
heard on its own machine only, and on disks that hold no sockets at all.

::

    outbox/bells/watch.4711.1f2e3d4c.a1b2c3     role, process, boot id of the machine, chance
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import secrets
import socket
import stat
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.coordination.lock import boot_id
from tuimail.errors import TuimailError
from tuimail.private_files import PRIVATE_FILE, private_dir

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "bells"

BURST = 0.02
"""Seconds: of all commits within them only the first and the last ring."""

DEAF = 0.05
"""Seconds for which whoever heard a ring hears no other: what came meanwhile is heard as one."""

LONG_GONE = 86_400.0
"""Seconds after which a silent socket of another boot, or of another machine on a network disk, is cleared away."""

_RING = b"!"
_SUN_PATH = 100
"""Bytes that fit into a socket's address everywhere (Linux 107, macOS 103)."""

_NAME = re.compile(r"(?P<role>watch|app)\.(?P<pid>[1-9][0-9]{0,9})\.(?P<boot>[0-9a-z]{1,8})\.[0-9a-f]{6}", re.ASCII)


class Role(StrEnum):
    """What kind of process it is that works on the outbox."""

    WATCH = "watch"
    """Without a screen, until it is told to stop."""
    APP = "app"
    """Until the user quits."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that works on the outbox now."""

    role: Role
    pid: int
    here: bool
    """On this machine; else ``pid`` is a number of another one."""


class ChangeNotifier:
    """Rings at every other process's door. Belongs to an open outbox; ``ring`` may be called on any thread."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the outbox's; nothing is made in it."""
        self.folder = folder
        self.own = ""
        """The name of this process's socket, which is not rung."""
        self.later: Callable[[float, Callable[[], None]], None] | None = None
        """Calls something after so many seconds, from any thread. Without it nothing is put off: each commit rings."""
        self._lock = threading.Lock()
        self._rang_at = 0.0
        self._owing = False

    def ring(self) -> None:
        """Something was committed. Never raises, never waits."""
        with self._lock:
            if self._owing:
                return
            now, later = time.monotonic(), self.later
            wait = self._rang_at + BURST - now
            if wait <= 0 or later is None:
                self._rang_at = now
                later = None
            else:
                self._owing = True
        if later is None:
            self._ring()
            return
        try:
            later(wait, self.pay)
        except RuntimeError:  # the loop is closed: the program ends
            self.pay()

    def pay(self) -> None:
        """Ring now if a ring was put off; at the end nothing may be owing."""
        with self._lock:
            owing, self._owing = self._owing, False
            self._rang_at = time.monotonic()
        if owing:
            self._ring()

    def _ring(self) -> None:
        try:
            with _Doors(self.folder) as doors:
                for name in doors.names():
                    if name != self.own:
                        doors.ring(name)
        except OSError as error:
            if error.errno != errno.ENOENT:  # nobody ever listened here
                log.debug("the others could not be told: %s", error)


class ChangeListener:
    """This process's socket. Lives on the event loop."""

    def __init__(self, folder: Path, role: Role, heard: Callable[[], None]) -> None:
        """``heard`` is called on the loop after others rang, at most once in ``DEAF`` seconds."""
        self.name = ""
        self._folder = folder
        self._role = role
        self._heard = heard
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deaf: asyncio.TimerHandle | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Be there to be rung; False where the disk takes no sockets (then only looking now and then helps)."""
        try:
            private_dir(self._folder / FOLDER)
            with _Doors(self._folder) as doors:
                self._socket, self.name = doors.open(self._role)
        except (OSError, TuimailError) as error:
            log.info("no bell at this outbox, others are noticed by looking: %s", error)
            return False
        self._loop = loop
        loop.add_reader(self._socket, self._rung)
        return True

    def close(self) -> None:
        """Be gone. Twice is fine."""
        if self._socket is None or self._loop is None:
            return
        if self._deaf is not None:
            self._deaf.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):  # then the next ring clears it away
            (self._folder / FOLDER / self.name).unlink(missing_ok=True)

    def _rung(self) -> None:
        if self._socket is None or self._loop is None:
            return
        try:
            while self._socket.recv(1):
                pass
        except OSError:
            pass
        self._loop.remove_reader(self._socket)
        self._deaf = self._loop.call_later(DEAF, self._listen)
        self._heard()

    def _listen(self) -> None:
        if self._socket is not None and self._loop is not None:
            self._loop.add_reader(self._socket, self._rung)


def neighbours(folder: Path) -> list[Peer]:
    """Who works on the outbox of ``folder`` now, this process included; sorted."""
    found = []
    try:
        with _Doors(folder) as doors:
            for name in doors.names():
                match = _NAME.fullmatch(name)
                if match and doors.answers(name):
                    here = match["boot"] == _boot()
                    found.append(Peer(Role(match["role"]), int(match["pid"]), here))
    except OSError:
        return []
    return sorted(found, key=lambda each: (each.role is not Role.WATCH, each.pid))


class _Doors:
    """The folder of sockets, open."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FOLDER

    def __enter__(self) -> _Doors:
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def names(self) -> Iterator[str]:
        """The doors there are."""
        return (name for name in os.listdir(self._descriptor) if _NAME.fullmatch(name))  # noqa: PTH208 - by descriptor

    def open(self, role: Role) -> tuple[socket.socket, str]:
        """A new door, and its name."""
        name = f"{role}.{os.getpid()}.{_boot()}.{secrets.token_hex(3)}"
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0))
        try:
            made.setblocking(False)
            # Between its name and its life lies a moment in which it would look dead: it gets its real name after that.
            made.bind(self._address(f".{name}"))
            os.chmod(f".{name}", PRIVATE_FILE, dir_fd=self._descriptor)
            os.rename(f".{name}", name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            made.close()
            raise
        return made, name

    def ring(self, name: str) -> None:
        """Send the byte; nobody there: clear the door away."""
        # A socket for each: what one process leaves unread (suspended, stopped) must not use up the room of all.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(_RING, self._address(name))
            except BlockingIOError:
                pass  # it has not even heard the rings before this one
            except ConnectionRefusedError:
                self._clear(name)
            except OSError as error:
                log.debug("nobody opens at %s: %s", name, error)

    def answers(self, name: str) -> bool:
        """Whether a process sits behind the door."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect(self._address(name))
            except OSError:
                return False
        return True

    def _clear(self, name: str) -> None:
        try:
            info = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            gone = f".{_boot()}." in name or time.time() - info.st_mtime > LONG_GONE
            if gone and stat.S_ISSOCK(info.st_mode):
                os.unlink(name, dir_fd=self._descriptor)
        except OSError:
            return

    def _address(self, name: str) -> str:
        """A path short enough for a socket: by the open folder where its own is too long (Linux)."""
        path = str(self.path / name)
        if len(os.fsencode(path)) <= _SUN_PATH:
            return path
        return f"/proc/self/fd/{self._descriptor}/{name}"


def _boot() -> str:
    return boot_id().partition("/")[0].replace("-", "")[:8] or "none"
