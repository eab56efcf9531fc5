"""The part of the store that takes evidence for an uncertain letter: its own Message-ID found in Sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.outbox.model import resulting_state
from tuimail.outbox.model.item import FilingState, ItemState, OutboxItem, RecipientState, TimelineEntry
from tuimail.outbox.store import journal
from tuimail.outbox.store.rows import LIVE
from tuimail.outbox.store.user_actions import UserActions

if TYPE_CHECKING:
    from collections.abc import Sequence

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
"""Of a letter that nobody remembers; it may have been sent to some of its recipients and not to others."""


class Evidence(UserActions):
    """Uncertain letters that are not uncertain any more."""

    def uncertain(self) -> Sequence[OutboxItem]:
        """The letters for which a copy in Sent would prove that they were sent."""
        with self.index.reading() as db:
            rows = self.rows(db, f"{LIVE} AND state = 'uncertain' ORDER BY id")
        return [row.item for row in rows if proves(row.item)]

    def found_sent(self, item_id: str) -> OutboxItem | None:
        """Its copy was found in Sent: accepted. None when it is not uncertain any more.

        Raises:
            StorageError: the disk refuses; nothing was changed.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            if not proves(row.item):
                return None
            now = self.clock.now()
            recipients = tuple(
                replace(each, state=RecipientState.ACCEPTED, words=FOUND, decided_at=now)
                if each.state is RecipientState.UNCERTAIN
                else each
                for each in row.item.recipients
            )
            item = replace(
                row.item, state=resulting_state.state_of(recipients), recipients=recipients, words="", changed_at=now
            )
            item = resulting_state.with_filing(item)
            self.put(db, row.free(item))
            self.tell(db, item.id, TimelineEntry(now, "found in Sent: the server has it"))
            if self.letter_path(item.id).exists():
                self.mark(item.id, journal.VERB, now, journal.verb_said("found-sent", item))
            return item
