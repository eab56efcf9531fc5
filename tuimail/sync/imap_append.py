"""Appends a message of the journal at an IMAP server, and then deletes the older copies that it replaces.

The mailbox is marked before; an APPEND whose answer was lost is proved by what arrived since (Message-ID and size).
No older copy is touched before the new one is known to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.journal.action import MessageOutcome
from tuimail.mail.summary import summary_of
from tuimail.sync import imap_proof
from tuimail.sync.imap_proof import believable, proof_by_arrival, proof_by_id, uid_of
from tuimail.sync.imap_rows import key_of
from tuimail.sync.imap_transfer import remove
from tuimail.sync.replay_end import LetterGoneError

if TYPE_CHECKING:
    from tuimail.journal.letters import LetterFiles
    from tuimail.sync.imap_action import ActionInHand
    from tuimail.sync.imap_proof import ArrivalMark
    from tuimail.sync.imap_replay_mailboxes import ReplayMailboxes


class ImapAppend:
    """One action that appends: its first message is new, the others are replaced by it."""

    def __init__(self, hand: ActionInHand, mailboxes: ReplayMailboxes, letters: LetterFiles) -> None:
        self._hand = hand
        self._mailboxes = mailboxes
        self._letters = letters
        self._folder = hand.action.target

    def run(self) -> None:
        """Carry it out.

        Raises:
            ImapError, NoMailboxError, the journal's errors.
            LetterGoneError: there is nothing to append.
        """
        hand = self._hand
        if not hand.messages[0].landed:
            self._put()
            hand.record()  # from here on the older copies may go
        else:
            hand.take_over()
        hand.decide(0, MessageOutcome.DONE)
        self._remove_replaced()

    def _put(self) -> None:
        hand, name = self._hand, self._hand.action.letter
        size = self._letters.size(name)
        if size is None:
            raise LetterGoneError()
        mark = hand.arrival_mark
        if mark is None:
            mark = self._mailboxes.mark(self._folder)
            hand.prove_by({0: self._proof(size)})
            hand.mark(mark)
        else:
            hand.mark()
            self._prove(mark)
            if hand.messages[0].landed:
                return
        copied = self._mailboxes.append(
            self._folder,
            lambda: self._letters.pieces(name),
            size,
            flags=hand.action.add,
            keywords=hand.action.add_keywords,
            arrived=self._arrived,
        )
        told = believable(copied, mark, [0])
        if told:
            hand.land({0: key_of(mark.validity, told[0])})
        else:
            self._prove(mark)

    @property
    def _arrived(self) -> float:
        return self._hand.action.arrived or self._hand.action.created

    def _proof(self, size: int) -> str:
        message_id = _as_in_a_summary(self._hand.messages[0].message_id)
        return proof_by_id(message_id, size) if message_id else proof_by_arrival(size, int(self._arrived))

    def _prove(self, mark: ArrivalMark) -> None:
        hand = self._hand
        proofs = {0: hand.messages[0].proof}
        arrivals = self._mailboxes.arrivals(self._folder, mark, proofs.values())
        taken = {uid for key in hand.taken() if (uid := uid_of(key, mark.validity)) is not None}
        found = imap_proof.matched(proofs, arrivals, taken)
        hand.land({index: key_of(mark.validity, uid) for index, uid in found.items()})

    def _remove_replaced(self) -> None:
        """What another program has replaced meanwhile has another uid, and stays."""
        hand = self._hand
        replaced = [index for index, each in enumerate(hand.messages) if index and not each.outcome]
        if not replaced:
            return
        validity = self._mailboxes.open(self._folder).opened.state.validity
        uids = {index: uid_of(hand.messages[index].key, validity) for index in replaced}
        there = self._mailboxes.there(self._folder, {uid for uid in uids.values() if uid is not None})
        remove(self._mailboxes, self._folder, sorted(there))
        for index, uid in uids.items():
            hand.decide(index, MessageOutcome.DONE if uid in there else MessageOutcome.GONE)


def _as_in_a_summary(message_id: str) -> str:
    return summary_of(f"Message-ID: {message_id}\r\n\r\n".encode()).message_id
