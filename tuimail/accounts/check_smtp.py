"""The way in of a submission server, step by step, up to where a letter could be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.accounts import advice
from tuimail.accounts.finding import Finding, Step
from tuimail.config.model import Auth, Security
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.submission.classify import ReplyContext, classify_failure
from tuimail.submission.connection import SmtpConnection
from tuimail.submission.dialogue import Dialogue
from tuimail.submission.failure import SubmissionError
from tuimail.submission.handshake import Handshake, RefusedError
from tuimail.submission.result import Stage
from tuimail.submission.wire import Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Server
    from tuimail.submission.wire import Extensions

_STEPS = {
    Stage.CONNECT: Step.CONNECT,
    Stage.TLS: Step.TLS,
    Stage.GREETING: Step.GREETING,
    Stage.EHLO: Step.CAPABILITIES,
    Stage.STARTTLS: Step.TLS,
    Stage.AUTH: Step.SIGN_IN,
}
_PATIENCE = Timeouts(connect=15.0, resolve=15.0, tls=15.0, hello=30.0)
"""Somebody is watching."""


async def check_smtp(
    server: Server,
    secret: Callable[[Server], Awaitable[str]],
    progress: Callable[[Finding], None],
    *,
    account: str = "",
) -> list[Finding]:
    """Connect, secure, greet, sign in, and hang up; the findings in order, the last one not ok if it failed.

    Args:
        server: the submission server.
        secret: gives its password or token; may raise SecretError.
        progress: told each finding as soon as it is made.
        account: its name, for what is to be typed.
    """
    check = _Check(server, progress)
    dialogue = Dialogue()
    wire = None
    try:
        wire = await SmtpConnection.open(server, _PATIENCE, dialogue, check.reached)
        handshake = Handshake(server, lambda: secret(server), _PATIENCE, check.reached)
        offer = await handshake.run(wire, wire)
        check.finished(offer, wire.security, handshake.warning)
    except RefusedError as refused:
        verdict = refused.verdict
        words, hint = advice.of_refusal(verdict, server)
        # Servers have echoed passwords.
        check.failed(
            dialogue.scrub(words), verdict.stage, hint=hint or advice.of_sign_in(account, server, verdict.problem)
        )
    except SubmissionError as error:
        verdict = classify_failure(check.stage, error.failure, check.context, detail=error.detail)
        words, hint = advice.of_failure(verdict, error.failure, server, error.detail)
        check.failed(words, check.stage, hint=hint)
    except BaseException:
        if wire is not None:
            wire.abort()
        raise
    if wire is not None:
        await wire.quit(within=_PATIENCE.quit)
    return check.findings


class _Check:
    """Collects findings while a handshake goes from stage to stage: reaching one means that the last one went well."""

    def __init__(self, server: Server, progress: Callable[[Finding], None]) -> None:
        self._server = server
        self._where = f"{safe_line(server.host)}:{server.port}"
        self._progress = progress
        self.stage = Stage.CONNECT
        self.context = ReplyContext(
            host=safe_line(server.host),
            port=server.port,
            user=safe_line(server.username),
            oauth=server.auth is Auth.OAUTH2,
        )
        self.findings: list[Finding] = []

    def reached(self, stage: Stage) -> None:
        """``stage`` begins."""
        if stage is not self.stage:
            self._passed(self.stage)
        self.stage = stage

    def finished(self, offer: Extensions, security: str, warning: str = "") -> None:
        """All went well, but perhaps not without a ``warning``."""
        self._passed(self.stage)
        if warning:
            self._add(Step.SIGN_IN, warning)
        encrypted = "" if self._server.security is Security.NONE else f" over {safe_line(security)}"
        limit = offer.size_limit
        takes = f"letters up to {format_size(limit)}" if limit else "letters of any size it does not name"
        self._add(Step.CAPABILITIES, f"It takes {takes}{encrypted}.")

    def failed(self, words: str, stage: Stage, *, hint: str = "") -> None:
        """It went no further."""
        self._add(_STEPS.get(stage, Step.CONNECT), words, ok=False, hint=hint)

    def _passed(self, stage: Stage) -> None:
        words = {
            Stage.CONNECT: "Connected.",
            Stage.TLS: "The connection is encrypted and the certificate is good.",
            Stage.STARTTLS: "The connection is encrypted and the certificate is good.",
            Stage.GREETING: "It greets us as a mail server.",
            Stage.AUTH: f"Signed in as {safe_line(self._server.username)}.",
        }
        # EHLO happens twice with STARTTLS; what it offers is told at the end.
        if stage in words:
            self._add(_STEPS[stage], words[stage])

    def _add(self, step: Step, words: str, *, ok: bool = True, hint: str = "") -> None:
        finding = Finding(self._where, step, ok, words, hint)
        self.findings.append(finding)
        self._progress(finding)
