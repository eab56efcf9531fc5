"""A connection to a submission server on aiosmtplib's client, driven one step at a time.

aiosmtplib provides commands with an injection check, flow control, the STARTTLS upgrade and the parsing of EHLO. Its
whole-message calls are not used: they do not distinguish a connection lost before the final dot from one lost after
it, they try three mechanisms with the same wrong password, and they apply the reply timeout to the upload.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib

from tuimail.config.model import Security
from tuimail.mail.text import safe_line
from tuimail.submission.connect import ascii_host, connect
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.result import Stage
from tuimail.submission.smtp_protocol import SmtpProtocol
from tuimail.submission.wire import Extensions
from tuimail.tls import certificate_message, is_loopback, is_no_tls, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.config.model import Server
    from tuimail.submission.dialogue import Dialogue
    from tuimail.submission.replies import RawReply
    from tuimail.submission.result import Reply
    from tuimail.submission.wire import Timeouts

DEFAULT_EHLO_NAME = "[127.0.0.1]"
"""An address literal: it does not disclose the name of the user's machine."""
SPEAKS_CLEAR = 'It does not start with TLS: set security = "starttls" for this port, or use port 465.'
WRITE_AHEAD = 131072
"""Bytes of a letter that may wait in the send buffer."""


class SmtpConnection:
    """A connection to a server (submission/wire.Wire): aiosmtplib's client on SmtpProtocol; records the dialogue."""

    def __init__(
        self, line: SmtpProtocol, client: aiosmtplib.SMTP, dialogue: Dialogue, context: ssl.SSLContext | None
    ) -> None:
        self.dialogue = dialogue
        self.letters = 0
        """Number of letters sent on this connection."""
        self.used_at = 0.0
        self.aborted = False
        self.introduction = ""
        """The greeting and the first line of the EHLO reply; they may name the server's software."""
        self._line = line
        self._client = client
        self._context = context

    @classmethod
    async def open(
        cls, server: Server, timeouts: Timeouts, dialogue: Dialogue, reached: Callable[[Stage], None]
    ) -> SmtpConnection:
        """Connect, with implicit TLS if the account says so. Raises SubmissionError."""
        reached(Stage.CONNECT)
        context = None if server.security is Security.NONE else await _context(server.ca_file)
        sock = await connect(server.host, server.port, timeouts)
        loop = asyncio.get_running_loop()
        implicit = server.security is Security.TLS
        if implicit:
            reached(Stage.TLS)
        try:
            transport, line = await loop.create_connection(
                SmtpProtocol,
                sock=sock,
                ssl=context if implicit else None,
                server_hostname=ascii_host(server.host) if implicit else None,
                ssl_handshake_timeout=timeouts.tls if implicit else None,
            )
        except BaseException as error:
            sock.close()
            if isinstance(error, OSError):
                raise _tls_failure(error, server.host) from error
            raise
        transport.set_write_buffer_limits(high=WRITE_AHEAD)
        client = aiosmtplib.SMTP(hostname=ascii_host(server.host), local_hostname=_ehlo_name(server))
        client.protocol, client.transport = line, transport
        return cls(line, client, dialogue, context)

    @property
    def secure(self) -> bool:
        """TLS is on."""
        return self._client.is_connected and self._client.get_transport_info("ssl_object") is not None

    @property
    def private(self) -> bool:
        """TLS is on, or both ends are on this machine."""
        if self.secure:
            return True
        if not self._client.is_connected:
            return False
        peer = self._client.get_transport_info("peername")
        return isinstance(peer, tuple) and is_loopback(str(peer[0]))

    @property
    def security(self) -> str:
        """Text for the screen: "TLS 1.3" or "not encrypted"."""
        if not self.secure:
            return "not encrypted"
        version = self._client.get_transport_info("ssl_object").version() or "TLS"
        return str(version).replace("TLSv", "TLS ")

    @property
    def usable(self) -> bool:
        """Another letter can be sent on it."""
        return self._line.idle

    @property
    def last(self) -> RawReply:
        """The last reply as it came."""
        return self._line.last

    @property
    def early(self) -> bool:
        """A reply came before it was due, or the connection broke."""
        return self._line.has_event

    async def command(self, line: str, *, within: float, shown: str = "") -> Reply:
        """Send ``line`` and return the reply."""
        self.dialogue.client(shown or line)
        if not self._line.closed_by_server:
            self._line.post(_wire_line(line), 1)
        return await self.reply(within=within)

    async def hello(self, *, within: float) -> tuple[Reply, Extensions]:
        """EHLO with an address literal or the configured name."""
        self.dialogue.client(f"EHLO {self._client.local_hostname}")
        self._line.post(b"", 0)  # raises our own error if the connection is already broken
        try:
            await self._client.ehlo(timeout=within)
        except aiosmtplib.SMTPHeloError:
            return self._heard(), Extensions()
        self.introduction += f" {safe_line(self._line.last.lines[0])}"
        offer = Extensions(
            dict(self._client.esmtp_extensions),
            tuple(name.upper() for name in self._client.server_auth_methods),
        )
        return self._heard(), offer

    async def start_tls(self, *, within: float) -> Reply:
        """STARTTLS and, after a 220, TLS with a verified certificate."""
        self.dialogue.client("STARTTLS")
        if self._context is None:
            raise SubmissionError(Failure.HANDSHAKE)
        try:
            await self._line.upgrade(self._context, self._client.hostname or "", within)
        except aiosmtplib.SMTPResponseException:
            return self._heard()
        except OSError as error:
            raise _tls_failure(error, self._client.hostname or "") from error
        self._client.transport = self._line.transport
        if isinstance(self._client.transport, asyncio.Transport):
            self._client.transport.set_write_buffer_limits(high=WRITE_AHEAD)
        return self._heard()

    def send(self, *lines: str) -> None:
        """Send ``lines`` in one write."""
        for line in lines:
            self.dialogue.client(line)
        self._line.post(b"".join(map(_wire_line, lines)), len(lines))

    async def reply(self, *, within: float) -> Reply:
        """The next reply."""
        await self._line.take(within)
        return self._heard()

    async def body(self, data: bytes, *, within: float) -> None:
        """Send a piece of the letter."""
        self._line.post_body(data)
        await self._line.drain(within)

    async def flush(self, *, within: float) -> None:
        """Wait until the buffer is empty."""
        transport = self._line.transport
        if isinstance(transport, asyncio.Transport):
            # Not high=0: asyncio's TLS transport would treat an empty buffer as a full one.
            transport.set_write_buffer_limits(high=1, low=0)
            await self._line.drain(within)
            transport.set_write_buffer_limits(high=WRITE_AHEAD)

    async def dot(self, *behind: str) -> None:
        """Send the final dot, and with it the lines behind it."""
        self._line.post(b".\r\n" + b"".join(map(_wire_line, behind)), 1 + len(behind))
        self.dialogue.client(".")

    def abort(self) -> None:
        """Drop the connection at once."""
        self.aborted = True
        if isinstance(self._line.transport, asyncio.Transport):
            self._line.transport.abort()
        self._client.close()

    async def quit(self, *, within: float) -> None:
        """Send QUIT and disconnect within ``within`` seconds. Raises only CancelledError."""
        try:
            if self.usable:
                async with asyncio.timeout(within):
                    await self._client.quit()
        except (SubmissionError, aiosmtplib.SMTPException, OSError, TimeoutError):
            pass
        finally:
            self.abort()

    def _heard(self) -> Reply:
        raw = self._line.last
        for number, line in enumerate(raw.lines, 1):
            shown = "****" if raw.code == 334 and line else line
            self.dialogue.server(f"{raw.code}{' ' if number == len(raw.lines) else '-'}{shown}")
        reply = raw.reply
        self.introduction = self.introduction or reply.text
        return replace(reply, text=self.dialogue.scrub(reply.text))


async def _context(ca_file: Path | None) -> ssl.SSLContext:
    """The TLS context, made in a thread because it reads the system's certificates. Raises SubmissionError."""
    try:
        return await asyncio.to_thread(tls_context, ca_file)
    except OSError as error:
        raise SubmissionError(Failure.CERTIFICATE, safe_line(f"{ca_file}: {error.strerror or error}")) from error


def _wire_line(line: str) -> bytes:
    """``line`` as bytes. Raises SubmissionError if it contains a control character, which could start a new command."""
    if any(char < " " or char == "\x7f" for char in line):
        raise SubmissionError(Failure.BAD_RECIPIENT)
    return line.encode() + b"\r\n"


def _tls_failure(error: OSError, host: str) -> SubmissionError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SubmissionError(Failure.CERTIFICATE, certificate_message(error, host))
    if isinstance(error, ssl.SSLError) and is_no_tls(error):
        return SubmissionError(Failure.HANDSHAKE, SPEAKS_CLEAR)
    if isinstance(error, ssl.SSLError):
        return SubmissionError(Failure.HANDSHAKE, safe_line(f"({error.reason or error})"))
    return SubmissionError(Failure.HANDSHAKE)


def _ehlo_name(server: Server) -> str:
    name = server.ehlo_name
    return name if name and name.isascii() and name.isprintable() and " " not in name else DEFAULT_EHLO_NAME
