"""Carries out the journal's actions at an IMAP server that other clients use at the same time.

Flags are set and taken away, never replaced, so that a repeat changes nothing; neighbouring actions with the same
change share a command. Moves and copies are marked before and proved after (imap_transfer). An action that is refused,
or during which the connection is lost, holds up none but those on the same messages.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import ActionKind, ActionState, MessageOutcome, apart
from tuimail.mail.flags import DELETED, to_wire
from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.imap_action import ActionInHand, NumberedAnewError, open_indexes
from tuimail.sync.imap_append import ImapAppend
from tuimail.sync.imap_refusal import (
    MOST_TRIES,
    PAUSE,
    forbidden_flags,
    is_for_good,
    kept_keywords,
    next_break,
    unkept_bits,
)
from tuimail.sync.imap_replay_mailboxes import GMAIL, MOST_UIDS, NoMailboxError, ReplayMailboxes, chunks
from tuimail.sync.imap_transfer import ImapTransfer, remove
from tuimail.sync.replay_end import LetterGoneError, ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tuimail.config.model import SpecialUse
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mailboxes.imap_values import MailboxState
    from tuimail.sync.imap_server import ImapServer


_TAKES_AWAY = (ActionKind.MOVE, ActionKind.DELETE)
_REFUSED = frozenset({ActionState.REFUSED})
_NOT_ALL = "The server did not do it to every letter."


class NotPermittedError(Exception):
    """The mailbox does not permit it; the sentence says what."""


class ImapReplayer:
    """The journal's actions of one account. Only the holder of the account's lock may have one."""

    def __init__(
        self,
        journal: ActionJournal,
        account: str,
        server: ImapServer,
        owner: str,
        folders: Mapping[SpecialUse, str] | None = None,
    ) -> None:
        """``folders`` is the user's own map of special uses to folder names."""
        self._folders = {use.value: name for use, name in (folders or {}).items()}
        self._journal = journal
        self._account = account
        self._server = server
        self._owner = owner
        self._mailboxes = ReplayMailboxes(server)
        self.ended: list[MailAction] = []
        """What ``replay`` has carried out, refused or put off, also when it raises."""

    def replay(self) -> list[MailAction]:
        """Carry out every action whose turn it is; they are returned as they are now.

        Raises:
            ImapError: the server cannot be reached, or the connection was lost; ``ended`` has what ended before.
            StorageError: the journal cannot be written.
        """
        self.ended = []
        self._mailboxes = ReplayMailboxes(self._server)
        while ready := list(apart(self._journal.ready(self._account))):
            for group in _alike(ready):
                # Connects: a server that cannot be reached is no fault of the action's.
                self._mailboxes.has("UIDPLUS")
                hands = [ActionInHand(self._journal, self._owner, each) for each in group]
                with suppress(IllegalTransitionError):  # it was undone since
                    if group[0].kind is ActionKind.FLAG:
                        self._flag(hands)
                    else:
                        self._carry_out(hands[0])
        return self.ended

    # -- flags
    def _flag(self, hands: Sequence[ActionInHand]) -> None:
        begun = []
        for hand in hands:
            with suppress(IllegalTransitionError):
                hand.mark()
                begun.append(hand)
        if not begun:
            return
        try:
            self._store_flags(begun)
        except ImapError as error:
            if error.status is None:
                self._interrupt(begun, error)
                raise
            if len(begun) == 1:
                self._refused(begun[0], error)
                return
            for hand in begun:  # what is refused for one message must not be refused for the others
                self._flag([hand])
        except NoMailboxError as error:
            for hand in begun:
                self._no_mailbox(hand, error)
        except NotPermittedError as error:
            self._end(begun, ActionState.REFUSED, str(error))
        except NumberedAnewError as error:
            self.ended += [hand.put_off(str(error), PAUSE) for hand in begun]
        else:
            for hand in begun:
                self._done(hand)

    def _store_flags(self, hands: Sequence[ActionInHand]) -> None:
        action = hands[0].action
        mailbox = self._mailboxes.open(action.folder)
        self._check_permitted(action)
        indexes = [hand.open_uids(mailbox.opened.state.validity) for hand in hands]
        there = self._mailboxes.there(action.folder, {uid for each in indexes for uid in each})
        # What the server does not keep is kept here alone (imap_comparison), and no reason to refuse the rest.
        here = unkept_bits(mailbox.opened.state)
        add, remove = action.add & ~here, action.remove & ~here
        more, less = (
            kept_keywords(mailbox.opened.state, each) for each in (action.add_keywords, action.remove_keywords)
        )
        if to_wire(add | remove, f"{more} {less}"):
            for chunk in chunks(sorted(there)):
                self._mailboxes.open(action.folder).store(
                    chunk, add=add, remove=remove, add_keywords=more, remove_keywords=less
                )
        for hand, uids in zip(hands, indexes, strict=True):
            for uid, index in uids.items():
                hand.decide(index, MessageOutcome.DONE if uid in there else MessageOutcome.GONE)

    # -- moves, copies, deletions
    def _carry_out(self, hand: ActionInHand) -> None:
        action = hand.action
        try:
            if action.kind is ActionKind.DELETE:
                self._delete(hand)
            elif action.kind is ActionKind.APPEND:
                if action.use and not self._find_target(hand):
                    return
                ImapAppend(hand, self._mailboxes, self._journal.letters).run()
            else:
                transfer = ImapTransfer(hand, self._mailboxes)
                transfer.begin()
                self._check_source(action)
                transfer.run()
        except ImapError as error:
            if error.status is None:
                self._interrupt([hand], error)
                raise
            hand.take_over()
            self._refused(hand, error)
        except NoMailboxError as error:
            hand.take_over()
            self._no_mailbox(hand, error)
        except NotPermittedError as error:
            self._end([hand], ActionState.REFUSED, str(error))
        except NumberedAnewError as error:
            hand.take_over()
            self.ended.append(hand.put_off(str(error), PAUSE))
        except LetterGoneError as error:
            hand.take_over()
            self._end([hand], ActionState.DROPPED, str(error))
        else:
            self._done(hand)

    def _find_target(self, hand: ActionInHand) -> bool:
        """The folder for what is appended is there, or was made. False: it cannot be made, and the action has ended.

        Raises:
            NotPermittedError: the same, and the user is to be told.
            ImapError: the connection was lost, or the server refuses for now.
        """
        action = hand.action
        try:
            hand.redirect(self._mailboxes.special(action.use, action.target, self._folders))
        except ImapError as error:
            if error.status is None or not is_for_good(error.status, MOST_TRIES):
                raise
            hand.take_over()
            if any(each.use == action.use for each in self._journal.actions(_REFUSED, account=self._account)):
                self._end([hand], ActionState.DROPPED, "")  # it was told of the first one
                return False
            raise NotPermittedError(f"There is no folder for {action.use} on the server. {error}") from error
        return True

    def _check_source(self, action: MailAction) -> None:
        if action.kind not in _TAKES_AWAY:
            return
        if action.kind is ActionKind.MOVE and self._mailboxes.has("MOVE"):
            self._check_writable(action)
        else:
            self._check_permitted(replace(action, add=DELETED))

    def _check_writable(self, action: MailAction) -> MailboxState:
        """Raises NotPermittedError."""
        state = self._mailboxes.open(action.folder).opened.state
        if state.read_only:
            raise NotPermittedError(f"The folder {safe_line(action.folder)} can only be read.")
        return state

    def _check_permitted(self, action: MailAction) -> None:
        """Raises NotPermittedError."""
        folder, state = action.folder, self._check_writable(action)
        forbidden = forbidden_flags(state, add=action.add, remove=action.remove)
        if forbidden:
            raise NotPermittedError(f"The server does not keep {' '.join(forbidden)} in {safe_line(folder)}.")
        if action.add & DELETED and self._mailboxes.has(GMAIL) and not self._mailboxes.is_bin(folder):
            raise NotPermittedError("Gmail deletes letters only from its trash; elsewhere it would archive them.")

    def _delete(self, hand: ActionInHand) -> None:
        folder = hand.action.folder
        uids = hand.open_uids(self._mailboxes.open(folder).opened.state.validity)
        there = self._mailboxes.there(folder, uids)
        for uid, index in uids.items():
            if uid not in there:
                hand.decide(index, MessageOutcome.DONE if hand.in_doubt else MessageOutcome.GONE)
        hand.mark()
        self._check_source(hand.action)
        if len(there) < len(hand.messages):
            hand.record()  # once it is begun, what is gone counts as deleted
        remove(self._mailboxes, folder, sorted(there))
        for uid in there:
            hand.decide(uids[uid], MessageOutcome.DONE)

    # -- ends
    def _interrupt(self, hands: Sequence[ActionInHand], error: ImapError) -> None:
        for hand in hands:
            hand.interrupt(str(error), next_break(hand.given))

    def _refused(self, hand: ActionInHand, error: ImapError) -> None:
        action = hand.action
        if error.status is None or is_for_good(error.status, action.tries):
            words = str(error)
            if action.target:
                try:
                    self._mailboxes.check_listed(action.target, error)
                except NoMailboxError as missing:
                    words = str(missing)
            self._end([hand], ActionState.REFUSED, words)
        else:
            self.ended.append(hand.put_off(str(error), PAUSE))

    def _no_mailbox(self, hand: ActionInHand, error: NoMailboxError) -> None:
        """Without its folder there is nothing to do; another target can be chosen."""
        if error.folder == hand.action.folder:
            words = f"There is no folder {safe_line(error.folder)} any more."
            self._end([hand], ActionState.DROPPED, words)
        else:
            self._end([hand], ActionState.REFUSED, str(error))

    def _done(self, hand: ActionInHand) -> None:
        if not open_indexes(hand.messages):
            self._end([hand], *ending(hand.messages, hand.why))
        else:
            self.ended.append(hand.put_off(_NOT_ALL, PAUSE))

    def _end(self, hands: Sequence[ActionInHand], state: ActionState, words: str) -> None:
        self.ended += [hand.end(state, words) for hand in hands]
        for hand in hands:
            if hand.action.letter and state is ActionState.DONE:
                self._journal.letters.remove(hand.action.letter)


def _alike(ready: Iterable[MailAction]) -> Iterator[list[MailAction]]:
    """Neighbours that change the same flags in the same folder, as many as fit into one command; the others alone.

    What was put off before goes alone: the server may fail at it each time.
    """
    group: list[MailAction] = []
    count = 0
    for each in ready:
        count += len(each.messages)
        if group and not (_fits(group[0], each) and count <= MOST_UIDS):
            yield group
            group, count = [], len(each.messages)
        group.append(each)
    if group:
        yield group


def _fits(first: MailAction, action: MailAction) -> bool:
    flags = first.kind is ActionKind.FLAG and _change(action) == _change(first)
    return flags and not first.next_at and not action.next_at


def _change(action: MailAction) -> tuple[object, ...]:
    keywords = action.add_keywords, action.remove_keywords
    return action.kind, action.folder, action.add, action.remove, *keywords
