"""Submits letters by a local command with the interface of sendmail(8)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.submission.classify import ReplyContext, classify_failure
from tuimail.submission.command_arguments import command_line
from tuimail.submission.command_exit import classify_end
from tuimail.submission.command_input import PrivateInput, UnreadableError, private_input
from tuimail.submission.command_run import CommandTimeouts, run, runnable
from tuimail.submission.commands import sendable
from tuimail.submission.failure import Failure
from tuimail.submission.result import Action, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from tuimail.submission.submitter import Letter, Watcher

MUST_KNOW_I = "The letter has a line of a single dot, so the command was given -i and must support that option."


_NEXT = Verdict(Action.SPLIT, Stage.RCPT, "Waiting: the command gets one recipient at a time.")
_TOO_SLOW = Verdict(Action.RETRY, Stage.CONNECT, "The command took too long for other recipients; trying again later.")


class CommandSubmitter:
    """Submits the letters of one account by a command (submission/submitter.Submitter).

    The command gets the letter on its standard input (command_input) and the envelope as arguments
    (command_arguments). A configured ``-t`` is left out: it would take the recipients from the header, which lacks the
    Bcc recipients and still names those that have the letter already. No shell is involved. The command has accepted
    the letter if it exits with 0 after reading all of it.
    """

    def __init__(self, argv: tuple[str, ...], *, timeouts: CommandTimeouts | None = None) -> None:
        self._argv = argv
        self._timeouts = timeouts or CommandTimeouts()

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Run the command for one recipient after another until it accepts the letter for one of them.

        So each exit code belongs to one address. The remaining recipients get SPLIT, and the next submit() serves them
        at once: the success is stored before the next run begins, so that a kill between two runs leaves no recipient
        uncertain and none gets the letter twice. Raises only what ``watcher`` raises; that run did not happen then.
        """
        addresses = dict.fromkeys(letter.envelope.addresses)
        good = [address for address in addresses if sendable(address, smtputf8=True)]
        verdicts = dict.fromkeys(addresses, classify_failure(Stage.RCPT, Failure.BAD_RECIPIENT))
        if not good:
            return SubmissionResult(verdicts)
        until = letter.envelope.hold_until
        if until is not None and until > time.time():
            kept = classify_failure(Stage.MAIL, Failure.NO_FUTURE_RELEASE, ReplyContext(host="A local command"))
            return SubmissionResult(dict.fromkeys(addresses, kept))
        attempt = _Attempt(self._argv, letter, watcher, self._timeouts)
        begun = time.monotonic()
        for place, address in enumerate(good, 1):
            verdict = verdicts[address] = await attempt.run(address)
            if verdict.action is Action.OK:
                verdicts |= dict.fromkeys(good[place:], _NEXT)
                break
            if verdict.action is Action.ACCOUNT or not attempt.touched:
                verdicts |= dict.fromkeys(good[place:], verdict)
                break
            if time.monotonic() - begun > self._timeouts.finish:
                verdicts |= dict.fromkeys(good[place:], _TOO_SLOW)
                break
        return SubmissionResult(
            recipients=verdicts,
            account=next((each for each in verdicts.values() if each.action is Action.ACCOUNT), None),
            touched=attempt.touched,
            dialogue=tuple(attempt.dialogue),
            via=safe_line(self._argv[0]),
        )

    async def close(self) -> None:
        """Do nothing: no process is kept between letters."""


class _Attempt:
    """The runs of one attempt."""

    def __init__(self, argv: tuple[str, ...], letter: Letter, watcher: Watcher, timeouts: CommandTimeouts) -> None:
        self.touched = False
        self.dialogue: list[str] = []
        self._doubtful: list[str] = []
        self._argv = argv
        self._letter = letter
        self._watcher = watcher
        self._timeouts = timeouts

    async def run(self, address: str) -> Verdict:
        """Run the command for one recipient and return the verdict."""
        self._watcher.stage(Stage.CONNECT)
        if not runnable(self._argv[0]):
            return self._not_run("No such program, or it is not executable.")
        self._watcher.stage(Stage.BODY)
        try:
            given = await private_input(self._letter.content)
        except UnreadableError as error:
            return classify_failure(Stage.BODY, Failure.UNREADABLE, detail=safe_line(str(error)))
        except OSError as error:
            reason = safe_line(error.strerror or str(error))
            words = f"There is no room for the letter in the folder for temporary files: {reason}. Trying again later."
            return Verdict(Action.RETRY, Stage.BODY, words)
        with given:
            if not self.touched:
                await self._watcher.touching()
                self.touched = True
            return await self._handed_over(given, address)

    async def _handed_over(self, given: PrivateInput, address: str) -> Verdict:
        argv = self._arguments(address, dots=given.dots)
        self.dialogue.append(safe_line("$ " + " ".join(argv))[:1000])
        # The command has the whole letter from its start, so this recipient is in doubt from here on, as are those that
        # an earlier run left uncertain. The others do not have the letter.
        await self._watcher.committing([*self._doubtful, address])
        self._watcher.stage(Stage.COMMITTING)
        try:
            ended = await run(argv, given, self._timeouts, self._watcher.progress)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            return self._not_run(f"{reason}.")
        self.dialogue += filter(None, (ended.text, ended.said))
        verdict = classify_end(ended, safe_line(self._argv[0]))
        if verdict.action is Action.UNCERTAIN:
            self._doubtful.append(address)
        if verdict.action is not Action.OK and argv != self._arguments(address, dots=False):
            verdict = replace(verdict, message=f"{verdict.message} {MUST_KNOW_I}")
        return verdict

    def _arguments(self, address: str, *, dots: bool) -> list[str]:
        return command_line(self._argv, self._letter.envelope.sender, [address], dots=dots)

    def _not_run(self, reason: str) -> Verdict:
        return classify_failure(Stage.CONNECT, Failure.NO_COMMAND, detail=safe_line(f"{self._argv[0]}: {reason}"))
