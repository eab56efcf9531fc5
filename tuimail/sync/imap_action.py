"""An action of the journal while it is carried out at an IMAP server: what is known of its messages by now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.journal.action import ActionKind, ActionState, MessageOutcome
from tuimail.journal.new_target import rename_target
from tuimail.sync.imap_proof import ArrivalMark, uid_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.journal.action import ActionMessage, MailAction
    from tuimail.journal.store import ActionJournal


_NUMBERED_ANEW = "The server has numbered the messages of the folder anew: they are looked for."


class NumberedAnewError(Exception):
    """Messages of the action have other uids now, and a sync may find out which; ``str()`` is a sentence."""


class ActionInHand:
    """One action. Whatever is not recorded when the process ends is found out again by looking."""

    def __init__(self, journal: ActionJournal, owner: str, action: MailAction) -> None:
        self.given = action
        """As it was in the journal before its turn."""
        self.action = journal.resolved(action)
        self.messages: list[ActionMessage] = list(self.action.messages)
        marked = action.kind in (ActionKind.MOVE, ActionKind.COPY, ActionKind.APPEND)
        self.in_doubt = bool(action.mark) if marked else action.state is ActionState.SENT
        """It was begun before: a part of it may have been done."""
        self.why = ""
        """What became of messages that are gone, if another program neither moved nor deleted them."""
        self._journal = journal
        self._owner = owner

    def redirect(self, folder: str) -> None:
        """What it appends goes into ``folder`` (``rename_target``). Raises StorageError."""
        if folder != self.action.target:
            self.action = self._journal.resolved(rename_target(self._journal, self.action.id, folder))

    def mark(self, mark: ArrivalMark | None = None) -> None:
        """Make it *sent*, with the proofs of the messages, before the mailbox is touched.

        Raises:
            IllegalTransitionError: it was undone.
        """
        proofs = [each.proof for each in self.messages]
        self.action = self._journal.mark(self.action.id, self._owner, mark=str(mark or ""), proofs=proofs)
        self.messages = [
            replace(stored, outcome=each.outcome, proof=each.proof)
            for stored, each in zip(self.action.messages, self.messages, strict=True)
        ]

    def take_over(self) -> None:
        """Make it *sent* by this process, so that it can be ended. Raises IllegalTransitionError: it was undone."""
        if self.action.state is not ActionState.SENT or self.action.owner != self._owner:
            self.mark()

    @property
    def arrival_mark(self) -> ArrivalMark | None:
        """What was marked."""
        return ArrivalMark.read(self.action.mark)

    def open_uids(self, validity: int) -> dict[int, int]:
        """Indexes of the messages that are not decided yet, by uid; those of another UIDVALIDITY are decided here.

        What has landed is done: only that mailbox tells, and it did. The others are gone, and no uid names them.

        Raises:
            NumberedAnewError: before the others count as gone, a sync is to look for them (``rename_keys``).
        """
        waits = [each for each in self.messages if each.outcome is MessageOutcome.OPEN and not each.landed]
        if not self.given.tries and any(each.key and uid_of(each.key, validity) is None for each in waits):
            raise NumberedAnewError(_NUMBERED_ANEW)
        found: dict[int, int] = {}
        for index, each in enumerate(self.messages):
            if each.outcome is not MessageOutcome.OPEN:
                continue
            uid = uid_of(each.key, validity)
            if uid is not None:
                found[uid] = index
            else:
                self.decide(index, MessageOutcome.DONE if each.landed else MessageOutcome.GONE)
                self.why = "the server has numbered the messages of the folder anew" if each.key else self.why
        return found

    def decide(self, index: int, outcome: MessageOutcome) -> None:
        """What became of a message."""
        self.messages[index] = replace(self.messages[index], outcome=outcome)

    def land(self, keys: Mapping[int, str]) -> None:
        """Messages, by index, are in the target folder under these keys."""
        for index, key in keys.items():
            self.messages[index] = replace(self.messages[index], landed=key)

    def prove_by(self, proofs: Mapping[int, str]) -> None:
        """What messages, by index, are recognised by."""
        for index, proof in proofs.items():
            self.messages[index] = replace(self.messages[index], proof=proof)

    def taken(self) -> set[str]:
        """Keys in the target folder by which messages are proved already, of this action or another one."""
        actions = self._journal.actions(account=self.action.account)
        others = [each for each in actions if each.target == self.action.target and each.id != self.action.id]
        return {each.landed for messages in (self.messages, *(other.messages for other in others)) for each in messages}

    def record(self) -> None:
        """Make what is known durable. Raises StorageError, LeaseLostError."""
        self._keep(self._journal.record(self.action.id, self._owner, self.messages))

    def interrupt(self, words: str, seconds: float) -> None:
        """The connection was lost: others have their turn first. Raises StorageError, LeaseLostError."""
        if self.action.state is ActionState.SENT:
            self.take_over()
            if tuple(self.messages) != self.action.messages:
                self.record()
        self._keep(self._journal.interrupt(self.action.id, self._owner, words, seconds))

    def put_off(self, words: str, seconds: float) -> MailAction:
        """Tried again later. Raises StorageError, LeaseLostError."""
        return self._keep(self._journal.put_off(self.action.id, self._owner, self.messages, words, seconds))

    def end(self, state: ActionState, words: str) -> MailAction:
        """Done, refused or dropped. Raises StorageError, LeaseLostError."""
        return self._keep(self._journal.finish(self.action.id, self._owner, state, self.messages, words))

    def _keep(self, action: MailAction) -> MailAction:
        self.action = action
        return action


def open_indexes(messages: Sequence[ActionMessage]) -> list[int]:
    """Those that are not decided yet."""
    return [index for index, each in enumerate(messages) if each.outcome is MessageOutcome.OPEN]
