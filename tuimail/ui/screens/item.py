"""One letter of the outbox in full: why it is where it is, each recipient, what happened, the last dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tuimail.errors import NoSuchItemError
from tuimail.outbox.item import ItemState, OutboxItem
from tuimail.outbox.standing import waits_its_turn
from tuimail.ui.commands import outbox
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.commands.moving import PAGER_VERBS
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.views.details import details
from tuimail.ui.views.letters import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.outbox.item import TimelineEntry
    from tuimail.outbox.standing import Standing
    from tuimail.ui.messages import Progressed
    from tuimail.ui.screens.frame import Verb
    from tuimail.ui.widgets.cells import Line


SENT = frozenset({ItemState.ACCEPTED, ItemState.DONE})
OVER = SENT | {ItemState.CANCELLED}


class ItemScreen(PagerScreen):
    """Follows one letter while it moves."""

    SCREEN_NAME = "LETTER"
    CONTEXT = Context.ITEM
    HELP = "One letter: where it is and why, what became of each recipient, and every attempt."
    BINDINGS = bindings_for(Context.ITEM, Context.SENT_ITEM)
    verbs: ClassVar[Mapping[str, Verb]] = {**outbox.VERBS, **PAGER_VERBS}

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self._item_id = item_id
        self.letter: OutboxItem | None = None
        """The letter the verbs act on; None until it is read."""
        self._timeline: Sequence[TimelineEntry] = ()
        self._dialogue: Sequence[str] = ()
        self._progress: Progress | None = None
        self._standing: Standing | None = None

    @property
    def context(self) -> Context:
        """Of a letter that is over, nothing can be asked but to show it."""
        return Context.SENT_ITEM if self.letter is not None and self.letter.state in OVER else Context.ITEM

    @property
    def heading(self) -> str:
        """A letter that went is called so."""
        sent = self.letter is not None and self.letter.state in SENT
        return "SENT LETTER" if sent else self.SCREEN_NAME

    def aim(self) -> tuple[str, ...]:
        """The letter."""
        return (self._item_id,)

    def fits(self, command: Command) -> bool:
        """By the state of the letter."""
        return outbox.fits(command, self.letter)

    async def load(self) -> None:
        """Read the letter and its history."""
        engine = self.program.engine
        try:
            self.letter = await engine.item(self._item_id)
        except NoSuchItemError as error:
            self.letter = None
            self.complain(error)
        else:
            self._timeline = await engine.timeline(self._item_id)
            self._dialogue = await engine.dialogue(self._item_id)
            waits = waits_its_turn(self.letter, engine.clock.now())
            self._standing = await engine.standing(self.letter) if waits else None
            if self.letter.state is not ItemState.SENDING:
                self._progress = None
            self.pager.show(self._lines)
            self.tell_place()
            self.title_bar.screen_name = self.heading
        self.refresh_keys()

    def on_progressed(self, message: Progressed) -> None:
        """Move the bar."""
        if message.item_id == self._item_id and message.total:
            self._progress = Progress(message.sent, message.total)
            self.pager.show(self._lines)

    def _lines(self, width: int) -> Sequence[Line]:
        if self.letter is None:
            return ()
        now = self.program.engine.clock.now()
        return details(self.letter, self._timeline, self._dialogue, width, now, self._progress, self._standing)
