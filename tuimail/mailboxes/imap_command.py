"""One IMAP command on its way: continuations, status, and the end of the connection if it is abandoned."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from tuimail.mailboxes.imap_errors import ImapError, quoted_server_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from tuimail.mailboxes.imap_protocol import ImapProtocol
    from tuimail.mailboxes.imap_wire import Response, Status


class ImapCommand:
    """A command that was sent; a context manager.

    At its end a TimeoutError becomes an ImapError: the server stopped answering while ``doing`` something. A command
    without a status ends the connection: its late response could be mistaken for the response to another command.
    """

    def __init__(
        self,
        link: ImapProtocol,
        doing: str,
        name: str,
        *arguments: str,
        prefix: str = "",
        sink: Callable[[Response], bool] | None = None,
    ) -> None:
        """``sink``: as in ImapProtocol.run."""
        self._link = link
        self._doing = doing
        self._continuation = link.expect_continuation()
        self._running = asyncio.ensure_future(link.run(name, *arguments, prefix=prefix, sink=sink))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        silence = stopped_answering(self._link, self._doing) if isinstance(error, TimeoutError) else None
        if not self._running.done():
            self._link.drop()
            self._running.cancel()
        elif not self._running.cancelled():
            self._running.exception()  # marked as retrieved, so that asyncio does not warn
        if silence is not None:
            raise silence from None

    @property
    def answered(self) -> bool:
        """The server sent the status, or the connection is lost."""
        return self._running.done()

    async def wants_more(self) -> bool:
        """Wait until the server asks for more (True) or sends the status (False)."""
        either: tuple[asyncio.Future[Any], ...] = (self._continuation, self._running)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return self._continuation.done() and not self._running.done()

    def send_more(self, line: str) -> None:
        """Send the ``line`` that the server asked for. Raises ImapError if the connection was lost."""
        self._continuation.result()
        self._continuation = self._link.expect_continuation()
        self._link.send(line)

    async def send_literals(self, literals: Sequence[bytes], seconds: float) -> None:
        """Send each of ``literals`` (RFC 3501 section 4.3) when the server asks for it, unless it refuses the command.

        Each has what follows it, up to the announcement of the next one or the end of the command. Raises ImapError
        if the connection was lost, and TimeoutError if the server says nothing for ``seconds``.
        """
        for number, each in enumerate(literals, 1):
            async with asyncio.timeout(seconds):
                if not await self.wants_more():
                    return
            self._continuation.result()
            self._continuation = self._link.expect_continuation()
            await self._link.write(each if number < len(literals) else each + b"\r\n")

    async def status(self) -> Status:
        """The status, once it comes; also NO and BAD. Raises ImapError if the connection is lost."""
        return await asyncio.shield(self._running)

    async def status_while_heard(self, stall: float) -> Status:
        """The status; TimeoutError if the server sends nothing at all for ``stall`` seconds. A long answer may come."""
        while not self._running.done():
            left = self._link.heard_at + stall - self._link.loop.time()
            if left <= 0:
                raise TimeoutError
            await asyncio.wait({self._running}, timeout=left)
        return await self.status()

    async def wait_for(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until ``event`` is set, the server sends the status, or ``seconds`` have passed."""
        waiter = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiter, self._running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()


def stopped_answering(link: ImapProtocol, doing: str) -> ImapError:
    """The error of a server that stopped answering while ``doing`` something; drops the connection."""
    error = ImapError(f"{link.where} stopped answering while {doing}.", step=link.step, hint="Check the network.")
    link.drop()
    return error


def refusal(link: ImapProtocol, what: str, status: Status) -> ImapError:
    """The error of a server that refused ``what``, with its text."""
    return ImapError(f"{link.where} refused {what}{quoted_server_text(status)}.", step=link.step, status=status)
