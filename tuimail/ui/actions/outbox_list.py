"""What the list of the outbox can do with itself: tag, sort, show only some; and the command that sends all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.outbox.model.states import ItemState, Order, Verb
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.outbox import ON_LETTERS
from tuimail.ui.actions.targets import act, letters
from tuimail.ui.views.orders import ORDERS, order_name
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import Outcome
    from tuimail.ui.protocols import Action, HasLetter, HasList, HasSelection

    class OutboxList(HasList, HasLetter, HasSelection[str], Protocol):
        """The list of the outbox; rows are ids."""

        tagged: set[str]
        applying: bool
        """The next command acts on the tagged letters."""
        order: Order
        matching: str
        """What the letters shown hold; empty shows all."""

        def show_tagged(self) -> None:
            """Say how many are tagged, and draw them."""
            ...

        async def narrow(self, pattern: str) -> None:
            """Show only letters that hold ``pattern``; all when empty."""
            ...


WAITING_FOR_THEIR_TURN = frozenset({ItemState.QUEUED, ItemState.DEFERRED})

LANGUAGE = "Words of subject, address or account; state:deferred, to:kim, account:work narrow it."


def tag(screen: OutboxList) -> None:
    """Tag or untag the selected letter, and go on to the next."""
    row = screen.selected
    if row is None:
        screen.say("No letter is selected.")
        return
    screen.tagged ^= {row}
    screen.list.move(1)
    screen.show_tagged()


async def tag_matching(screen: OutboxList) -> None:
    """Tag all, none, or those that hold some words."""
    choices = (
        Choice("a", "All", "all"),
        Choice("m", "Matching", "matching"),
        Choice("n", "None", "none"),
    )
    wanted = await screen.prompts.ask_choice("Tag which letters?", choices, default="matching")
    if wanted == "all":
        screen.tagged = set(screen.list.source.window(0, screen.list.count))
    elif wanted == "none":
        screen.tagged = set()
    elif wanted == "matching":
        pattern = await screen.prompts.ask("Tag letters that hold", help_text=LANGUAGE)
        if not pattern or not pattern.strip():
            return
        matching = await screen.program.engine.outbox.query(lambda outbox: outbox.ids(matching=pattern))
        found = set(matching) & set(screen.list.source.window(0, screen.list.count))
        screen.tagged |= found
    else:
        return
    screen.show_tagged()


def apply(screen: OutboxList) -> None:
    """Let the next command act on the tagged letters."""
    if not screen.tagged:
        key = screen.program.keymap.key("tag")
        screen.say(f"Nothing is tagged: {key} tags the letter under the cursor.")
        return
    screen.applying = True
    screen.say(f"Apply which command to {letters(len(screen.tagged))}?")
    screen.refresh_keys()


async def sort(screen: OutboxList) -> None:
    """Ask for an order."""
    choices = [Choice(order.key, order.label, order.value) for order in ORDERS]
    wanted = await screen.prompts.ask_choice("Sort the letters by?", choices, default=screen.order)
    if wanted is not None:
        screen.order = Order(wanted)
        screen.say(f"Sorted by {order_name(screen.order)}.")
        screen.reload()


async def show_only(screen: OutboxList) -> None:
    """Ask for what the letters shown are to hold; nothing shows all."""
    pattern = await screen.prompts.ask("Show only", initial=screen.matching, help_text=LANGUAGE)
    if pattern is None:
        return
    await screen.narrow(pattern.strip())


async def send_all(screen: OutboxList) -> None:
    """Try everything that waits, of what is shown."""
    engine = screen.program.engine
    ids = await engine.outbox.query(lambda outbox: outbox.ids(WAITING_FOR_THEIR_TURN, matching=screen.matching))
    if not ids:
        screen.say("No letter waits for its turn; held ones go when you release them.")
        return

    async def send(at: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        return await at.outbox.apply_many(Verb.SEND_NOW, wanted)

    await act(screen, ids, send, one="goes as soon as it can.", many="go as soon as they can")


ACTIONS: dict[str, Action[OutboxList]] = {
    **LIST_ACTIONS,
    **ON_LETTERS,
    "tag": tag,
    "tag-matching": tag_matching,
    "apply": apply,
    "sort": sort,
    "show-only": show_only,
    "send-all": send_all,
}
