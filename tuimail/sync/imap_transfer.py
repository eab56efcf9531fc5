r"""Moves or copies the messages of one action at an IMAP server, so that no cut doubles or loses one.

Before the first command the target is marked; an action that was cut off is proved by what is still in its folder and
by what arrived in the target. Without MOVE (RFC 6851), a message is copied, marked \Deleted and expunged by its uid; it
is marked only once the server has confirmed the copy.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.journal.action import ActionKind, MessageOutcome
from tuimail.mail.flags import DELETED
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync import imap_proof
from tuimail.sync.imap_action import open_indexes
from tuimail.sync.imap_proof import believable, proof_of
from tuimail.sync.imap_refusal import NO_PROOF_BREAK, last_break
from tuimail.sync.imap_replay_mailboxes import NoMailboxError, chunks
from tuimail.sync.imap_rows import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tuimail.mailboxes.imap_values import CopiedUids
    from tuimail.sync.imap_action import ActionInHand
    from tuimail.sync.imap_replay_mailboxes import ReplayMailboxes


class ImapTransfer:
    """One action that moves or copies. Its methods raise ImapError, NoMailboxError and the journal's errors."""

    def __init__(self, hand: ActionInHand, mailboxes: ReplayMailboxes) -> None:
        self._hand = hand
        self._mailboxes = mailboxes
        self._folder, self._target = hand.action.folder, hand.action.target
        self._copies = hand.action.kind is ActionKind.COPY
        self._by_move = not self._copies and mailboxes.has("MOVE")

    def begin(self) -> None:
        """Mark it: what the target is now, and what its messages are recognised by there."""
        hand, mailboxes = self._hand, self._mailboxes
        if hand.arrival_mark is not None:
            hand.mark()
            return
        mark = mailboxes.mark(self._target)
        uids = hand.open_uids(mailboxes.open(self._folder).opened.state.validity)
        with _refusals_passed_over():
            self._fetch_proofs(uids)
        hand.mark(mark)

    def run(self) -> None:
        """Carry it out, by chunks; what stays undecided is to be tried again."""
        hand = self._hand
        uids = hand.open_uids(self._mailboxes.open(self._folder).opened.state.validity)
        there = self._mailboxes.there(self._folder, uids.keys())
        if hand.in_doubt:
            if not self._by_move:
                self._fetch_proofs({uid: index for uid, index in uids.items() if uid in there})
            self._prove({uid: index for uid, index in uids.items() if not (self._by_move and uid in there)})
        for uid, index in uids.items():
            landed = bool(hand.messages[index].landed)
            if uid not in there:
                hand.decide(index, MessageOutcome.DONE if landed else MessageOutcome.GONE)
            elif self._copies and landed:
                hand.decide(index, MessageOutcome.DONE)
        undecided = set(open_indexes(hand.messages))
        for chunk in chunks(sorted(uid for uid in there if uids[uid] in undecided)):
            self._transfer({uid: uids[uid] for uid in chunk})
            hand.record()

    def _fetch_proofs(self, uids: Mapping[int, int]) -> None:
        """Of messages that have none. A server that loses the connection at it each time is not asked any more."""
        if last_break(self._hand.given) >= NO_PROOF_BREAK:
            return
        unknown = [uid for uid in sorted(uids) if not self._hand.messages[uids[uid]].proof]
        for chunk in chunks(unknown):
            headers = self._mailboxes.open(self._folder).headers(chunk)
            self._hand.prove_by({uids[each.uid]: proof_of(each) for each in headers if each.uid in uids})

    def _transfer(self, uids: Mapping[int, int]) -> None:
        if self._by_move:
            self._move(uids)
            return
        new = {uid: index for uid, index in uids.items() if not self._hand.messages[index].landed}
        confirmed = set(uids) - set(new)
        if new:
            copied = self._mailboxes.open(self._folder).copy(sorted(new), self._mailboxes.wire(self._target))
            confirmed |= self._take(copied, new)
        if not self._copies:
            self._hand.record()  # once a message is marked \Deleted, a second copy would be deleted as well
            self._remove(confirmed)
        for uid in confirmed:
            self._hand.decide(uids[uid], MessageOutcome.DONE)

    def _move(self, uids: Mapping[int, int]) -> None:
        try:
            copied = self._mailboxes.open(self._folder).move(sorted(uids), self._mailboxes.wire(self._target))
        except ImapError as error:
            if error.status is not None:
                self._take_moved(uids)
            raise
        for uid in self._take(copied, uids):
            self._hand.decide(uids[uid], MessageOutcome.DONE)

    def _take_moved(self, uids: Mapping[int, int]) -> None:
        """The server refuses the rest; a part may have been moved (RFC 6851 section 3.3)."""
        left = self._mailboxes.there(self._folder, uids.keys())
        gone = {uid: index for uid, index in uids.items() if uid not in left}
        with _refusals_passed_over():
            self._prove(gone)
        for index in gone.values():
            landed = self._hand.messages[index].landed
            self._hand.decide(index, MessageOutcome.DONE if landed else MessageOutcome.GONE)

    def _take(self, copied: CopiedUids | None, uids: Mapping[int, int]) -> set[int]:
        """Store where messages have landed, as the server tells or as arrivals prove; the uids that it has confirmed.

        Without COPYUID the server's OK stands for all. With it, what it leaves out was gone before, or is asked again.
        """
        mark = self._hand.arrival_mark
        told = believable(copied, mark, list(uids)) if mark else {}
        if mark:
            self._hand.land({uids[uid]: key_of(mark.validity, new) for uid, new in told.items()})
        rest = {uid: index for uid, index in uids.items() if uid not in told}
        if not rest:
            return set(uids)
        with _refusals_passed_over():
            self._prove(rest)
        if not told:
            return set(uids)
        proved = {uid for uid, index in rest.items() if self._hand.messages[index].landed}
        doubtful = set(rest) - proved
        for uid in doubtful - self._mailboxes.there(self._folder, doubtful):
            self._hand.decide(uids[uid], MessageOutcome.GONE)
        return set(told) | proved

    def _prove(self, uids: Mapping[int, int]) -> None:
        """Find those that have arrived in the target."""
        hand, mark = self._hand, self._hand.arrival_mark
        proofs = {index: hand.messages[index].proof for index in uids.values() if not hand.messages[index].landed}
        if mark is None or not any(proofs.values()):
            return
        arrivals = self._mailboxes.arrivals(self._target, mark, proofs.values())
        taken = _uids_of(hand.taken(), mark.validity)
        found = imap_proof.matched(proofs, arrivals, taken)
        hand.land({index: key_of(mark.validity, uid) for index, uid in found.items()})

    def _remove(self, uids: Collection[int]) -> None:
        remove(self._mailboxes, self._folder, sorted(uids))


def remove(mailboxes: ReplayMailboxes, folder: str, uids: Sequence[int]) -> None:
    r"""Delete exactly these messages for good; without UIDPLUS (RFC 4315) they stay, marked \Deleted.

    Never EXPUNGE without uids: it would take away what another client has marked.
    """
    for chunk in chunks(uids):
        mailbox = mailboxes.open(folder)
        mailbox.store(chunk, add=DELETED)
        if not mailboxes.has("UIDPLUS"):
            continue
        try:
            mailbox.expunge(chunk)
        except ImapError as error:
            if error.status is not None:
                with _refusals_passed_over():
                    mailbox.store(chunk, remove=DELETED)  # else another client's EXPUNGE takes it away
            raise


@contextmanager
def _refusals_passed_over() -> Iterator[None]:
    """For what is of use only in case of a cut. A lost connection is raised."""
    try:
        yield
    except NoMailboxError:
        pass
    except ImapError as error:
        if error.status is None:
            raise


def _uids_of(keys: Collection[str], validity: int) -> set[int]:
    return {uid for key in keys if (uid := imap_proof.uid_of(key, validity)) is not None}
