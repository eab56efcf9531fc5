"""What the list of the outbox can do with itself: tag, sort, show only some; and the command that sends all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.item import ItemState, Order, Verb
from tuimail.ui.actions import outbox
from tuimail.ui.actions.targets import act, letters
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import Outcome
    from tuimail.ui.screens.frame import Verb as ScreenVerb
    from tuimail.ui.screens.outbox import OutboxScreen

WAITING_FOR_THEIR_TURN = frozenset({ItemState.QUEUED, ItemState.DEFERRED})

ORDERS = (
    Choice("n", "Need", Order.NEED),
    Choice("g", "Going", Order.NEXT),
    Choice("a", "Age", Order.AGE),
    Choice("s", "Subject", Order.SUBJECT),
    Choice("r", "Recipient", Order.RECIPIENT),
    Choice("z", "Size", Order.SIZE),
    Choice("c", "Account", Order.ACCOUNT),
    Choice("t", "State", Order.STATE),
)
"""Alpine's letters, where it has them."""

LANGUAGE = "Words of subject, address or account; state:deferred, to:kim, account:work narrow it."


def tag(screen: OutboxScreen) -> None:
    """Tag or untag the selected letter, and go on to the next."""
    row = screen.selected
    if row is None:
        screen.say("No letter is selected.")
        return
    screen.tagged ^= {row}
    screen.list.move(1)
    screen.tell_tagged()


async def tag_matching(screen: OutboxScreen) -> None:
    """Tag all, none, or those that hold some words."""
    choices = (
        Choice("a", "All", "all"),
        Choice("m", "Matching", "matching"),
        Choice("n", "None", "none"),
    )
    wanted = await screen.ask_choice("Tag which letters?", choices, default="matching")
    if wanted == "all":
        screen.tagged = set(screen.list.rows)
    elif wanted == "none":
        screen.tagged = set()
    elif wanted == "matching":
        words = await screen.ask("Tag letters that hold", help_text=LANGUAGE)
        if not words or not words.strip():
            return
        matching = await screen.program.engine.outbox.query(lambda outbox: outbox.ids(matching=words))
        found = set(matching) & set(screen.list.rows)
        screen.tagged |= found
    else:
        return
    screen.tell_tagged()


def apply(screen: OutboxScreen) -> None:
    """Let the next command act on the tagged letters."""
    if not screen.tagged:
        key = screen.program.keymap.key("tag")
        screen.say(f"Nothing is tagged: {key} tags the letter under the cursor.")
        return
    screen.applying = True
    screen.say(f"Apply which command to {letters(len(screen.tagged))}?")
    screen.refresh_keys()


async def sort(screen: OutboxScreen) -> None:
    """Ask for an order."""
    wanted = await screen.ask_choice("Sort the letters by?", ORDERS, default=screen.order)
    if wanted is not None:
        screen.order = Order(wanted)
        label = next(choice.label for choice in ORDERS if choice.value == wanted)
        screen.say(f"Sorted by {label.lower()}.")
        screen.reload()


async def show_only(screen: OutboxScreen) -> None:
    """Ask for what the letters shown are to hold; nothing shows all."""
    words = await screen.ask("Show only", initial=screen.matching, help_text=LANGUAGE)
    if words is None:
        return
    await screen.narrow(words.strip())


async def send_all(screen: OutboxScreen) -> None:
    """Try everything that waits, of what is shown."""
    engine = screen.program.engine
    ids = await engine.outbox.query(lambda outbox: outbox.ids(WAITING_FOR_THEIR_TURN, matching=screen.matching))
    if not ids:
        screen.say("No letter waits for its turn; held ones go when you release them.")
        return

    async def send(at: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        return await at.outbox.apply_many(Verb.SEND_NOW, wanted)

    await act(screen, ids, send, one="goes as soon as it can.", many="go as soon as they can")


VERBS: dict[str, ScreenVerb] = {
    **outbox.VERBS,
    "tag": tag,
    "tag-matching": tag_matching,
    "apply": apply,
    "sort": sort,
    "show-only": show_only,
    "send-all": send_all,
}
