"""The start of a connection, before the first letter: greeting, EHLO, STARTTLS and sign-in."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from tuimail import sasl, tls
from tuimail.config.model import Auth, Security
from tuimail.config.refused_tokens import refuse
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line
from tuimail.submission.auth import Mechanism, MechanismError, mechanism, mechanisms_for
from tuimail.submission.classify import ReplyContext, classify
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.result import Action, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Server
    from tuimail.submission.result import Reply, Verdict
    from tuimail.submission.wire import Extensions, Timeouts, Wire

log = logging.getLogger(__name__)

CLEAR_SECONDS = 30.0
"""Limit for the time from the greeting to the end of STARTTLS: until then the server is not authenticated."""
CLEAR_BYTES = 64 * 1024
"""Limit for the bytes received until then."""


WAITS_FOR_TLS = 'It expects TLS from the first byte: set security = "tls" for this port, or use port 587.'


class Upgradable(Protocol):
    """A connection that can be upgraded to TLS (submission/connection)."""

    async def start_tls(self, *, within: float) -> Reply:
        """STARTTLS and, after a 220, TLS. Raises SubmissionError (TAMPERED, CERTIFICATE, HANDSHAKE, ...)."""
        ...


class RefusedError(Exception):
    """The server refused a step; ``verdict`` says what that means."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


@dataclass(slots=True)
class Handshake:
    """Prepares a new connection for sending letters."""

    server: Server
    secret: Callable[[], Awaitable[str]]
    timeouts: Timeouts
    reached: Callable[[Stage], None]
    """Called with every stage that is reached."""
    warning: str = field(default="", init=False)
    """A warning about a successful sign-in, in a sentence or two; safe to show."""
    _clear: int = field(default=0, init=False)
    """Bytes received before TLS."""
    _securing: bool = field(default=False, init=False)
    """STARTTLS has not finished: the server is not authenticated."""

    async def run(self, wire: Wire, upgrade: Upgradable) -> Extensions:
        """Greeting, EHLO, STARTTLS if the account requires it, sign-in.

        Raises:
            RefusedError: the server refused a step.
            SubmissionError: anything else.
        """
        if self.server.security is Security.STARTTLS:
            self._securing = True
            try:
                async with asyncio.timeout(CLEAR_SECONDS):
                    await self._secured(wire, upgrade)
            except TimeoutError:
                raise SubmissionError(Failure.TIMEOUT) from None
            self._securing = False
        else:
            self._expect(Stage.GREETING, await self._greeting(wire))
        # Discard what the server said before TLS (RFC 3207 section 4.2).
        offer = await self._hello(wire)
        if self.server.auth is not Auth.NONE and self.server.username:
            self.reached(Stage.AUTH)
            await self._sign_in(wire, offer)
        return offer

    async def _secured(self, wire: Wire, upgrade: Upgradable) -> None:
        """Greeting, a first EHLO, STARTTLS."""
        self._expect(Stage.GREETING, self._bounded(wire, await self._greeting(wire)))
        self.reached(Stage.EHLO)
        reply, offer = await wire.hello(within=self.timeouts.hello)
        self._expect(Stage.EHLO, self._bounded(wire, reply))
        self.reached(Stage.STARTTLS)
        if not offer.has("starttls"):
            raise SubmissionError(Failure.NO_STARTTLS)
        self._expect(Stage.STARTTLS, await upgrade.start_tls(within=self.timeouts.tls))

    def _bounded(self, wire: Wire, reply: Reply) -> Reply:
        """``reply``. Raises SubmissionError if too many bytes were received before TLS."""
        self._clear += sum(len(line) + len("250-\r\n") for line in wire.last.lines)
        if self._clear > CLEAR_BYTES:
            raise SubmissionError(Failure.GARBAGE)
        return reply

    async def _greeting(self, wire: Wire) -> Reply:
        self.reached(Stage.GREETING)
        greeting = asyncio.ensure_future(wire.reply(within=self.timeouts.hello))
        try:
            if self.server.security is not Security.TLS:
                await asyncio.wait({greeting}, timeout=tls.SILENCE)
                waits = not greeting.done() and await tls.speaks_tls(self.server.host, self.server.port)
                if waits and not greeting.done():
                    raise SubmissionError(Failure.HANDSHAKE, WAITS_FOR_TLS)
            return await greeting
        finally:
            greeting.cancel()
            await asyncio.wait({greeting})

    async def _hello(self, wire: Wire) -> Extensions:
        self.reached(Stage.EHLO)
        reply, offer = await wire.hello(within=self.timeouts.hello)
        self._expect(Stage.EHLO, reply)
        return offer

    async def _sign_in(self, wire: Wire, offer: Extensions) -> None:
        oauth = self.server.auth is Auth.OAUTH2
        names = mechanisms_for(offer.mechanisms, oauth=oauth, private=wire.private)
        secret = await self._ask(wire)
        reply = await self._try(wire, names, secret)
        if oauth and reply.code == 535:
            # The token may have expired while the computer slept: try one new token, then ask the user.
            refuse(secret)
            fresh = await self._ask(wire)
            if fresh != secret:
                reply = await self._try(wire, names, fresh)
                if reply.code == 535:
                    refuse(fresh)
            verdict = self._verdict(Stage.AUTH, reply)
            if verdict.action is Action.REAUTH:
                raise RefusedError(replace(verdict, action=Action.ACCOUNT))
        elif reply.code == 432 and wire.private and "PLAIN" in names and names[0] != "PLAIN":
            # RFC 4954 section 6: the server needs the password once as plain text to store it in a new form.
            reply = await self._try(wire, ["PLAIN"], secret)
        self._expect(Stage.AUTH, reply)

    async def _ask(self, wire: Wire) -> str:
        try:
            secret = await self.secret()
        except TokenDelayedError as error:
            raise SubmissionError(Failure.TOKEN_DELAYED, safe_line(str(error))) from error
        except SecretError as error:
            raise SubmissionError(Failure.NO_SECRET, safe_line(f"{error} {error.hint}".strip())) from error
        wire.dialogue.conceal(secret)
        return secret

    async def _try(self, wire: Wire, names: list[str], secret: str) -> Reply:
        """Sign in with the first of ``names`` that the server actually supports; returns its last reply."""
        reply = None
        for name in names:
            try:
                # Key derivation and Unicode tables take long: in a thread.
                made = await asyncio.to_thread(
                    mechanism, name, self.server.username, secret, host=self.server.host, port=self.server.port
                )
            except MechanismError:
                continue
            await self._warn_if_weaker(wire, name)
            reply, challenged = await self._exchange(wire, name, made)
            if reply.code == 235:
                await asyncio.to_thread(sasl.remembered.used, self._account, name, time.time())
            if challenged or reply.code not in (501, 504):
                return reply
        if reply is None:
            raise SubmissionError(Failure.NO_MECHANISM, "User name or password contain unsupported characters.")
        return reply

    @property
    def _account(self) -> str:
        return f"{self.server.host.lower()}:{self.server.port} {self.server.username}"

    async def _warn_if_weaker(self, wire: Wire, name: str) -> None:
        """Warn if the account used a stronger mechanism before."""
        had = await asyncio.to_thread(sasl.remembered.stronger, self._account, name, time.time())
        if not had or self.warning:
            return
        host = safe_line(self.server.host)
        self.warning = (
            f"{host} accepted {had} before and now accepts only {name}, which shows it the password. "
            "Ask the provider, unless that change was announced."
        )
        wire.dialogue.note(self.warning)
        log.warning("%s", self.warning)

    async def _exchange(self, wire: Wire, name: str, made: Mechanism) -> tuple[Reply, bool]:
        """Run one mechanism. Returns the last reply and whether a challenge came before it.

        Raises:
            SubmissionError: the challenge is invalid. The client must not try another mechanism: an attacker who can
                break a mechanism that hides the password would receive it from the next one.
        """
        seconds = self.timeouts.hello
        if made.first is None:
            reply = await wire.command(f"AUTH {name}", within=seconds)
        else:
            first = _encoded(made.first) or "="
            reply = await wire.command(f"AUTH {name} {first}", within=seconds, shown=f"AUTH {name} ****")
        rounds = 0
        while reply.code == 334:
            rounds += 1
            try:
                if rounds > 5:
                    raise MechanismError("no end of challenges")
                challenge = _challenge(wire.last.lines[-1], strict=made.strict)
                answer = _encoded(await asyncio.to_thread(made.answer, challenge))
            except (MechanismError, ValueError) as error:
                # RFC 4954 section 4: the server answers a cancelled exchange with 501.
                await wire.command("*", within=seconds)
                why = f" ({error})" if isinstance(error, MechanismError) else ""
                detail = f"Its challenge for {name} is invalid{why}; no other way to sign in was tried."
                raise SubmissionError(
                    Failure.TAMPERED if made.strict else Failure.GARBAGE, safe_line(detail)[:300]
                ) from None
            reply = await wire.command(answer, within=seconds, shown="****")
        if reply.code == 235 and not made.proven:
            raise SubmissionError(Failure.TAMPERED, "The server did not prove that it knows the password.")
        return reply, rounds > 0

    def _expect(self, stage: Stage, reply: Reply) -> None:
        verdict = self._verdict(stage, reply)
        if verdict.action is not Action.OK:
            raise RefusedError(verdict)

    def _verdict(self, stage: Stage, reply: Reply) -> Verdict:
        context = ReplyContext(
            host=self.server.host,
            port=self.server.port,
            user=self.server.username,
            oauth=self.server.auth is Auth.OAUTH2,
            clear=self._securing,
        )
        return classify(stage, reply, context)


def _challenge(text: str, *, strict: bool) -> bytes:
    """The decoded challenge of a 334. Invalid base64 counts as empty unless ``strict``.

    Raises:
        ValueError: ``strict``, and it is not base64.
    """
    try:
        return base64.b64decode(text.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeError):
        if strict:
            raise
        return b""


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
