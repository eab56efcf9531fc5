"""No core file of this process, and the user's own limits for what it starts."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tuimail.platform_events import core_dumps

ROOT = Path(__file__).parents[2]
USUAL = 4096
"""The soft limit of a user who wants core files, in bytes."""

STATE = """
import ctypes, json, resource
def state():
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    return [resource.getrlimit(resource.RLIMIT_CORE)[0], dumpable]
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel by prctl")


def told(script: str, *argv: str) -> object:
    """What a process of its own, which may leave core files of USUAL bytes, prints as its last line."""

    def allow() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (USUAL, resource.getrlimit(resource.RLIMIT_CORE)[1]))

    ran = subprocess.run(
        [sys.executable, "-c", STATE + script, *argv],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"},
        preexec_fn=allow,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_program_leaves_no_core_file() -> None:
    script = """
from tuimail.cli import main
before = state()
main()
print(json.dumps([before, state()]))
"""
    assert told(script, "--version") == [[USUAL, 1], [0, 0]]


def test_a_caller_in_process_keeps_its_own_limits() -> None:
    script = """
from tuimail.cli import main
main(["--version"])
print(json.dumps(state()))
"""
    assert told(script) == [USUAL, 1]


def test_what_it_starts_has_the_user_s_limits() -> None:
    script = f"""
import asyncio, sys
from tuimail.config.password_command import first_line
from tuimail.platform_events import core_dumps
core_dumps.forbid()
child = {STATE!r} + "print(json.dumps(state()))"
async def both():
    return await asyncio.gather(*(first_line([sys.executable, "-c", child], "work", limit=30) for _ in range(2)))
said = asyncio.run(both())
print(json.dumps([*map(json.loads, said), state()]))
"""
    assert told(script) == [[USUAL, 1], [USUAL, 1], [0, 0]]


def test_overlapping_starts_put_the_limit_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    monkeypatch.setattr(core_dumps, "_limit", limits.append)
    monkeypatch.setattr(core_dumps, "_before", (USUAL, USUAL))

    async def start(entered: asyncio.Event, leave: asyncio.Event) -> None:
        with core_dumps.allowed_in_children():
            entered.set()
            await leave.wait()

    async def both() -> None:
        events = [asyncio.Event() for _ in range(4)]
        first = asyncio.create_task(start(events[0], events[1]))
        second = asyncio.create_task(start(events[2], events[3]))
        await events[0].wait()
        await events[2].wait()
        events[1].set()
        await first
        assert 0 not in limits
        events[3].set()
        await second

    asyncio.run(both())
    assert limits == [USUAL, USUAL, 0]


def test_nothing_is_put_back_where_nothing_was_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    monkeypatch.setattr(core_dumps, "_limit", limits.append)
    monkeypatch.setattr(core_dumps, "_before", None)
    with core_dumps.allowed_in_children():
        pass
    assert limits == []


def test_every_program_of_the_user_is_started_with_its_limits() -> None:
    for file in (ROOT / "tuimail").rglob("*.py"):
        tree = ast.parse(file.read_text())
        within = {
            id(inner)
            for block in ast.walk(tree)
            if isinstance(block, ast.With)
            and any("core_dumps.allowed_in_children" in ast.unparse(each.context_expr) for each in block.items)
            for inner in ast.walk(block)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and "create_subprocess" in ast.unparse(call.func):
                assert id(call) in within, f"{file}:{call.lineno}"
