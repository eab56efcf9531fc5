"""Handing letters to a submission server (RFC 6409): which connection, and what a failure of it means."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.model import Auth
from tuimail.mail.text import safe_line
from tuimail.submission.classify import Context
from tuimail.submission.connection import SmtpWire
from tuimail.submission.dialogue import Dialogue
from tuimail.submission.handshake import Handshake, RefusedError
from tuimail.submission.mishap import Mishap, WireError
from tuimail.submission.transaction import Transaction
from tuimail.submission.wire import Offer, Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Server
    from tuimail.submission.result import SubmissionResult
    from tuimail.submission.submitter import Letter, Watcher

LETTERS_PER_CONNECTION = 100
"""Servers cap it; a fresh connection is cheap by then."""


class SmtpSubmitter:
    """A submission server as the way out of one account (submission/submitter.Submitter).

    ``secret`` gives the password or access token and is asked only when the server wants one. ``hold``: when some
    recipient is refused for good, nobody gets the letter. One letter at a time; more callers wait their turn.
    """

    def __init__(
        self,
        server: Server,
        secret: Callable[[], Awaitable[str]],
        *,
        timeouts: Timeouts | None = None,
        hold: bool = False,
        letters_per_connection: int = LETTERS_PER_CONNECTION,
    ) -> None:
        self._server = server
        self._secret = secret
        self._timeouts = timeouts or Timeouts()
        self.hold = hold
        self._letters_per_connection = letters_per_connection
        self._turn = asyncio.Lock()
        self._wire: SmtpWire | None = None
        self._offer = Offer()
        self._dialogue = Dialogue()
        self._dropped: set[str] = set()

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Try to hand over ``letter`` once. Raises only what ``watcher`` raises; nothing was sent then."""
        async with self._turn:
            self._dialogue.restart()
            transaction = Transaction(
                letter, watcher, self._context(letter), self._timeouts, hold=self.hold, dropped=self._dropped
            )
            via = f"{self._server.host}:{self._server.port}"
            try:
                wire = await self._connected(transaction)
                via += f" ({wire.security})"
                try:
                    await transaction.run(wire, self._offer, reused=wire.letters > 0)
                except WireError as error:
                    if transaction.answered or not wire.letters or error.mishap is Mishap.TIMEOUT:
                        raise
                    # The server had dropped the idle connection: not the letter's affair.
                    self._drop()
                    wire = await self._connected(transaction)
                    await transaction.run(wire, self._offer)
                wire.letters += 1
                wire.used_at = asyncio.get_running_loop().time()
            except WireError as error:
                self._dialogue.note(str(error))
                self._drop()
                transaction.lose(error)
            except RefusedError as error:
                self._drop()
                transaction.refuse(error.verdict)
            except BaseException:
                self._drop()
                raise
            return transaction.result(dialogue=self._dialogue.lines, via=via)

    async def close(self) -> None:
        """QUIT and hang up, in two seconds at most. While a letter is on its way, it is left alone."""
        try:
            async with asyncio.timeout(self._timeouts.quit), self._turn:
                wire, self._wire = self._wire, None
                if wire is not None:
                    await wire.quit(within=self._timeouts.quit)
        except TimeoutError:
            pass

    async def _connected(self, transaction: Transaction) -> SmtpWire:
        """The connection there is, if it is good for another letter, or a new one. Raises WireError, RefusedError."""
        now = asyncio.get_running_loop().time()
        if self._wire is not None:
            tired = self._wire.letters >= self._letters_per_connection
            if self._wire.usable and not tired and now - self._wire.used_at <= self._timeouts.idle:
                return self._wire
            wire, self._wire = self._wire, None
            await wire.quit(within=self._timeouts.quit)
            self._dialogue.restart()
        self._wire = await SmtpWire.open(self._server, self._timeouts, self._dialogue, transaction.reached)
        handshake = Handshake(self._server, self._secret, self._timeouts, transaction.reached)
        self._offer = await handshake.run(self._wire, self._wire)
        return self._wire

    def _context(self, letter: Letter) -> Context:
        return Context(
            host=safe_line(self._server.host),
            port=self._server.port,
            user=safe_line(self._server.username),
            sender=safe_line(letter.envelope.sender),
            oauth=self._server.auth is Auth.OAUTH2,
        )

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()
