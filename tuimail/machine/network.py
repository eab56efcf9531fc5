"""Notices that a network came up, so that what waits for a retry need not wait any longer.

Linux tells of new addresses and routes by netlink (pyroute2). Elsewhere, and where netlink is refused, nothing tells:
then the outbox's own schedule is the probe, which asks the account's own server when its retry is due, at the latest
after a quarter of an hour. Nobody else is ever asked.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
import sys
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

log = logging.getLogger(__name__)

SETTLE = 2.0
"""Seconds that a change gets to be followed by the rest of it: address, route, name servers."""

_LINK_SCOPE = 253
"""Addresses of this scope and beyond reach no further than the link, or this machine."""

_TENTATIVE = 0x40
"""IFA_F_TENTATIVE: the address is still being asked for; it is told of again when it may be used."""

_MAIN_TABLE = 254


class Ways(Protocol):
    """The ways out of this machine, and that they changed."""

    async def now(self) -> frozenset[str]:
        """Every address others can reach this machine at, and every default route, as text that tells them apart."""
        ...

    async def changed(self) -> None:
        """Return when they may have changed since the last call."""
        ...


async def watch(ways: Ways, up: Callable[[], Awaitable[None]], *, settle: float = SETTLE) -> None:
    """Call ``up`` whenever a way out appeared that was not there before. Runs until it is cancelled.

    A lease that is renewed, a router that advertises itself again and a network that goes down are no news.

    Raises:
        OSError: the system tells no more.
    """
    known = await ways.now()
    while True:
        await ways.changed()
        await asyncio.sleep(settle)
        found = await ways.now()
        appeared, known = found - known, found
        if appeared:
            log.info("network up: %s", ", ".join(sorted(appeared)))
            await up()


async def watch_machine(up: Callable[[], Awaitable[None]]) -> None:
    """``watch`` this machine; returns at once where it does not tell."""
    if not sys.platform.startswith("linux"):
        return
    try:
        # A quarter of a second; off the loop, which has a screen to draw.
        pyroute2 = await asyncio.to_thread(importlib.import_module, "pyroute2")
        async with _netlink(pyroute2) as ways:
            await watch(ways, up)
    except (OSError, ImportError) as error:
        log.info("the network is not watched: %s", error)
    except Exception as error:
        if not type(error).__module__.startswith("pyroute2"):
            raise
        log.info("the network is not watched any more: %s", error)


@asynccontextmanager
async def _netlink(pyroute2: Any) -> AsyncIterator[Ways]:  # pyroute2 has no types
    from pyroute2.netlink import rtnl

    groups = rtnl.RTMGRP_IPV4_IFADDR | rtnl.RTMGRP_IPV6_IFADDR | rtnl.RTMGRP_IPV4_ROUTE | rtnl.RTMGRP_IPV6_ROUTE
    async with pyroute2.AsyncIPRoute() as asking, pyroute2.AsyncIPRoute() as told:
        await told.bind(groups)
        ways = _Netlink(asking)
        listening = asyncio.create_task(ways.listen(told), name="netlink")
        try:
            yield ways
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


class _Netlink:
    """The ways out as the kernel knows them: asked on one socket, told of changes on another."""

    def __init__(self, asking: Any) -> None:
        self._asking = asking
        self._news = asyncio.Event()
        self._over: BaseException | None = None

    async def listen(self, told: Any) -> None:
        """Note every change."""
        try:
            while True:
                anything = False
                async with aclosing(told.get()) as messages:
                    async for _ in messages:
                        anything = True
                        self._news.set()
                if not anything:
                    raise OSError("netlink was closed")
        except Exception as error:  # noqa: BLE001 - told to whoever waits for changes
            self._over = error
            self._news.set()

    async def changed(self) -> None:
        await self._news.wait()
        self._news.clear()
        if self._over is not None:
            raise self._over

    async def now(self) -> frozenset[str]:
        found = set()
        async for each in await self._asking.addr("dump"):
            if each["scope"] < _LINK_SCOPE and not each["flags"] & _TENTATIVE:
                found.add(f"{each.get('local') or each.get('address')} on {each['index']}")
        for family in (socket.AF_INET, socket.AF_INET6):
            async for each in await self._asking.route("dump", family=family, table=_MAIN_TABLE):
                if each["dst_len"] == 0 and each["type"] == 1:
                    found.add(f"default by {each.get('gateway') or 'link'} on {each.get('oif')}")
        return frozenset(found)
