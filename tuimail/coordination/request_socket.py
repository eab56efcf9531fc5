"""Requests from one process of the user to another one, over a private socket beside a lock that the other one holds.

A request is one line of at most LONGEST bytes, and the answer is one too. While the work goes on the answering process
sends a dot every BEAT seconds, so that one which is stopped is told from one which is busy.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

from tuimail.private_files import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Answer = Callable[[bytes], bytes]
    """The answer to a request, one line without its end; called on a thread of its own, and may block."""

LONGEST = 65536
"""Bytes of a request."""
BEAT = 1.0
"""Seconds between two dots."""
SILENCE = 10.0
"""Seconds without a byte after which the other process counts as stopped."""
MOST = 8
"""Requests that are answered at the same time; others are turned away."""
_DOT = b"."
_SUN_PATH = 100
"""Bytes that fit into a socket's address everywhere (Linux 107, macOS 103)."""


class NobodyListensError(Exception):
    """No process answers there, or it ended meanwhile."""


class SilentError(Exception):
    """A process is there, and does not answer."""


class RequestListener:
    """Answers requests from ``open`` to ``close``. Only the holder of the lock beside it may have one."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._socket: socket.socket | None = None
        self._free = threading.BoundedSemaphore(MOST)

    def open(self) -> None:
        """Begin to listen. Raises OSError: the disk holds no sockets."""
        if self._socket is not None:
            return
        self._path.unlink(missing_ok=True)  # of a holder that was killed
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(self._path) as address:
                made.bind(address)
            self._path.chmod(PRIVATE_FILE)
            made.listen(MOST)
        except BaseException:
            made.close()
            raise
        self._socket = made
        threading.Thread(target=self._accept, args=(made,), name="requests", daemon=True).start()

    def close(self) -> None:
        """Listen no more; requests that are being answered are not waited for."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the wait in accept()
        self._socket.close()
        self._socket = None

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                link, _ = listening.accept()
            except OSError:
                return
            if not self._free.acquire(blocking=False):
                link.close()
                continue
            threading.Thread(target=self._serve, args=(link,), name="request", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, contextlib.suppress(OSError):
                link.settimeout(SILENCE)
                if not (request := _line(link)):
                    return
                done = self._begun(request)
                while not wait((done,), BEAT).done:
                    link.sendall(_DOT)
                link.sendall(done.result() + b"\n")
        finally:
            self._free.release()

    def _begun(self, request: bytes) -> Future[bytes]:
        done: Future[bytes] = Future()

        def work() -> None:
            try:
                done.set_result(self._answer(request))
            except Exception as error:  # noqa: BLE001 - whoever asks is told that it failed, in no words of a stranger
                done.set_result(type(error).__name__.encode())

        threading.Thread(target=work, name="answer", daemon=True).start()
        return done


def ask(path: Path, request: bytes, *, silence: float = SILENCE) -> bytes:
    """The answer of the process that listens there; blocks for as long as it is at work.

    Raises:
        NobodyListensError: none does, or it ended.
        SilentError: it sent nothing for ``silence`` seconds.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(silence)
            with _address(path) as address:
                link.connect(address)
            link.sendall(request + b"\n")
            answer = _line(link).lstrip(_DOT)
    except TimeoutError:
        raise SilentError from None
    except OSError:
        raise NobodyListensError from None
    if not answer:
        raise NobodyListensError
    return answer


def _line(link: socket.socket) -> bytes:
    """What comes up to the end of a line; nothing if there is none. Dots before it do not count."""
    found = b""
    while len(found) <= LONGEST and (piece := link.recv(4096)):
        found = (found + piece).lstrip(_DOT)
        if found.endswith(b"\n"):
            return found[:-1] if len(found) <= LONGEST else b""
    return b""


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A path short enough for a socket: by the open folder where its own is too long (Linux)."""
    if len(os.fsencode(path)) <= _SUN_PATH:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
