"""How the processes on one outbox notify each other of changes, so that they need not poll.

A process that works on an outbox for longer (the app, ``outbox run --watch``) listens on a datagram socket in the
folder ``bells`` below it; a process that committed a change sends a byte to every socket there. The byte means "look
at the index". A lost byte costs no more than the time until the next regular look. That is also what happens on a
network disk, where a socket can be reached only from its own machine, and on disks that hold no sockets.

::

    outbox/bells/watch.4711.1f2e3d4c.a1b2c3     role, process, boot id of the machine, random
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
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
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "bells"

BURST = 0.02
"""Seconds: of all commits within them only the first and the last are sent."""

QUIET = 0.05
"""Seconds after a byte in which a listener waits before it looks again: what came meanwhile counts as one."""

LONG_GONE = 86_400.0
"""Seconds after which an unused socket of another boot, or of another machine on a network disk, is removed."""

_BYTE = b"!"
_SUN_PATH = 100
"""Bytes that fit into a socket's address everywhere (Linux 107, macOS 103)."""

_NAME = re.compile(r"(?P<role>watch|app)\.(?P<pid>[1-9][0-9]{0,9})\.(?P<boot>[0-9a-z]{1,8})\.[0-9a-f]{6}", re.ASCII)


class PeerRole(StrEnum):
    """What kind of process it is that works on the outbox."""

    WATCH = "watch"
    """Without a screen, until it is stopped."""
    APP = "app"
    """Until the user quits."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that works on the outbox now."""

    role: PeerRole
    pid: int
    here: bool
    """On this machine; else ``pid`` is a number of another one."""


class ChangeNotifier:
    """Sends to the sockets of all other processes. Belongs to an open outbox; may be called on any thread."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the outbox's; nothing is made in it."""
        self.folder = folder
        self.own = ""
        """The name of this process's socket, to which nothing is sent."""
        self.later: Callable[[float, Callable[[], None]], None] | None = None
        """Calls something after so many seconds, from any thread. Without it every commit is sent at once."""
        self._lock = threading.Lock()
        self._sent_at = 0.0
        self._pending = False

    def notify(self) -> None:
        """Tell the others that something was committed. Never raises, never waits."""
        with self._lock:
            if self._pending:
                return
            now, later = time.monotonic(), self.later
            wait = self._sent_at + BURST - now
            if wait <= 0 or later is None:
                self._sent_at = now
                later = None
            else:
                self._pending = True
        if later is None:
            self._send_all()
            return
        try:
            later(wait, self.flush)
        except RuntimeError:  # the loop is closed: the program ends
            self.flush()

    def flush(self) -> None:
        """Send now what was put off; call it at the end."""
        with self._lock:
            pending, self._pending = self._pending, False
            self._sent_at = time.monotonic()
        if pending:
            self._send_all()

    def _send_all(self) -> None:
        try:
            with _SocketFolder(self.folder) as sockets:
                for name in sockets.names():
                    if name != self.own:
                        sockets.send(name)
        except OSError as error:
            if error.errno != errno.ENOENT:  # no process ever listened here
                log.debug("other processes could not be notified: %s", error)


class ChangeListener:
    """This process's socket. Lives on the event loop."""

    def __init__(self, folder: Path, role: PeerRole, on_change: Callable[[], None]) -> None:
        """``on_change`` is called on the loop after others changed something, at most once in ``QUIET`` seconds."""
        self.name = ""
        self._folder = folder
        self._role = role
        self._on_change = on_change
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._quiet: asyncio.TimerHandle | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Begin to listen; False where the disk holds no sockets (then only regular looks help)."""
        try:
            private_dir(self._folder / FOLDER)
            with _SocketFolder(self._folder) as sockets:
                self._socket, self.name = sockets.open(self._role)
        except (OSError, TuimailError) as error:
            log.info("no socket at this outbox, changes of others are found by looking: %s", error)
            return False
        self._loop = loop
        loop.add_reader(self._socket, self._received)
        return True

    def close(self) -> None:
        """Stop listening. May be called twice."""
        if self._socket is None or self._loop is None:
            return
        if self._quiet is not None:
            self._quiet.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):  # then the next sender removes it
            (self._folder / FOLDER / self.name).unlink(missing_ok=True)

    def _received(self) -> None:
        if self._socket is None or self._loop is None:
            return
        try:
            while self._socket.recv(1):
                pass
        except OSError:
            pass
        self._loop.remove_reader(self._socket)
        self._quiet = self._loop.call_later(QUIET, self._listen)
        self._on_change()

    def _listen(self) -> None:
        if self._socket is not None and self._loop is not None:
            self._loop.add_reader(self._socket, self._received)


def neighbours(folder: Path) -> list[Peer]:
    """The processes that work on the outbox of ``folder`` now, this one included; sorted."""
    found = []
    try:
        with _SocketFolder(folder) as sockets:
            for name in sockets.names():
                match = _NAME.fullmatch(name)
                if match and sockets.answers(name):
                    here = match["boot"] == _boot()
                    found.append(Peer(PeerRole(match["role"]), int(match["pid"]), here))
    except OSError:
        return []
    return sorted(found, key=lambda each: (each.role is not PeerRole.WATCH, each.pid))


class _SocketFolder:
    """The folder of sockets, open."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FOLDER

    def __enter__(self) -> _SocketFolder:
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def names(self) -> Iterator[str]:
        """Names of the sockets."""
        return (name for name in os.listdir(self._descriptor) if _NAME.fullmatch(name))  # noqa: PTH208 - by descriptor

    def open(self, role: PeerRole) -> tuple[socket.socket, str]:
        """A new socket, and its name."""
        import socket  # here and below: a command that changes nothing needs none

        name = f"{role}.{os.getpid()}.{_boot()}.{os.urandom(3).hex()}"
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0))
        try:
            made.setblocking(False)
            # For a moment after bind() it would look dead: it gets its real name after that.
            made.bind(self._address(f".{name}"))
            os.chmod(f".{name}", PRIVATE_FILE, dir_fd=self._descriptor)
            os.rename(f".{name}", name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            made.close()
            raise
        return made, name

    def send(self, name: str) -> None:
        """Send the byte; remove the socket of a process that is gone."""
        # A socket for each: what one process leaves unread (suspended, stopped) must not use up the room of all.
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(_BYTE, self._address(name))
            except BlockingIOError:
                pass  # it has not read the bytes before this one
            except ConnectionRefusedError:
                self._clear(name)
            except OSError as error:
                log.debug("no process answers at %s: %s", name, error)

    def answers(self, name: str) -> bool:
        """Whether a process listens on it."""
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(self._address(name))
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
