"""aiosmtplib's protocol object with a queue of replies instead of one, so that commands can be pipelined (RFC 2920)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from aiosmtplib import SMTPResponse, SMTPServerDisconnected, SMTPTimeoutError
from aiosmtplib.protocol import SMTPProtocol

from tuimail.mail.text import safe_line
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.replies import CLEAR_LINE, MAX_BYTES, GarbledReplyError, RawReply, ReplyReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


class SmtpProtocol(SMTPProtocol):
    """aiosmtplib's protocol with a queue of replies, so that several commands may be under way (RFC 2920).

    Used by one task at a time. Replies that arrived before the connection broke are returned before the failure.
    """

    def __init__(self) -> None:
        super().__init__()
        self._reader = ReplyReader(CLEAR_LINE)
        self._arrived: deque[RawReply] = deque()
        self._due = 0
        """Number of replies still expected."""
        self._body = False
        """The body is being written: a reply now is early, not unexpected."""
        self._upgrading = False
        self._failure: SubmissionError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.last = RawReply(0, ("",))
        """The last reply that was returned."""

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected; the greeting is expected."""
        super().connection_made(transport)
        if transport.get_extra_info("ssl_object") is not None:
            self._reader.longest = MAX_BYTES
        if self._due == 0 and self.last.code == 0:
            self._due = 1  # the greeting

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        if self._failure is not None:
            return
        try:
            replies = self._reader.feed(data)
        except GarbledReplyError as error:
            self._fail(Failure.GARBAGE, safe_line(str(error)))
            return
        self._arrived += replies
        too_much = len(self._arrived) > self._due or (self._upgrading and bool(self._arrived) and self._reader.pending)
        if too_much and not self._body:
            # Unexpected bytes: injected before TLS, or a 421 by which the server closes an idle connection.
            closing = self._arrived[-1].code == 421
            self._fail(Failure.TAMPERED if self._upgrading else Failure.EOF if closing else Failure.GARBAGE)
        self._wake()

    def eof_received(self) -> bool:
        """asyncio: the server closed its side."""
        self._fail(Failure.EOF)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: disconnected."""
        super().connection_lost(exc)
        self._fail(Failure.RESET if exc else Failure.EOF)

    def resume_writing(self) -> None:
        """asyncio: the send buffer has room again."""
        super().resume_writing()
        self._wake()

    # -- what aiosmtplib calls

    async def read_response(self, timeout: float | None = None) -> SMTPResponse:  # noqa: ASYNC109
        """Expect one more reply and return it."""
        self._due += 1
        raw = await self.take(timeout)
        return SMTPResponse(raw.code, "\n".join(raw.lines))

    # -- what we call

    @property
    def has_event(self) -> bool:
        """A reply is available, or the connection broke."""
        return bool(self._arrived) or self._failure is not None

    @property
    def closed_by_server(self) -> bool:
        """The server closed the connection with a 421, which counts as the reply to the next command."""
        return self._failure is not None and bool(self._arrived) and self._arrived[0].code == 421

    @property
    def idle(self) -> bool:
        """Connected, with no reply expected or pending."""
        return self.is_connected and not self.has_event and self._due == 0 and not self._reader.pending

    async def upgrade(self, context: ssl.SSLContext, host: str, within: float) -> None:
        """STARTTLS. A refusal is in ``last``; bytes between the 220 and TLS end the connection."""
        self._upgrading = True
        try:
            await self.start_tls(context, server_hostname=host, timeout=within)
            if self._reader.pending or self.has_event:
                raise self._failure or SubmissionError(Failure.TAMPERED)
            self._reader.longest = MAX_BYTES
        except SMTPTimeoutError:
            raise SubmissionError(Failure.HANDSHAKE) from None
        except SMTPServerDisconnected:
            tampered = self._failure is not None and self._failure.failure is Failure.TAMPERED
            raise SubmissionError(Failure.TAMPERED if tampered else Failure.HANDSHAKE) from None
        finally:
            self._upgrading = False

    def post(self, data: bytes, replies: int) -> None:
        """Write ``data``, to which the server will send so many replies. Raises SubmissionError if disconnected."""
        self._body = False
        if self._failure is not None:
            raise self._failure
        try:
            self.write(data)
        except SMTPServerDisconnected:
            raise SubmissionError(Failure.RESET) from None
        self._due += replies

    def post_body(self, data: bytes) -> None:
        """Write a piece of the body; a reply now is early, not unexpected."""
        self.post(data, 0)
        self._body = True

    async def take(self, within: float | None) -> RawReply:
        """The next reply. Raises SubmissionError."""
        await self._until(lambda: self.has_event, within)
        if not self._arrived:
            raise self._failure or SubmissionError(Failure.EOF)
        self._due = max(0, self._due - 1)
        self.last = self._arrived.popleft()
        return self.last

    async def drain(self, within: float) -> None:
        """Wait until more can be written, a reply arrives or the connection breaks."""
        await self._until(lambda: not self._paused or self.has_event, within)

    async def _until(self, done: Callable[[], bool], within: float | None) -> None:
        try:
            async with asyncio.timeout(within):
                while not done():
                    self._waiter = self._loop.create_future()
                    await self._waiter
        except TimeoutError:
            raise SubmissionError(Failure.TIMEOUT) from None
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Failure, detail: str = "") -> None:
        if self._failure is None:
            self._failure = SubmissionError(failure, detail)
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        self._wake()
