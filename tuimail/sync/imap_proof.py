"""Proves what arrived in an IMAP mailbox after an action began that copies or moves messages there. Pure.

A command whose reply was lost may have been carried out or not. The *mark*, stored before it, is UIDVALIDITY and
UIDNEXT of the target: messages with lower uids were there before. An arrival is recognised by Message-ID and size;
without a Message-ID by size, INTERNALDATE and the other header fields.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail.summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tuimail.mailboxes.imap_values import CopiedUids, FetchedHeader

_DIGITS = 32
_WITHOUT_ID = "h"
"""Proofs begin with it that need more header fields than MESSAGE-ID."""


class ArrivalMark(NamedTuple):
    """What the target was before the action began."""

    validity: int
    uidnext: int

    @classmethod
    def read(cls, text: str) -> ArrivalMark | None:
        """The mark in a journal; None: there is none."""
        validity, dot, uidnext = text.partition(".")
        return cls(int(validity), int(uidnext)) if dot and validity.isdecimal() and uidnext.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.validity}.{self.uidnext}"


def uid_of(key: str, validity: int) -> int | None:
    """The uid in a message's key; None: the key is of another UIDVALIDITY, or no key of IMAP."""
    first, dot, uid = key.partition(".")
    return int(uid) if dot and first == str(validity) and uid.isdecimal() else None


def proof_by_id(message_id: str, size: int) -> str:
    """What a message is recognised by that has a Message-ID: that of its summary, and RFC822.SIZE."""
    return f"i{_digest(f'{size} {message_id}'.encode('utf-8', 'surrogateescape'))}"


def proof_by_arrival(size: int, arrived: int) -> str:
    """What an appended message is recognised by that has no Message-ID: RFC822.SIZE, and INTERNALDATE as given."""
    return f"a{_digest(f'{size} {arrived}'.encode())}"


def proof_of(fetched: FetchedHeader) -> str:
    """What a message is recognised by; ``fetched`` has the header fields of a summary."""
    message_id = summary_of(fetched.header).message_id
    if message_id:
        return proof_by_id(message_id, fetched.size)
    return _WITHOUT_ID + _digest(f"{fetched.size} {fetched.arrived} ".encode() + fetched.header)


def without_id(proof: str) -> bool:
    """It was made of more header fields than MESSAGE-ID."""
    return proof.startswith(_WITHOUT_ID)


def matched(proofs: Mapping[int, str], arrivals: Iterable[FetchedHeader], taken: Collection[int]) -> dict[int, int]:
    """The uids of those that have arrived, by what names them in ``proofs``.

    Each arrival proves one message, the oldest first; those that are ``taken`` prove nothing, for other messages were
    proved by them.
    """
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for name, proof in proofs.items():
        if proof:
            waiting[proof].append(name)
    found = {}
    for each in sorted(arrivals, key=lambda arrival: arrival.uid):
        proof = proof_of(each)
        names = (waiting.get(proof) or _nameless(waiting, each, proof)) if each.uid not in taken else None
        if names:
            found[names.popleft()] = each.uid
    return found


def _nameless(waiting: Mapping[str, deque[int]], arrival: FetchedHeader, proof: str) -> deque[int] | None:
    return waiting.get(proof_by_arrival(arrival.size, arrival.arrived)) if without_id(proof) else None


def believable(copied: CopiedUids | None, mark: ArrivalMark, uids: Sequence[int]) -> dict[int, int]:
    """The new uids that the server told, by old ones; none if they contradict the mark or each other.

    Undo acts on them: a wrong one would change a message that the user did not mean.
    """
    if copied is None or copied.validity != mark.validity:
        return {}
    new = copied.uids
    sound = len(set(new.values())) == len(new) and set(new) <= set(uids)
    return dict(new) if sound and min(new.values(), default=mark.uidnext) >= mark.uidnext else {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
