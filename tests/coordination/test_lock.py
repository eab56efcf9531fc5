from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tuimail.coordination.lock import GONE, Machine

if TYPE_CHECKING:
    import pytest


def test_this_process_is_not_dead_and_its_owners_differ() -> None:
    machine = Machine()
    first, second = machine.owner(), machine.owner()
    assert first != second
    assert not machine.dead(first)
    assert machine.same_boot(first)
    assert first.startswith(f"{os.getpid()}:")


def test_a_process_that_ended_is_dead() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from tuimail.coordination.lock import Machine; print(Machine().owner())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Machine().dead(said)


def test_a_number_that_was_reused_is_another_process() -> None:
    pid, _, rest = Machine().owner().partition(":")
    _, _, boot = rest.partition(":")
    assert Machine().dead(f"{pid}:1:{boot}")


def test_an_owner_from_before_a_restart_is_dead() -> None:
    pid, start, _, token = Machine().owner().split(":")
    other = f"{pid}:{start}:11111111-2222-3333-4444-555555555555/4026531836:{token}"
    assert Machine().dead(other)
    assert not Machine().same_boot(other)


def test_of_an_owner_in_another_container_nothing_is_known() -> None:
    boot = Machine().owner().split(":")[2].partition("/")[0]
    assert not Machine().dead(f"999999:1:{boot}/1:x")


def test_nobody_is_dead_and_ticks_go_on() -> None:
    machine = Machine()
    assert machine.dead("")
    assert machine.dead("garbage")
    assert machine.tick() <= machine.tick()


def test_a_process_that_lives_unseen_is_not_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Machine().owner()
    # /proc mounted with hidepid shows nobody a process that cannot be traced.
    monkeypatch.setattr("tuimail.coordination.lock._start_time", lambda _: GONE)
    assert not Machine().dead(owner)
    monkeypatch.setattr("tuimail.coordination.lock._start_time", lambda _: "1")
    assert Machine().dead(owner)
