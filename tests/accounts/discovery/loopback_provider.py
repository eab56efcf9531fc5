"""A provider on this machine: name servers that follow a script, and servers with certificates of a private CA."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tuimail.accounts.discovery.network import Network, ServiceRecord
from tuimail.accounts.discovery.values import DiscoveryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from tests.support.certificates import ServerCertificate

    Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]

DOMAIN = "example.org"
OWN = (DOMAIN, "thunderbird.net", "provider.example")
"""Domains that the tests keep on this machine."""


@dataclass
class ScriptedResolver:
    """Answers from tables; every other name is this machine's."""

    elsewhere: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Addresses of names that are not this machine's."""
    services: dict[str, tuple[ServiceRecord, ...]] = field(default_factory=dict)
    mx: tuple[str, ...] = ()
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    async def addresses(self, host: str) -> tuple[str, ...]:
        return self.elsewhere.get(host, ("127.0.0.1",))

    async def service(self, name: str) -> tuple[ServiceRecord, ...]:
        self._asked(name)
        return self.services.get(name, ())

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        self._asked(domain)
        return self.mx

    def _asked(self, name: str) -> None:
        self.asked.append(name)
        if self.broken:
            raise DiscoveryError("The name servers do not answer.")


class LoopbackProvider:
    """A web server and mail servers on ports of their own, one of each for all hosts."""

    def __init__(self, certificate: ServerCertificate, ca_file: Path) -> None:
        self.resolver = ScriptedResolver()
        self.pages: dict[str, bytes | None] = {}
        """Host and path (no query) -> a whole response; None: silence."""
        self.requests: list[str] = []
        """Host, path and query of each, in order."""
        self.silence_reached = asyncio.Event()
        """A request that is not answered came."""
        self._server_context = certificate.context()
        self._client_context = ssl.create_default_context(cafile=str(ca_file))
        self._ports: dict[int, int] = {}
        self._servers: list[asyncio.Server] = []
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.listen(443, self._web)
        # Nothing listens at the others: a port that was free a moment ago.
        idle = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        for port in (993, 143, 465, 587):
            self._ports.setdefault(port, idle.sockets[0].getsockname()[1])
        idle.close()
        await idle.wait_closed()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        for each in self._servers:
            each.close()
            await each.wait_closed()

    async def listen(self, port: int, serve: Answer, *, secure: bool = True) -> None:
        """``serve`` is who answers at ``port``, over TLS from the start if ``secure``."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                answered = serve(reader, writer)
                if asyncio.iscoroutine(answered):
                    await answered
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(
            answer, "127.0.0.1", 0, ssl=self._server_context if secure else None, backlog=64
        )
        self._servers.append(server)
        self._ports[port] = server.sockets[0].getsockname()[1]

    async def mail_server(self, port: int, greeting: bytes, *, starttls: bytes = b"") -> None:
        """One that greets; with ``starttls`` in clear, and this is its answer to the command."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            while starttls and (line := await reader.readuntil(b"\n")):
                if line.startswith(b"EHLO"):
                    writer.write(b"250-hello\r\n250 STARTTLS\r\n")
                    continue
                assert line.endswith(b"STARTTLS\r\n")
                writer.write(starttls)
                await writer.start_tls(self._server_context)
                break
            await reader.read()

        await self.listen(port, serve, secure=not starttls)

    @property
    def network(self) -> Network:
        return Network(self.resolver, self._client_context, dict(self._ports), OWN)

    async def _web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        target = head[0].split(" ")[1]
        host = next(line[6:] for line in head if line.startswith("Host: "))
        self.requests.append(host + target)
        response = self.pages.get(host + target.partition("?")[0], page(b"", status="404 Not Found"))
        if response is None:
            self.silence_reached.set()
            await self._closed.wait()
            return
        writer.write(response)
        await writer.drain()


def page(body: bytes, *, status: str = "200 OK", fields: str = "", length: bool = True) -> bytes:
    """A response."""
    size = f"Content-Length: {len(body)}\r\n" if length else ""
    return f"HTTP/1.1 {status}\r\n{size}{fields}\r\n".encode() + body


def redirect(location: str) -> bytes:
    """A response that sends on."""
    return page(b"", status="302 Found", fields=f"Location: {location}\r\n")
