"""One attempt to submit one letter: what is to be sent, how far it came, and the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.submission.body import Loaded, load
from tuimail.submission.classify import ReplyContext, classify_failure
from tuimail.submission.envelope_commands import envelope_commands_for
from tuimail.submission.quirk_detector import QuirkDetector
from tuimail.submission.result import Stage, SubmissionResult, Verdict
from tuimail.submission.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.failure import SubmissionError
    from tuimail.submission.quirks import Quirk
    from tuimail.submission.submitter import Letter, Watcher
    from tuimail.submission.wire import Extensions


class SmtpAttempt:
    """The state of one attempt; it may take several connections.

    ``hold``: if one recipient is permanently refused, no recipient gets the letter. ``quirks``: the known quirks of the
    server.
    """

    def __init__(
        self, letter: Letter, watcher: Watcher, context: ReplyContext, *, hold: bool, quirks: Collection[Quirk] = ()
    ) -> None:
        self.letter = letter
        self.watcher = watcher
        self.context = context
        self.hold = hold
        self.quirks = QuirkDetector(quirks)
        self.verdicts = Verdicts(letter.envelope.addresses)
        self.stage = Stage.CONNECT
        self.touched = False
        """The attempt is recorded: MAIL may be sent."""
        self.recipient_limit: int | None = None
        """The number of recipients the server accepts in one transaction, if known."""
        self.loaded: Loaded | None = None
        """The letter, read in advance."""

    @property
    def account(self) -> Verdict | None:
        """The verdict on the account or the host, if it has a problem."""
        return self.verdicts.account

    # -- before its turn

    def opening(self, offer: Extensions) -> EnvelopeCommands:
        """The commands up to DATA. Raises SubmissionError if the server cannot accept the letter."""
        return envelope_commands_for(self.letter, offer, self.quirks.left_out, hold=self.hold)

    async def load(self) -> None:
        """Read the letter into memory in advance, unless it is large."""
        self.loaded = await load(self.letter.content)

    async def touch(self) -> None:
        """Record the attempt, once, right before MAIL is sent. Raises what the watcher raises."""
        if not self.touched:
            await self.watcher.touching()
            self.touched = True

    # -- its progress and its end

    def reached(self, stage: Stage) -> None:
        """The dialogue came to ``stage``."""
        self.stage = stage
        self.watcher.stage(stage)

    def end(self, verdict: Verdict) -> None:
        """End the attempt: ``verdict`` applies to all recipients without one."""
        self.verdicts.end(verdict, self.stage)

    def lose(self, error: SubmissionError) -> None:
        """End the attempt with ``error`` at the current stage: it decides all recipients without a verdict."""
        self.end(classify_failure(self.stage, error.failure, self.context, detail=error.detail))

    def result(self, *, dialogue: tuple[str, ...] = (), via: str = "", server: str = "") -> SubmissionResult:
        """The result of the attempt."""
        return SubmissionResult(
            recipients=self.verdicts.all(),
            account=self.account,
            touched=self.touched,
            dialogue=dialogue,
            recipient_limit=self.recipient_limit,
            via=via,
            server=server,
            learnt=dict(self.quirks.learnt),
        )

    def withdrawn(self) -> SubmissionResult:
        """The result of an attempt that was not made."""
        return SubmissionResult({}, touched=self.touched, withdrawn=True)
