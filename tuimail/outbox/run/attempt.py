"""One attempt at one letter that is claimed; its result is recorded in every case.

From the committing mark to the recorded answer nothing may cancel it (rule 6); before that, giving up drops the
connection without the dot and puts the letter back.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.errors import LeaseLostError, SecretError, StorageError, TuimailError
from tuimail.events import ItemChanged, ItemProgress, ItemStage, Notice, Severity
from tuimail.mail.envelope import Envelope
from tuimail.outbox.run.context import first_of
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult, Verdict
from tuimail.submission.submitter import Letter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.run.context import RunContext
    from tuimail.outbox.store.claims import Claim
    from tuimail.submission.submitter import Submitter

log = logging.getLogger(__name__)

LEASE = 120.0
"""Seconds; renewed at a third of it."""

STORE_AGAIN = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries to store an answer that the disk refused."""

CLOSED_WHILE_WAITING = (
    "tuimail was closed while waiting for the server's answer; the letter may have been delivered. Your call."
)


FILE_GONE = "The letter's own file is gone, so it was not sent; write it anew."


def _nothing(stage: Stage) -> None:
    """No caller asks for the stages."""


def _always(result: SubmissionResult) -> bool:  # noqa: ARG001
    """Every answer is this letter's own."""
    return True


class Attempt:
    """An attempt under way; the Watcher of its submitter."""

    def __init__(
        self,
        context: RunContext,
        claim: Claim,
        *,
        patient: bool = True,
        reached: Callable[[Stage], None] = _nothing,
        counts: Callable[[SubmissionResult], bool] = _always,
    ) -> None:
        """``patient``: an answer that the disk refuses is kept until it can be stored; else StorageError ends it.

        That is at once before the dot, and after the dot when ``STORE_AGAIN`` is over. ``reached`` is called with every
        stage. ``counts`` is called with the result and says whether it is to be recorded; if not, the letter is put
        back.
        """
        item = claim.item
        self.item = item
        self.begun = False
        """It is on the wire, and not waiting behind another."""
        self.answered = False
        """Its result is known."""
        self.committed = False
        """The dot may be on its way: from now on only an answer ends it, or the end of the program."""
        self._context = context
        self._patient = patient
        self._content = claim.content
        self._quirks = claim.quirks
        self._reached = reached
        self._counts = counts
        self._to = tuple(dict.fromkeys(each.address for each in claim.to))
        self._envelope = Envelope(
            sender=item.reverse_path,
            recipients=tuple(each.to for each in claim.to),
            smtputf8=item.smtputf8,
            eight_bit=item.eight_bit,
            notify=item.notify,
            hold_until=item.hold_until,
        )
        self._failure: TuimailError | None = None
        self._task: asyncio.Task[SubmissionResult] | None = None
        self._marked = False
        """The committing mark may be on the disk."""
        self._given_up = False
        self._probe = True
        self._leaving = asyncio.Event()
        self._percent = -1

    async def run(self, submitter_for: Callable[[str], Submitter]) -> OutboxItem | None:
        """Carry it out and record it; the item afterwards, or None when the letter was put back or is another's."""
        beat = asyncio.create_task(self._renew())
        try:
            result = await self._result(submitter_for)
            self.answered = True
            if result is None:
                return None
            if not self._counts(result) or result.withdrawn:
                await self._put_back(probe=False)
                return None
            return await self._record(result)
        finally:
            self.answered = True
            beat.cancel()

    def give_up(self, *, now: bool = False, probe: bool = True) -> None:
        """Stop it, unless the dot may be on its way; with ``now`` even then: the letter becomes uncertain.

        ``probe``: another letter may go as the account's probe.
        """
        self._probe &= probe
        self._leaving.set()
        if self._task is not None and (now or not self.committed):
            self._given_up = True
            self._task.cancel()

    # -- submission/submitter.Watcher
    async def touching(self) -> None:
        """Count the attempt."""
        await self._durably(self._context.store.claims.touching)
        self._context.announcer.announce(ItemChanged(self.item.id))

    async def committing(self, to: Sequence[str] | None = None) -> None:
        """Mark that the dot is about to be written for ``to``: those the server did not refuse or defer."""
        if to is not None:
            self._to = tuple(to)
        self.committed = self._marked = True
        try:
            await self._durably(self._context.store.claims.committing, to=self._to)
        except BaseException:
            self.committed = False  # the submitter does not write the dot then
            raise

    def stage(self, stage: Stage) -> None:
        """Tell the screen."""
        self.begun = True
        self._reached(stage)
        self._context.announcer.announce(ItemStage(self.item.id, stage.description))

    def progress(self, sent: int, total: int) -> None:
        """Tell the screen, once per hundredth."""
        percent = sent * 100 // total if total else 100
        if percent != self._percent:
            self._percent = percent
            self._context.announcer.announce(ItemProgress(self.item.id, sent, total))

    # -- inside
    async def _durably(self, work: Callable[..., None], **more: object) -> None:
        try:
            await self._context.writer.run(work, self.item.id, self.item.owner, **more)
        except TuimailError as error:
            self._failure = error
            raise

    async def _result(self, submitter_for: Callable[[str], Submitter]) -> SubmissionResult | None:
        try:
            submitter = submitter_for(self.item.account)
        except TuimailError as error:
            return self._not_begun(error)
        except KeyError:
            words = f'The account "{self.item.account}" is not in the config any more.'
            return self._all(Verdict(Action.ACCOUNT, Stage.CONNECT, words, problem=AccountProblem.MISSING))
        if self._content is None:
            return self._all(Verdict(Action.MESSAGE, Stage.CONNECT, FILE_GONE))
        letter = Letter(self.item.id, self._envelope, self._content, self._quirks)
        self._task = asyncio.create_task(submitter.submit(letter, self))
        if self._leaving.is_set():
            self.give_up()
        try:
            result = await asyncio.shield(self._task)
        except asyncio.CancelledError:
            return await self._cancelled()
        except TuimailError as error:
            if error is not self._failure:
                log.exception("an attempt at %s failed", self.item.id)
                return self._broken()
            result = None
        except Exception:
            log.exception("an attempt at %s failed", self.item.id)
            return self._broken()
        return result if self._failure is None else await self._refused_by_disk(result)

    def _not_begun(self, error: TuimailError) -> SubmissionResult:
        trouble = AccountProblem.SECRET if isinstance(error, SecretError) else AccountProblem.MISSING
        return self._all(Verdict(Action.ACCOUNT, Stage.CONNECT, f"{error} {error.hint}".strip(), problem=trouble))

    async def _cancelled(self) -> SubmissionResult | None:
        """Given up by the runner, or the runner itself was cancelled."""
        task = self._task
        if task is None or not self._given_up:
            # The runner's task was cancelled. Before the dot that means: put it back.
            self.give_up()
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                return task.result()  # the answer came first
        if self.committed:
            return self._all(Verdict(Action.UNCERTAIN, Stage.COMMITTING, CLOSED_WHILE_WAITING))
        if self._marked:
            return self._all(Verdict(Action.RETRY, Stage.BODY, "tuimail was closed right before the letter was sent."))
        await self._put_back(probe=self._probe)
        return None

    async def _refused_by_disk(self, result: SubmissionResult | None) -> SubmissionResult | None:
        """A mark could not be made, so the dot was not sent."""
        error = self._failure
        if isinstance(error, LeaseLostError):
            log.warning("%s was taken over by another process", self.item.id)
            self._context.announcer.announce(ItemChanged(self.item.id))
            return None
        self._context.announcer.announce(Notice(f"Sending stopped: {error} The letter stays queued.", Severity.ERROR))
        return result or self._all(Verdict(Action.RETRY, Stage.BODY, f"{error} It was not sent."))

    async def _put_back(self, *, probe: bool = True) -> None:
        try:
            await self._context.writer.run(
                self._context.store.claims.unclaim, self.item.id, self.item.owner, probe=probe
            )
        except TuimailError as error:
            log.warning("%s could not be put back, its lease will run out: %s", self.item.id, error)
        self._context.announcer.announce(ItemChanged(self.item.id))

    async def _record(self, result: SubmissionResult) -> OutboxItem | None:
        """Store the answer; while the disk refuses, keep it in memory and try again (fault matrix, row 17)."""
        context = self._context
        waits = iter(STORE_AGAIN)
        told = False
        while True:
            try:
                item = await context.writer.run(context.store.claims.record, self.item.id, self.item.owner, result)
            except LeaseLostError as error:
                log.warning("%s: %s", self.item.id, error)
                context.announcer.announce(ItemChanged(self.item.id))
                return None
            except StorageError as error:
                if not self._patient and not self.committed:
                    raise  # nothing is lost: when this process has ended, the letter is queued again
                if not told:
                    words = f'The server\'s answer for "{self.item.subject}" could not be stored: {error} {error.hint}'
                    context.announcer.announce(Notice(words, Severity.ERROR))
                    told = True
                wait = next(waits, STORE_AGAIN[-1] if self._patient else None)
                if wait is None:
                    raise  # the answer may be on the letter; if not, a restart flags it
                if self._leaving.is_set():
                    log.error("%s: the answer could not be stored; the letter's own mark tells it", self.item.id)
                    return None
                await first_of(context.sleep(wait), self._leaving.wait())
            else:
                return item

    async def _renew(self) -> None:
        """Keep the lease while a long upload goes on; without it the dot must not be written."""
        context = self._context
        while True:
            await context.sleep(LEASE / 3)
            try:
                await context.writer.run(context.store.claims.renew, self.item.id, self.item.owner, lease=LEASE)
            except LeaseLostError as error:
                if not self.committed and self._task is not None:
                    self._failure = error
                    self._given_up = True
                    self._task.cancel()
                return
            except StorageError as error:
                log.warning("the lease of %s could not be renewed: %s", self.item.id, error)

    def _broken(self) -> SubmissionResult:
        """Our own mistake: never a lost letter, never a doubled one."""
        if self.committed:
            return self._all(Verdict(Action.UNCERTAIN, Stage.COMMITTING, "tuimail failed before the answer."))
        return self._all(Verdict(Action.RETRY, Stage.BODY, "tuimail failed at sending it; the log says more."))

    def _all(self, verdict: Verdict) -> SubmissionResult:
        account = verdict if verdict.action is Action.ACCOUNT else None
        return SubmissionResult(dict.fromkeys(self._to, verdict), account=account)
