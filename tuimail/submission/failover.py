"""Several submission servers of one account, in order: if the first cannot be reached, the next one gets the letter.

The next server is tried only for a failure of the host before a password or MAIL was sent: it cannot be reached,
refuses in its greeting, is not a submission server, or breaks off the TLS handshake. It is never tried after a refused
sign-in (the same password elsewhere would lock accounts), an untrusted certificate or a missing STARTTLS (a possible
attack that must not go unnoticed), or anything after MAIL.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.submission.result import AccountProblem, Action, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.submission.result import SubmissionResult, Verdict
    from tuimail.submission.submitter import Letter, Submitter, Watcher

STAY = 600.0
"""Seconds for which the server that worked last is tried first; then the first of the list again."""

_BEFORE_SIGN_IN = frozenset({Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS})


@dataclass(slots=True)
class Preference:
    """Which server of an account worked last. Lives longer than the connections."""

    index: int = 0
    until: float = 0.0
    """By the event loop's clock."""

    def order(self, count: int, now: float) -> list[int]:
        """The indexes of ``count`` servers in the order to try them."""
        first = self.index if now < self.until and self.index < count else 0
        return [first, *(each for each in range(count) if each != first)]

    def worked(self, place: int, now: float) -> None:
        """Record that the server at ``place`` got beyond the greeting."""
        if place == self.index and now < self.until:
            return
        self.index, self.until = place, now + STAY


class FailoverSubmitter:
    """Submits a letter by the first of several submitters whose server can be reached (submission/submitter)."""

    def __init__(self, submitters: Sequence[tuple[str, Submitter]], preference: Preference | None = None) -> None:
        """``submitters`` are names ("smtp.example.org:465") and submitters, the preferred one first."""
        self._submitters = tuple(submitters)
        self._preference = preference or Preference()
        self.pipeline_depth = min(int(getattr(submitter, "pipeline_depth", 0)) for _, submitter in self._submitters)
        """How many letters may wait, at any of the servers."""

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Try once to submit ``letter``, at each server until one can be reached."""
        missed: list[tuple[str, SubmissionResult]] = []
        loop = asyncio.get_running_loop()
        for place in self._preference.order(len(self._submitters), loop.time()):
            name, submitter = self._submitters[place]
            result = await submitter.submit(letter, watcher)
            if not should_try_next(result):
                if not result.withdrawn:
                    self._preference.worked(place, loop.time())
                if missed:
                    result = replace(result, dialogue=(*_merged_dialogue(missed), f"({name})", *result.dialogue))
                return result
            missed.append((name, result))
        return _all_unreachable(missed)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(submitter.close() for _, submitter in self._submitters))


def should_try_next(result: SubmissionResult) -> bool:
    """Whether to try the next server: only this host failed, and no password or letter was sent to it."""
    verdict = result.account
    if verdict is None or result.touched or verdict.stage not in _BEFORE_SIGN_IN:
        return False
    return verdict.action in (Action.RETRY, Action.SOON) or verdict.problem is AccountProblem.SERVER


def _all_unreachable(missed: Sequence[tuple[str, SubmissionResult]]) -> SubmissionResult:
    """The result when no server could be reached: the mildest verdict, as the account works as soon as one does."""
    name, told = min(missed, key=lambda each: _severity(each[1].account))
    verdict = told.account
    if verdict is None or len(missed) < 2:
        return told
    others = " ".join(
        f"{other}: {result.account.message}" for other, result in missed if other != name and result.account
    )
    delays = [result.account.delay for _, result in missed if result.account]
    both = replace(verdict, message=f"{verdict.message} The other servers failed too. {others}", delay=min(delays))
    return replace(
        told,
        recipients=dict.fromkeys(told.recipients, both),
        account=both,
        dialogue=tuple(_merged_dialogue(missed)[:-1]),
    )


def _severity(verdict: Verdict | None) -> int:
    return 0 if verdict is None or verdict.action in (Action.RETRY, Action.SOON) else 1


def _merged_dialogue(missed: Sequence[tuple[str, SubmissionResult]]) -> list[str]:
    """The dialogues with the servers that failed, one after the other."""
    lines: list[str] = []
    for name, result in missed:
        why = result.account.message if result.account else ""
        lines += [f"({name})", *result.dialogue, f"({why} Trying the next server.)"]
    return lines
