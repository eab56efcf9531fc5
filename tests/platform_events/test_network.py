"""A network that comes up is noticed; anything else is no news."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tuimail.platform_events.network import watch, watch_machine

if TYPE_CHECKING:
    from collections.abc import Sequence

HOME, CAFE, ROUTE = "192.0.2.7 on 2", "198.51.100.9 on 3", "default by 192.0.2.1 on 2"


class Scripted:
    """Ways that change as told, then end."""

    def __init__(self, *states: Sequence[str]) -> None:
        self.states = [frozenset(each) for each in states]

    async def now(self) -> frozenset[str]:
        return self.states[0]

    async def changed(self) -> None:
        self.states.pop(0)
        if not self.states:
            raise OSError("no more")


async def ups(*states: Sequence[str]) -> int:
    count = 0

    async def up() -> None:
        nonlocal count
        count += 1

    with pytest.raises(OSError, match="no more"):
        await watch(Scripted(*states), up, settle=0)
    return count


@pytest.mark.parametrize(
    ("states", "times"),
    [
        ([[HOME]], 0),  # what is there at the start is no news
        ([[], [HOME, ROUTE]], 1),
        ([[HOME], [HOME, ROUTE]], 1),
        ([[HOME, ROUTE], []], 0),  # down
        ([[HOME, ROUTE], [], [HOME, ROUTE]], 1),
        ([[HOME], [HOME], [HOME]], 0),  # a lease was renewed
        ([[HOME], [CAFE]], 1),
        ([[], [HOME], [HOME, ROUTE]], 2),
    ],
)
async def test_only_what_appears_counts(states: list[list[str]], times: int) -> None:
    assert await ups(*states) == times


async def test_a_platform_that_does_not_tell_is_left_to_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    async def up() -> None:
        raise AssertionError

    await watch_machine(up)


async def test_a_machine_that_refuses_netlink_is_left_to_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(socket, "socket", refused)

    async def up() -> None:
        raise AssertionError

    await watch_machine(up)


IN_A_NAMESPACE = """
import asyncio, subprocess
from tuimail.platform_events import network

def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)

async def main():
    told = asyncio.Queue()
    network.watch.__kwdefaults__["settle"] = 0.05

    async def up():
        await told.put(True)

    ip("link", "set", "lo", "up")
    watching = asyncio.create_task(network.watch_machine(up))
    for number in range(1, 250):  # until it listens
        ip("addr", "add", f"192.0.2.{number}/24", "dev", "lo")
        try:
            await asyncio.wait_for(told.get(), 0.3)
            break
        except TimeoutError:
            assert not watching.done()
    else:
        raise AssertionError("an address was not noticed")
    ip("route", "add", "default", "via", "192.0.2.251", "dev", "lo")
    await asyncio.wait_for(told.get(), 20)
    ip("addr", "flush", "dev", "lo", "scope", "global")
    ip("addr", "add", "fe80::7/64", "dev", "lo", "scope", "link")
    await asyncio.sleep(0.3)
    assert told.empty(), "what goes down, and what reaches no further than the link, is no news"
    ip("addr", "add", "192.0.2.1/24", "dev", "lo")
    await asyncio.wait_for(told.get(), 20)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

asyncio.run(main())
"""


def can_unshare() -> bool:
    """Whether this user may have a network of its own to play with."""
    if not (sys.platform == "linux" and shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="no network namespaces for this user")
def test_the_kernel_tells_of_addresses_and_routes() -> None:
    ran = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", IN_A_NAMESPACE], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
