"""One letter of the outbox in full: why it is where it is, each recipient, what happened, the last dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.outbox.model.states import ItemState
from tuimail.ui.commands import letters
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.widgets.letter_pane import LetterPane

if TYPE_CHECKING:
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.ui.messages import Progressed


SENT = frozenset({ItemState.ACCEPTED, ItemState.DONE})
OVER = SENT | {ItemState.CANCELLED}


class ItemScreen(PagerScreen):
    """Follows one letter while it moves."""

    SCREEN_NAME = "LETTER"
    CONTEXT = Context.ITEM
    HELP = "One letter: where it is and why, what became of each recipient, and every attempt."
    BINDINGS = bindings_for(Context.ITEM, Context.SENT_ITEM)

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self._item_id = item_id
        self.pager: LetterPane = LetterPane()

    @property
    def letter(self) -> OutboxItem | None:
        """The letter the actions are about; None until it is read."""
        return self.pager.letter

    @property
    def context(self) -> Context:
        """Of a letter that is over, nothing can be asked but to show it."""
        return Context.SENT_ITEM if self.letter is not None and self.letter.state in OVER else Context.ITEM

    @property
    def heading(self) -> str:
        """A letter that went is called so."""
        sent = self.letter is not None and self.letter.state in SENT
        return "SENT LETTER" if sent else self.SCREEN_NAME

    def targets(self) -> tuple[str, ...]:
        """The letter."""
        return (self._item_id,)

    def fits(self, command: Command) -> bool:
        """By the state of the letter."""
        return letters.fits(command, self.letter)

    def label(self, command: Command) -> str:
        """By the state of the letter."""
        return letters.label(command, self.letter)

    async def load(self) -> None:
        """Read the letter and its history."""
        try:
            await self.pager.read(self.program.engine, self._item_id)
        except NoSuchItemError as error:
            self.pager.clear()
            self.complain(error)
        else:
            self.show_place()
            self.title_bar.screen_name = self.heading
        self.refresh_keys()

    def on_progressed(self, message: Progressed) -> None:
        """Move the bar."""
        self.pager.progressed(message.item_id, message.sent, message.total)
