"""Connecting to a host by "happy eyeballs" (RFC 8305): all its addresses, a new one started every ``STAGGER``."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from tuimail.mail.text import safe_line
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.tls import certificate_host, wire_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.submission.wire import Timeouts

STAGGER = 0.25
"""Seconds before the next address is tried in parallel with those that have not answered."""

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]
UNSENT = 128 * 1024
"""Limit of unsent bytes in the kernel's buffer. Without it the kernel accepts megabytes at once, and the progress and
the stall timeout would not reflect what the server has received."""

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


async def connect(host: str, port: int, timeouts: Timeouts) -> socket.socket:
    """A connected, non-blocking socket to ``host``.

    Raises:
        SubmissionError: the failure at the last address (UNKNOWN_HOST, NO_DNS, REFUSED, UNREACHABLE, TIMEOUT).
    """
    addresses = interleaved(await _resolve(host, port, timeouts))
    waiting = deque(addresses)
    attempts: set[asyncio.Task[socket.socket]] = set()
    failure = SubmissionError(Failure.UNREACHABLE)
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.create_task(_connect(waiting.popleft(), timeouts.connect)))
            done, attempts = await asyncio.wait(
                attempts, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                if (error := attempt.exception()) is None:
                    # Another attempt may have succeeded in the same iteration of the event loop.
                    attempts |= done - {attempt}
                    return attempt.result()
                failure = _failure(error)
        raise failure
    finally:
        for attempt in attempts:
            attempt.cancel()
        for late in await asyncio.gather(*attempts, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()


def interleaved(addresses: Iterable[AddressInfo]) -> Sequence[AddressInfo]:
    """``addresses`` with alternating families, starting with the resolver's first choice."""
    families: dict[Any, deque[AddressInfo]] = {}
    for address in addresses:
        families.setdefault(address[0], deque()).append(address)
    ordered: list[AddressInfo] = []
    while families:
        for family in tuple(families):
            ordered.append(families[family].popleft())
            if not families[family]:
                del families[family]
    return ordered


async def _resolve(host: str, port: int, timeouts: Timeouts) -> Sequence[AddressInfo]:
    try:
        name = wire_host(host)
        async with asyncio.timeout(timeouts.resolve):
            found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise SubmissionError(Failure.NO_DNS) from None
    except socket.gaierror as error:
        raise SubmissionError(Failure.UNKNOWN_HOST if error.errno in _NO_SUCH_NAME else Failure.NO_DNS) from error
    except UnicodeError as error:
        raise SubmissionError(Failure.UNKNOWN_HOST) from error
    return [(family, kind, proto, name, address) for family, kind, proto, name, address in found]


def ascii_host(host: str) -> str:
    """``host`` as certificates and SNI name it. Raises UnicodeError if it is not a valid name."""
    return certificate_host(host)


async def _connect(address: AddressInfo, seconds: float) -> socket.socket:
    family, kind, proto, _, where = address
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, where)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    except BaseException:
        sock.close()
        raise
    return sock


def _failure(error: BaseException) -> SubmissionError:
    if isinstance(error, TimeoutError):
        return SubmissionError(Failure.TIMEOUT)
    if isinstance(error, ConnectionRefusedError):
        return SubmissionError(Failure.REFUSED)
    if isinstance(error, OSError):
        known = error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
        return SubmissionError(Failure.UNREACHABLE, "" if known else safe_line(error.strerror or str(error)))
    raise error
