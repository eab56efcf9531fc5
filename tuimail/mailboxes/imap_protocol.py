"""The protocol below an IMAP session: aioimaplib 2.0.3 with its own receiving half.

What is used from aioimaplib:

* ``Command``: the text of a command, its check for NUL, CR and LF, and the event that its reply sets;
* ``execute``: which command is legal in which state (``Commands``), and that synchronous ones go one at a time;
* ``new_tag`` and ``_response_done``: the tags, and which waiting command a tagged reply belongs to;
* ``state`` and ``connection_made``.

Everything else is replaced: splitting the input into responses (imap_wire), the greeting, untagged responses,
continuations and literals, flow control, STARTTLS, and the loss of the connection. aioimaplib recurses once per line,
modifies the data it reads, logs secrets, and lets commands wait forever on a lost connection. Its literals, IDLE and
timeouts are not used. A test pins every name of it that is overridden or used.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aioimaplib
from aioimaplib import aioimaplib as lib

from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError, ImapStage, quoted_server_text
from tuimail.mailboxes.imap_wire import (
    CLEAR_LIMIT,
    SIGNED_IN_LIMIT,
    ImapSyntaxError,
    ResponseReader,
    Status,
    clear_reader,
    parse_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.mailboxes.imap_wire import Response

# It logs commands and responses, including passwords, and formats every packet even if logging is off.
lib.log.disabled = True

# RFC 3691; missing in aioimaplib.
lib.Commands.setdefault("UNSELECT", lib.Cmd("UNSELECT", (lib.SELECTED,), lib.Exec.is_sync))

ANSWER_LIMIT = 16 * 1024 * 1024
"""Maximum number of bytes of untagged responses to one command that nobody took."""


class ImapProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """The protocol: iterative, with limits, without logging; a lost connection ends every command."""

    def __init__(self, loop: asyncio.AbstractEventLoop, where: str, *, awaits_tls: bool = False) -> None:
        """``awaits_tls``: STARTTLS will follow; until then the server is not authenticated."""
        super().__init__(loop)
        self.where = where
        self.step = ImapStage.GREETING
        self.greeting: asyncio.Future[Status] = loop.create_future()
        self.untagged: list[Response] = []
        self.listener: Callable[[Response], bool] | None = None
        """Takes what comes of the selected mailbox whatever command runs; False: it does not want that response."""
        self.heard_at = loop.time()
        """When the server sent something last, on the loop's clock."""
        self.received_at = loop.time()
        """The same, and the beginning of a command does not count."""
        self._sink: Callable[[Response], bool] | None = None
        self.lost: ImapError | None = None
        self.pending_sync_command: Any = None
        self._sealed = False
        """STARTTLS was accepted: no bytes may come before TLS (response injection)."""
        self._reader = clear_reader() if awaits_tls else ResponseReader()
        self._clear_left = CLEAR_LIMIT if awaits_tls else None
        """Number of bytes still allowed before TLS."""
        self._untagged_size = 0
        self._bye: Status | None = None
        self._continuation_waiter: asyncio.Future[bytes] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # -- what asyncio calls
    def data_received(self, d: bytes) -> None:
        """asyncio: split and dispatch the data; invalid data ends the connection."""
        self.heard_at = self.received_at = self.loop.time()
        try:
            if self._clear_left is not None:
                self._clear_left -= len(d)
                if self._clear_left < 0:
                    raise ImapSyntaxError(f"more than {CLEAR_LIMIT // 1024} KB before the connection is secured")
            for response in self._reader.feed(d):
                self._refuse_early_words()
                self._dispatch(response)
                if self.lost:
                    return
            if self._reader.pending:
                self._refuse_early_words()
        except (ImapSyntaxError, aioimaplib.AioImapException, ValueError) as error:
            self.fail(f"{self.where} does not speak IMAP properly ({safe_line(str(error)[:200])}).")

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: disconnected; end every waiting command."""
        if self._bye is not None:
            self.fail(f"{self.where} ended the session{quoted_server_text(self._bye)}.", status=self._bye)
        elif exc is not None and self.step is ImapStage.TLS:
            self.fail(f"The connection to {self.where} was lost while securing it.")
        else:
            self.fail(f"The connection to {self.where} was lost.")

    def pause_writing(self) -> None:
        """asyncio: the send buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """asyncio: the send buffer has room again."""
        self._writable.set()

    # -- what aioimaplib calls
    def send(self, line: str, scrub: str | None = None) -> None:  # noqa: ARG002 - its signature
        """Write a command; unlike the overridden method it does not log, as the line may contain a password."""
        self.transport.write(line.encode("utf-8", "surrogateescape") + b"\r\n")

    # -- what the session calls
    def fail(self, words: str, *, status: Status | None = None, lasting: bool = False) -> None:
        """Mark the connection as failed and end every waiting command."""
        if self.lost is None:
            self.lost = ImapError(words, step=self.step, status=status, lasting=lasting)
        if self.transport is not None:
            self.transport.abort()
        self._writable.set()
        for waiter in (self.greeting, self._continuation_waiter):
            if waiter is not None and not waiter.done():
                waiter.set_exception(self.lost)
                waiter.exception()  # marked as retrieved: asyncio would warn if nothing waits for it
        commands = [*self.pending_async_commands.values(), self.pending_sync_command]
        self.pending_async_commands.clear()
        self.pending_sync_command = None
        for command in commands:
            if command is not None:
                command._exception = self.lost  # noqa: SLF001 - the only way to wake it with a reason
                command.close(b"", "KO")

    def drop(self) -> None:
        """Disconnect at once."""
        self.fail(f"The connection to {self.where} was dropped.")

    async def run(
        self, name: str, *arguments: str, prefix: str = "", sink: Callable[[Response], bool] | None = None
    ) -> Status:
        """Send a command and wait for its tagged reply; ``untagged`` contains the responses that nobody took.

        ``sink`` is given each untagged response at once and returns whether it took it. What it does not take goes to
        ``listener``. Both bound what they keep themselves: an ImapSyntaxError of theirs ends the connection.

        Raises:
            ImapError: the connection is or gets lost, or an argument cannot be sent.
        """
        if self.lost:
            raise self.lost
        self.untagged = []
        self._untagged_size = 0
        self._sink = sink
        self.heard_at = self.loop.time()
        try:
            response = await self.execute(
                aioimaplib.Command(name, self.new_tag(), *arguments, prefix=prefix, loop=self.loop)
            )
        except ValueError:
            raise ImapError("A line end cannot be part of an IMAP command.", step=self.step, lasting=True) from None
        except aioimaplib.AioImapException as error:
            raise ImapError(f"{name} is not possible now: {safe_line(str(error))}.", step=self.step) from None
        finally:
            self._sink = None
        line = response.result.encode() + b" " + bytes(response.lines[-1])
        return parse_status(line) or Status("BAD")

    def signed_in(self) -> None:
        """Commands on mailboxes are legal now, and long answers: a SEARCH of a large mailbox is one line."""
        self.state = lib.AUTH
        self._reader.widen(SIGNED_IN_LIMIT, SIGNED_IN_LIMIT)

    def selected(self) -> None:
        """Commands on letters are legal now."""
        self.state = lib.SELECTED

    def deselected(self) -> None:
        """No mailbox is selected any more."""
        self.state = lib.AUTH

    def expect_continuation(self) -> asyncio.Future[bytes]:
        """A future for the next ``+`` line."""
        self._continuation_waiter = self.loop.create_future()
        return self._continuation_waiter

    async def write(self, piece: bytes) -> None:
        """Write ``piece`` when the send buffer has room."""
        if self.lost:
            raise self.lost
        self.transport.write(piece)
        await self._writable.wait()
        if self.lost:
            raise self.lost

    def upgraded(self, transport: asyncio.Transport) -> None:
        """TLS is up."""
        self.transport = transport
        self._sealed = False
        self._reader, self._clear_left = ResponseReader(), None

    def _refuse_early_words(self) -> None:
        if self._sealed:
            raise ImapSyntaxError("data before the encryption began")

    def _dispatch(self, response: Response) -> None:
        line = response[0]
        if self.state == lib.CONNECTED:
            self._greet(line)
        elif line.startswith(b"* "):
            status = parse_status(line)
            if status is not None and status.verdict == "BYE":
                self._bye = status
            if any(taker is not None and taker(response) for taker in (self._sink, self.listener)):
                return
            self._untagged_size += sum(map(len, response)) + 100
            if self._untagged_size > ANSWER_LIMIT:
                raise ImapSyntaxError("an answer without end")
            self.untagged.append(response)
        elif line.startswith(b"+"):
            if self._continuation_waiter is not None and not self._continuation_waiter.done():
                self._continuation_waiter.set_result(line[1:].strip())
        elif lib.tagged_status_response_re.match(line):
            self._sink = None  # what comes behind the reply was not asked for
            starttls = self.pending_sync_command is not None and self.pending_sync_command.name == "STARTTLS"
            self._response_done(line)
            self._sealed = starttls and (parse_status(line) or Status("")).verdict == "OK"
        elif line:
            raise ImapSyntaxError("a line that is not a response")

    def _greet(self, line: bytes) -> None:
        status = parse_status(line) if line.startswith(b"* ") else None
        if status is None or status.verdict not in ("OK", "PREAUTH", "BYE"):
            self.fail(f"{self.where} is not an IMAP server.", lasting=True)
        elif status.verdict == "BYE":
            # Before TLS the server is not authenticated.
            when = "" if self._clear_left is None else " before it was secured"
            self.fail(f"{self.where} refused the connection{when}{quoted_server_text(status)}.", status=status)
        else:
            self.state = lib.AUTH if status.verdict == "PREAUTH" else lib.NONAUTH
            self.greeting.set_result(status)
