"""The exact bytes of a letter of the outbox, wherever they are kept. Called on the outbox's writer thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.mail.content import PIECE
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store


@dataclass(frozen=True, slots=True)
class LetterContent:
    """The bytes of a letter, to be read on any thread; reading ends in NoSuchItemError if the file goes away."""

    item: OutboxItem
    size: int
    pieces: Callable[[int], Iterator[bytes]]

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, about ``length`` at a time."""
        try:
            yield from self.pieces(length)
        except FileNotFoundError as error:
            hint = self.item.filing.words
            raise NoSuchItemError("There is no copy of this letter on this machine.", hint=hint) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise NoSuchItemError(f"The letter cannot be read: {reason}.", hint="Check the disk.") from error


def content_of(queue: Store, item_id: str) -> LetterContent:
    """A letter; of a done item its filed local copy.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    item = queue.queries.item(item_id)
    if item.state is ItemState.DONE and item.filing.place:
        from tuimail.mailboxes import maildir

        path = Path(item.filing.place)
        return LetterContent(item, item.size, lambda length: maildir.pieces(path, length))
    return LetterContent(item, item.size, queue.queries.content(item.id).chunks)
