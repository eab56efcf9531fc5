"""Programs of the machine, started on free loopback ports and ended by their id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REQUIRED = os.environ.get("TUIMAIL_REQUIRE_REAL_SERVERS") == "1"
"""Read when the tests are loaded: the environment is made neutral for each test afterwards."""

_SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix"


class DidNotStartError(Exception):
    """A server did not come up; the text holds what it said."""


def program(name: str) -> str:
    """Its path. Skips the test when it is not installed, or fails it where real servers are required."""
    found = shutil.which(name, path=_SYSTEM_PATH)
    if found is None:
        cannot(f"{name} is not installed")
    return found


def cannot(reason: str) -> NoReturn:
    """Skip the test for ``reason``, or fail it where real servers are required."""
    if REQUIRED:
        pytest.fail(f"{reason}, and TUIMAIL_REQUIRE_REAL_SERVERS=1 wants real servers", pytrace=False)
    pytest.skip(reason)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on right now, all different."""
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket(socket.AF_INET))
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        return ports


@contextlib.contextmanager
def short_folder(name: str) -> Iterator[Path]:
    """A folder directly below /tmp, open to servers' users: a Unix socket's path has room for 107 bytes only."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


_LEASH = '''exec 3<&0; "$@" </dev/null 3<&- & server=$!; { read _ <&3; kill "$server"; } & wait "$server"'''
"""Ends the server when our end of its standard input is closed, which a killed test run does too."""


class Daemon:
    """One server program in the foreground."""

    def __init__(self, argv: Sequence[str], *, log: Path) -> None:
        self._log = log
        self._output = log.with_suffix(".out")
        with self._output.open("wb") as sink:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LEASH, "sh", *argv],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                cwd="/",
            )

    def wait_for_ports(self, *ports: int, seconds: float = 30.0) -> None:
        """Return once every port answers.

        Raises:
            DidNotStartError: the program ended or the time is up.
        """
        deadline = time.monotonic() + seconds
        for port in ports:
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=1.0):
                        break
                except OSError:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        raise DidNotStartError(f"port {port} stays closed; {self.said()}") from None
                    time.sleep(0.02)

    def said(self) -> str:
        """The end of its log and output."""
        texts = []
        for path in (self._log, self._output):
            with contextlib.suppress(OSError):
                texts.append(path.read_text(errors="replace")[-3000:])
        return "\n".join(texts)

    def stop(self) -> None:
        """End it and its children."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
