r"""What becomes of the copy in \\Drafts when a letter that was a draft is deleted from the outbox, or put back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from tuimail.compose.draft_store import DraftStore
    from tuimail.engine.draft_copies import DraftCopies
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.outbox.model.item import OutboxItem

log = logging.getLogger(__name__)


class LetterCopies:
    """The letter in the outbox is the safe one: what goes wrong with its copy is logged, and stops nothing."""

    def __init__(self, copies: DraftCopies, drafts: StoreHandle[DraftStore]) -> None:
        self._copies = copies
        self._drafts = drafts

    async def dropped(self, item: OutboxItem) -> None:
        """Have the copy deleted of a letter that was dropped for good, unless a draft here still needs it."""
        copy = item.draft_copy
        if copy is None or item.state is not ItemState.CANCELLED:
            return
        try:
            drafts = await self._drafts.run(lambda drafts: drafts.drafts())
            if all(each.draft_copy != copy for each in drafts):
                await self._copies.drop(copy, cause=f"dropped outbox:{item.id} {item.changed_at}")
        except TuimailError:
            log.exception("the copy of %s", item.id)

    async def restored(self, item: OutboxItem) -> None:
        """Let the copy stay of a letter that was put back, if it is still there."""
        if item.draft_copy is None:
            return
        try:
            await self._copies.keep(item.draft_copy)
        except TuimailError:
            log.exception("the copy of %s", item.id)
