"""A program that hangs says where, and ends when it is told to; real processes that really hang."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, re, sys, threading, time
from tuimail.cli import interrupts
from tuimail.platform_events import watchdog

watchdog.SILENCE, watchdog.GRACE, watchdog._BEAT, watchdog._TICK, watchdog._LATER = 0.4, 0.6, 0.1, 0.05, 0.2

def report(text):
    with open(sys.argv[1], "a") as file:
        file.write(text)

def ready():
    print("ready", flush=True)

async def loop_that_sleeps():
    asyncio.get_running_loop().call_later(0.2, sleep_in_the_loop)
    await asyncio.Event().wait()

def sleep_in_the_loop():
    ready()
    time.sleep(60)

async def loop_that_is_busy():
    await asyncio.sleep(0)
    ready()
    while True:
        pass

async def loop_in_a_regex():
    await asyncio.sleep(0)
    ready()
    re.match("(a+)+b", "a" * 100)

async def a_thread():
    asyncio.get_running_loop().call_later(0.1, ready)
    await asyncio.to_thread(time.sleep, 60)

async def a_thread_of_its_own():
    threading.Thread(target=time.sleep, args=(60,)).start()
    ready()
    await asyncio.Event().wait()

async def loop_that_stops_for_a_while():
    await asyncio.sleep(0.2)
    ready()
    hold_the_loop()
    await asyncio.sleep(0.3)

def hold_the_loop():
    time.sleep(1.0)

async def nothing():
    ready()
    await asyncio.sleep(1.0)

watchdog.begin(report)
try:
    interrupts.run(globals()[sys.argv[2]]())
except KeyboardInterrupt:
    code = 130
except interrupts.Terminated:
    code = 143
else:
    code = 0
watchdog.leaving()
sys.exit(code)
"""


def ended(tmp_path: Path, what: str, *signals: signal.Signals) -> tuple[int, str]:
    """The exit code and the log of a program that does ``what`` and is sent ``signals``."""
    log = tmp_path / "log"
    log.touch()
    command = [sys.executable, "-c", PROGRAM, str(log), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            for number in signals:
                process.send_signal(number)
                if len(signals) > 1:
                    # Two of one kind at once are one to the kernel.
                    with pytest.raises(subprocess.TimeoutExpired):
                        process.wait(0.3)
            code = process.wait(30)
        finally:
            process.kill()
    return code, log.read_text()


@pytest.mark.parametrize("what", ["loop_that_sleeps", "loop_that_is_busy", "a_thread", "a_thread_of_its_own"])
@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGTERM,), 143), ((signal.SIGHUP,), 143), ((signal.SIGINT, signal.SIGINT), 130)],
)
def test_what_hangs_is_ended(tmp_path: Path, what: str, signals: Sequence[signal.Signals], code: int) -> None:
    if what == "a_thread_of_its_own" and code == 130:
        signals = signals[:1]  # the program is at its end by then
    found, log = ended(tmp_path, what, *signals)
    assert found == code
    assert "ended by force" in log
    assert "Thread 0x" in log


def test_a_regex_in_the_loop_is_ended(tmp_path: Path) -> None:
    code, _ = ended(tmp_path, "loop_in_a_regex", signal.SIGTERM)
    assert code == 1


def test_a_silent_loop_says_where_it_is(tmp_path: Path) -> None:
    code, log = ended(tmp_path, "loop_that_stops_for_a_while")
    assert code == 0
    assert log.count("the loop has been silent") == 1
    assert "in hold_the_loop" in log


def test_a_program_that_is_well_is_left_alone(tmp_path: Path) -> None:
    assert ended(tmp_path, "nothing") == (0, "")
    assert ended(tmp_path, "nothing", signal.SIGTERM) == (143, "")


SCREENS = """
import os, sys, time
from tuimail.cli import main
from tuimail.engine.outbox import Outbox
from tuimail.platform_events import watchdog

watchdog.SILENCE, watchdog.GRACE, watchdog._BEAT, watchdog._TICK = 0.3, 0.8, 0.1, 0.05

async def query(self, work):
    os.write(1, b"READY")
    time.sleep(60)

Outbox.query = query
sys.argv[1:] = []
sys.exit(main())
"""


def test_the_screens_end_too_and_leave_the_terminal_as_it_was(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    environment = {
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "TERM": "xterm-256color",
        **{f"XDG_{each}_HOME": str(tmp_path / each) for each in ("CONFIG", "DATA", "CACHE", "STATE")},
    }
    command = [sys.executable, "-c", SCREENS]
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen(command, **streams, env=environment, cwd=ROOT, start_new_session=True) as process:  # type: ignore[call-overload]
        try:
            drawn = b""
            while b"READY" not in drawn:
                drawn += os.read(master, 65536)
            process.send_signal(signal.SIGTERM)
            while b"\x1b[?1049l" not in drawn:
                drawn += os.read(master, 65536)
            assert process.wait(30) == 143
        finally:
            process.kill()
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)
    log = (tmp_path / "STATE" / "tuimail" / "tuimail.log").read_text()
    assert "ended by force" in log
    assert "in query" in log
