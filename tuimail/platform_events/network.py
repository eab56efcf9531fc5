"""Detects that a network came up, so that waiting retries can run at once.

Linux reports new addresses and routes by netlink (rtnetlink(7)). On other systems, or if netlink is refused, a letter
is retried when it is due, after a quarter of an hour at the latest. No server is contacted to test the network.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

log = logging.getLogger(__name__)

SETTLE = 2.0
"""Seconds to wait after a change for the changes that follow it: address, route, name servers."""

_LINK_SCOPE = 253
"""Addresses of this scope or above are only valid on the link or this machine."""

_TENTATIVE = 0x40
"""IFA_F_TENTATIVE: duplicate detection is running; another event follows when the address may be used."""

_MAIN_TABLE = 254
_UNICAST = 1

_BUFFER = 1 << 16
"""Bytes per read; the kernel splits its answers into pieces of at most half of that."""

_PATIENCE = 10.0
"""Seconds to wait for an answer of the kernel."""

# <linux/netlink.h>
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_REQUEST_DUMP = 0x301
_ERROR, _DONE = 2, 3

# <linux/rtnetlink.h>, <linux/if_addr.h>
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_GET_ADDRESS, _GET_ROUTE = 22, 26
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5
_GROUPS = 0x10 | 0x40 | 0x100 | 0x400
"""Changes of IPv4 addresses, IPv4 routes, IPv6 addresses and IPv6 routes."""


class RouteMonitor(Protocol):
    """The addresses and default routes of this machine, and their changes."""

    async def now(self) -> frozenset[str]:
        """Every global address and every default route, each as a unique text."""
        ...

    async def changed(self) -> None:
        """Return when they may have changed since the last call."""
        ...


async def watch(ways: RouteMonitor, up: Callable[[], Awaitable[None]], *, settle: float = SETTLE) -> None:
    """Call ``up`` whenever a new address or default route appears. Runs until it is cancelled.

    Renewed leases, repeated router advertisements and networks that go down are ignored.

    Raises:
        OSError: the system stopped reporting changes.
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
    """``watch`` this machine; returns at once on systems without netlink."""
    if not sys.platform.startswith("linux"):
        return
    try:
        with _netlink(_GROUPS) as changes:
            changes.setblocking(False)
            await watch(_Netlink(changes), up)
    except OSError as error:
        log.info("the network is not watched: %s", error)


class _Netlink:
    """The RouteMonitor on netlink."""

    def __init__(self, changes: socket.socket) -> None:
        self._changes = changes

    async def now(self) -> frozenset[str]:
        # In a thread: a router's table may have a million entries.
        return await asyncio.to_thread(_default_routes)

    async def changed(self) -> None:
        try:
            await asyncio.get_running_loop().sock_recv(self._changes, _BUFFER)
            while self._changes.recv(_BUFFER):
                pass
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # more changes than the kernel keeps: they may have changed
                raise


def _netlink(groups: int = 0) -> socket.socket:
    """A netlink socket that receives the changes in ``groups``. Raises OSError."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    try:
        made.bind((0, groups))
    except BaseException:
        made.close()
        raise
    return made


def _default_routes() -> frozenset[str]:
    """Global addresses and default routes. Raises OSError."""
    found = set()
    for body in _dump(_GET_ADDRESS, _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
        family, _, flags, scope, link = _ADDRESS.unpack_from(body)
        if scope < _LINK_SCOPE and not flags & _TENTATIVE:
            attributes = _attributes(body, _ADDRESS.size)
            address = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
            found.add(f"{_text(family, address)} on {link}")
    for wanted in (socket.AF_INET, socket.AF_INET6):
        for body in _dump(_GET_ROUTE, _ROUTE.pack(wanted, 0, 0, 0, 0, 0, 0, 0, 0)):
            family, bits, _, _, table, _, _, kind, _ = _ROUTE.unpack_from(body)
            if bits == 0 and table == _MAIN_TABLE and kind == _UNICAST:
                attributes = _attributes(body, _ROUTE.size)
                link = int.from_bytes(attributes.get(_RTA_OIF, b""), sys.byteorder)
                found.add(f"default by {_text(family, attributes.get(_RTA_GATEWAY))} on {link}")
    return frozenset(found)


def _dump(kind: int, question: bytes) -> Iterator[bytes]:
    """Request all entries of a kind from the kernel; yields each without its header. Raises OSError."""
    with _netlink() as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.send(_HEADER.pack(_HEADER.size + len(question), kind, _REQUEST_DUMP, 1, 0) + question)
        while True:
            answer = kernel.recv(_BUFFER)
            at = 0
            while at + _HEADER.size <= len(answer):
                length, answered, *_ = _HEADER.unpack_from(answer, at)
                body = answer[at + _HEADER.size : at + length]
                if answered == _DONE or length < _HEADER.size:
                    return
                if answered == _ERROR:
                    number = -int.from_bytes(body[:4], sys.byteorder, signed=True)
                    raise OSError(number, os.strerror(number))
                yield body
                at += _aligned(length)


def _attributes(body: bytes, at: int) -> dict[int, bytes]:
    """The attributes that follow the fixed part of an entry: their type -> their value."""
    found = {}
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind] = body[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)
    return found


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _text(family: int, address: bytes | None) -> str:
    return socket.inet_ntop(family, address) if address else "link"
