"""Requests between processes: answered, turned away, and told apart from silence."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tuimail.coordination import request_socket
from tuimail.coordination.request_socket import NobodyListensError, RequestListener, SilentError, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = """
import sys
from pathlib import Path
from tuimail.coordination.request_socket import RequestListener
RequestListener(Path(sys.argv[1]), lambda request: request[::-1]).open()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["short", "long " * 30])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / str(request.param)
    folder.mkdir()
    return folder / "a.socket"


@contextlib.contextmanager
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_request_is_answered_by_the_other_process(path: Path) -> None:
    with pytest.raises(NobodyListensError):
        ask(path, b"abc")
    with other(path) as process:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ask(path, b"abc") == b"cba"
        assert ask(path, b"x" * 60_000) == b"x" * 60_000
        process.kill()
        process.wait(20)
        assert path.exists()
        with pytest.raises(NobodyListensError):
            ask(path, b"abc")
    with other(path):
        assert ask(path, b"abc") == b"cba", "what the killed one left is in nobody's way"


def test_a_process_that_is_stopped_is_silent(path: Path) -> None:
    with other(path) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(SilentError):
            ask(path, b"abc", silence=0.1)
        os.kill(process.pid, signal.SIGCONT)
        assert ask(path, b"abc") == b"cba"


def test_a_process_that_is_busy_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_socket, "BEAT", 0.02)
    go_on = threading.Event()

    def answer(request: bytes) -> bytes:
        assert go_on.wait(20)
        return request

    listener = RequestListener(path, answer)
    listener.open()
    try:
        threading.Timer(0.5, go_on.set).start()
        begun = time.monotonic()
        assert ask(path, b"abc", silence=0.25) == b"abc"
        assert time.monotonic() - begun > 0.25
    finally:
        listener.close()
    assert not path.exists()
    with pytest.raises(NobodyListensError):
        ask(path, b"abc")


def test_strange_requests_cost_nothing(path: Path) -> None:
    def answer(request: bytes) -> bytes:
        if request == b"bad":
            raise ValueError("secret")
        return request

    listener = RequestListener(path, answer)
    listener.open()
    try:
        assert ask(path, b"bad") == b"ValueError"
        with pytest.raises(NobodyListensError):
            ask(path, b"x" * (request_socket.LONGEST + 10))
        idle = []
        for _ in range(request_socket.MOST):
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with request_socket._address(path) as address:
                link.connect(address)
            idle.append(link)
        with pytest.raises(NobodyListensError):
            ask(path, b"one too many")
        for link in idle:
            link.close()
        with contextlib.suppress(NobodyListensError):
            ask(path, b"abc")
    finally:
        listener.close()
