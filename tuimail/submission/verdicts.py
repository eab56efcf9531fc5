"""The verdicts of one attempt: one per recipient, and one on the account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.submission.classify import ReplyContext, classify, classify_failure, rule_for
from tuimail.submission.failure import Failure
from tuimail.submission.reply_table import Condition
from tuimail.submission.result import Action, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})


class Verdicts:
    """The verdicts so far. ``accepted`` are the recipients that the server accepted at RCPT."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = tuple(dict.fromkeys(addresses))
        self.account: Verdict | None = None
        """Set when the account or the host has a problem, not the letter."""
        self.accepted: list[str] = []
        self._each: dict[str, Verdict] = {}

    def clear(self) -> None:
        """Discard all verdicts: the transaction starts again."""
        self.account = None
        self.accepted.clear()
        self._each.clear()

    def all(self) -> dict[str, Verdict]:
        """A verdict for every recipient. Raises KeyError while one has none."""
        return {address: self._each[address] for address in self.addresses}

    def refuse(self, address: str, verdict: Verdict) -> None:
        """Set the verdict for ``address``, which was not accepted."""
        self._each[address] = verdict

    def end(self, verdict: Verdict, stage: Stage) -> None:
        """End the attempt at ``stage``: ``verdict`` applies to all recipients without one."""
        self.accepted.clear()
        for address in self.addresses:
            self._each.setdefault(address, verdict)
        before_mail = stage in _BEFORE_MAIL and verdict.stage in _BEFORE_MAIL
        if before_mail or _concerns_account(verdict):
            self.account = verdict

    def decide(self, verdict: Verdict) -> None:
        """Set the verdict for the recipients that were accepted at RCPT."""
        for address in self.accepted:
            self._each[address] = verdict
        if _concerns_account(verdict):
            self.account = verdict

    def judge_together(self, context: ReplyContext) -> None:
        """Classify again when no recipient was accepted: the same refusal for all is not about the recipients."""
        context = replace(context, all_refused=True)
        replies = {address: verdict.reply for address, verdict in self._each.items()}
        told = {address: reply for address, reply in replies.items() if reply is not None}
        if len(told) == len(self.addresses) and all(
            rule_for(Stage.RCPT, reply, context).when is Condition.ALL_REFUSED for reply in told.values()
        ):
            self._each = {address: classify(Stage.RCPT, reply, context) for address, reply in told.items()}

    def find_account(self) -> None:
        """Use the verdict of a recipient as the account's if it is about the account."""
        for verdict in self._each.values():
            if self.account is None and verdict.action in (Action.ACCOUNT, Action.REAUTH):
                self.account = verdict

    @property
    def some_refused(self) -> bool:
        """A recipient was permanently refused."""
        return any(verdict.action is Action.RECIPIENT for verdict in self._each.values())

    def hold_others(self, context: ReplyContext) -> None:
        """Send to no recipient, because one was refused."""
        held = classify_failure(Stage.RCPT, Failure.SOME_REFUSED, context)
        self.accepted.clear()
        for address in self.addresses:
            known = self._each.get(address)
            if known is None or known.action is not Action.RECIPIENT:
                self._each[address] = held


def hung_up(verdict: Verdict | None) -> bool:
    """Whether the server closed the connection with a 421 (RFC 5321 section 3.8)."""
    return verdict is not None and verdict.reply is not None and verdict.reply.code == 421


def _concerns_account(verdict: Verdict) -> bool:
    return verdict.action in (Action.ACCOUNT, Action.REAUTH) or hung_up(verdict)
