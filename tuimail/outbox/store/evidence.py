"""Evidence for an uncertain letter: its own Message-ID found in Sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.outbox.model import resulting_state
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState
from tuimail.outbox.store import journal
from tuimail.outbox.store.rows import LIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.open_outbox import OpenOutbox

FOUND = "Found in Sent: the server has it."


def proves(item: OutboxItem) -> bool:
    """Whether a copy in Sent proves that every uncertain recipient was served. Pure.

    Not when the copy may be our own, filed for other recipients; nor when it is not known that all the uncertain ones
    were named in one transaction.
    """
    if item.state is not ItemState.UNCERTAIN or item.filing.state is not FilingState.NONE:
        return False
    uncertain = [each for each in item.recipients if each.state is RecipientState.UNCERTAIN]
    return bool(uncertain) and (len(item.recipients) == 1 or item.words != MAY_BE_SENT)


MAY_BE_SENT = (
    "This outbox came from a backup or another computer; the letter may have been sent since. "
    "Look in Sent, then mark it as sent or send it again."
)
"""Of a letter whose history is lost; it may have been sent to some of its recipients and not to others."""


class Evidence:
    """Uncertain letters that are not uncertain any more."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def uncertain(self) -> Sequence[OutboxItem]:
        """The letters for which a copy in Sent would prove that they were sent."""
        with self.outbox.reading() as view:
            rows = view.rows(f"{LIVE} AND state = 'uncertain' ORDER BY id")
        return [row.item for row in rows if proves(row.item)]

    def found_sent(self, item_id: str) -> OutboxItem | None:
        """Its copy was found in Sent: accepted. None when it is not uncertain any more.

        Raises:
            StorageError: the disk refuses; nothing was changed.
        """
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            if not proves(row.item):
                return None
            recipients = tuple(
                replace(each, state=RecipientState.ACCEPTED, words=FOUND, decided_at=tx.now)
                if each.state is RecipientState.UNCERTAIN
                else each
                for each in row.item.recipients
            )
            item = replace(
                row.item, state=resulting_state.state_of(recipients), recipients=recipients, words="", changed_at=tx.now
            )
            item = resulting_state.with_filing(item)
            tx.put(row.free(item))
            tx.add_to_timeline(item.id, "found in Sent: the server has it")
            if tx.letter_path(item.id).exists():
                tx.mark_letter(item.id, journal.VERB, journal.verb_said("found-sent", item))
            return item
