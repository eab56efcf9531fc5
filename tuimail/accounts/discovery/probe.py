"""Whether a mail server answers somewhere, encrypted and with a valid certificate. No user name is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.network import hang_up, tls_reason
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.config.model import Security
from tuimail.tls import certificate_host

if TYPE_CHECKING:
    from tuimail.accounts.discovery.network import Network

MOST_LINES = 32
"""Of one reply."""


async def probe(network: Network, host: str, port: int, security: Security, *, imap: bool) -> None:
    """Return if an IMAP (else a submission) server answers there and is who its name says.

    Raises:
        DiscoveryError: it does not; the reason.
    """
    reader, writer = await network.connect(host, port, secure=security is Security.TLS)
    try:
        await _expect(reader, b"* OK" if imap else b"220", skip=b"220-")
        if security is Security.STARTTLS:
            if not imap:
                writer.write(b"EHLO [127.0.0.1]\r\n")
                await _expect(reader, b"250", skip=b"250-")
            writer.write(b"a1 STARTTLS\r\n" if imap else b"STARTTLS\r\n")
            await _expect(reader, b"a1 OK" if imap else b"220", skip=b"* " if imap else b"220-")
            # Nothing is read after the handshake, so bytes sent before it cannot pass as the server's.
            await writer.start_tls(network.context, server_hostname=certificate_host(host))
    except OSError as error:  # before ValueError: a certificate that is not valid is both
        raise DiscoveryError(tls_reason(error, host)) from None
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        raise DiscoveryError(f"{host} does not answer as a mail server does at port {port}.") from None
    finally:
        hang_up(writer)


async def _expect(reader: asyncio.StreamReader, beginning: bytes, *, skip: bytes) -> None:
    """Read lines up to one that begins so; lines that begin with ``skip`` may go before it.

    Raises:
        ValueError: there is another line.
    """
    for _ in range(MOST_LINES):
        line = await reader.readuntil(b"\n")
        if not line.startswith(skip):
            if line.upper().startswith(beginning.upper()):
                return
            break
    raise ValueError("another reply")
