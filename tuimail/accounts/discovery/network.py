"""From a name to a connection: only to public addresses, only to the one that was checked, always verified."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.tls import certificate_host, certificate_message, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ADDRESSES = 4
"""Addresses of a host that are tried."""
LONGEST_LINE = 8_192
"""Bytes of a line of a server."""


class ServiceRecord(NamedTuple):
    """A SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str
    """Without a final dot; empty: the service is not offered."""


class NameResolver(Protocol):
    """Where names are looked up. Every method raises DiscoveryError when the name servers give no answer."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The numeric addresses of ``host``; none if there is no such name."""
        ...

    async def service(self, name: str) -> tuple[ServiceRecord, ...]:
        """The SRV records at ``name``; none if there is no such name."""
        ...

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        """The MX hosts of ``domain``, the preferred one first (RFC 5321 section 5.1); none if there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """What sources use to reach others."""

    resolver: NameResolver
    context: ssl.SSLContext
    ports: Mapping[int, int] = field(default_factory=dict)
    """A port -> where it is really, for tests; else itself."""
    own: tuple[str, ...] = ("localhost",)
    """Domains whose names may lead to this computer (RFC 6761 section 6.3)."""

    async def connect(
        self, host: str, port: int, *, secure: bool = True
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to ``host``; with ``secure`` over TLS with a certificate that is valid for this name.

        Raises:
            DiscoveryError: there is none; the reason.
        """
        allowed = await self._allowed(host)
        try:
            connected = await first_connected(allowed, self.ports.get(port, port))
        except OSError:
            raise DiscoveryError(f"{host} does not answer at port {port}.") from None
        try:
            tls = self.context if secure else None
            name = certificate_host(host) if secure else None
            # From here on the socket is the transport's, which closes it whatever happens.
            return await asyncio.open_connection(sock=connected, limit=LONGEST_LINE, ssl=tls, server_hostname=name)
        except (OSError, ValueError) as error:
            raise DiscoveryError(tls_reason(error, host)) from None

    async def _allowed(self, host: str) -> list[str]:
        """Addresses of ``host`` that may be connected to: a stranger's name must not reach the user's own network."""
        found = await self.resolver.addresses(host)
        if not found:
            raise DiscoveryError(f"{host} has no address in DNS.")
        is_own = any(host == each or host.endswith("." + each) for each in self.own)
        allowed = [each for each in found if is_public(each) or (is_own and is_loopback(each))]
        if not allowed:
            raise DiscoveryError(f"{host} has no public address.")
        return allowed[:MOST_ADDRESSES]


def tls_reason(error: Exception, host: str) -> str:
    """Why TLS with ``host`` failed, as a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {host} is not valid. {certificate_message(error, host)}"
    return f"{host} does not speak TLS there." if isinstance(error, ssl.SSLError) else f"{host} hung up."


def is_public(address: str) -> bool:
    """Whether the numeric ``address`` is one of the public Internet; an IPv4 address inside an IPv6 one counts too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found.packed.startswith(_NAT64):
            inner = IPv4Address(found.packed[12:])
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        return found.is_global and not found.is_multicast and found.teredo is None
    return found.is_global and not found.is_multicast


_NAT64 = bytes.fromhex("0064ff9b0000000000000000")
"""RFC 6052: an IPv4 address follows."""


async def first_connected(addresses: list[str], port: int) -> socket.socket:
    """A socket connected to one of the addresses; all are tried at once, so that one dead family costs no time.

    Raises:
        OSError: none answers.
    """
    tries = {asyncio.ensure_future(_connected(address, port)) for address in addresses}
    winner: asyncio.Future[socket.socket] | None = None
    try:
        pending = tries
        while pending and winner is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            winner = next((each for each in done if each.exception() is None), None)
    finally:
        for each in tries - {winner}:
            each.cancel()
            each.add_done_callback(_close)
    if winner is None:
        raise OSError("nobody answers")
    return winner.result()


def _close(late: asyncio.Future[socket.socket]) -> None:
    """One that connected as well, or failed."""
    if not late.cancelled() and late.exception() is None:
        late.result().close()


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close at once; what the peer still has to say does not matter."""
    writer.transport.abort()
