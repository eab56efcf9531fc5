"""Verbs on letters of the outbox: on the one under the cursor, or on the tagged ones where that makes sense.

What fits which state is in ``outbox/model/item``; what the list itself can do (tag, sort, show only) in ``listed``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.outbox.model.item import ItemState, OutboxItem, Outcome, Place, RecipientState, Verb, after, verbs_of
from tuimail.ui.actions.ask_time import ask_moment
from tuimail.ui.actions.export import export
from tuimail.ui.actions.movement import LIST_VERBS
from tuimail.ui.actions.outbox_questions import change_account, mark_sent, mend, send_again
from tuimail.ui.actions.targets import act, aimed, each, first, letters, only, put_as_before, verb_on
from tuimail.ui.navigation import quoted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tuimail.engine import Engine
    from tuimail.ui.actions.targets import LetterScreen
    from tuimail.ui.commands.command import Command
    from tuimail.ui.screens import frame

_NEEDS = {
    "send-now": Verb.SEND_NOW,
    "send-again": Verb.RESOLVE_RESEND,
    "mark-sent": Verb.RESOLVE_SENT,
    "hold": Verb.HOLD,
    "release": Verb.RELEASE,
    "later": Verb.LATER,
    "edit": Verb.EDIT,
    "cancel": Verb.CANCEL,
    "drop": Verb.DROP,
    "mend": Verb.MEND,
    "change-account": Verb.CHANGE_ACCOUNT,
    "move-first": Verb.MOVE,
    "move-up": Verb.MOVE,
    "move-down": Verb.MOVE,
    "move-last": Verb.MOVE,
}
RETRIED = frozenset({ItemState.DEFERRED, ItemState.BLOCKED, ItemState.FAILED})
"""States of letters that were tried."""

_ON_LETTERS = frozenset({*_NEEDS, "view-raw", "dialogue", "open", "check-again", "export", "tag"})

MANY = frozenset({*_NEEDS, "export", "check-again"} - {"edit", "mend", "move-up", "move-down"})
"""Commands that can be applied to several letters."""


def fits(command: Command, item: OutboxItem | None) -> bool:
    """Whether ``command`` makes sense for the selected letter."""
    if command.id not in _ON_LETTERS:
        return True
    if item is None:
        return False
    if command.id == "check-again":
        return item.state is ItemState.BLOCKED
    if command.id == "hold" and item.state is ItemState.HELD and item.not_before is None:
        return False
    return command.id not in _NEEDS or _NEEDS[command.id] in verbs_of(item)


def label(command: Command, item: OutboxItem | None) -> str:
    """What the key rows call ``command`` for the selected letter: what was tried already is retried."""
    if command.id == "send-now" and item is not None and item.state in RETRIED:
        return "Retry"
    return command.label


def _put_back(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> Awaitable[None]:
    return put_as_before(engine, before)


def send_now(screen: LetterScreen) -> Awaitable[None]:
    """Try at once."""
    ids = aimed(screen)
    return act(
        screen,
        ids,
        verb_on(Verb.SEND_NOW),
        one="goes as soon as it can.",
        many="go as soon as they can",
        undo=_put_back,
    )


def hold(screen: LetterScreen) -> Awaitable[None]:
    """Wait for the user's word."""
    ids = aimed(screen)
    return act(screen, ids, verb_on(Verb.HOLD), one="is held until you release it.", many="held", undo=_put_back)


def release(screen: LetterScreen) -> Awaitable[None]:
    """Let a held letter go."""
    return act(screen, aimed(screen), verb_on(Verb.RELEASE), one="is released.", many="released", undo=_put_back)


def later(screen: LetterScreen) -> Awaitable[None]:
    """At a time the user says."""
    return _later(screen, aimed(screen))


async def _later(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await first(screen, ids)
    if len(ids) == 1:
        after(Verb.LATER, item.state)
    moment = await ask_moment(screen)
    if moment is None:
        return

    async def put_off(engine: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        return await each(wanted, lambda item_id: engine.outbox.later(item_id, moment.at))

    words = f"will be sent {moment.text}."
    await act(screen, ids, put_off, one=words, many=f"will be sent {moment.text}", undo=_put_back)


def move(place: Place, screen: LetterScreen) -> Awaitable[None]:
    """Sooner or later than the others that wait."""
    return _move(screen, aimed(screen), place)


async def _move(screen: LetterScreen, ids: Sequence[str], place: Place) -> None:
    # Several keep their order among each other.
    wanted = tuple(reversed(ids)) if place is Place.FIRST else ids

    async def carry(engine: Engine, moved: Sequence[str]) -> Sequence[Outcome]:
        return await each(moved, lambda item_id: engine.outbox.move(item_id, place))

    words = {
        Place.FIRST: "goes before all others.",
        Place.UP: "goes sooner.",
        Place.DOWN: "goes later.",
        Place.LAST: "goes after all others.",
    }[place]
    await act(screen, wanted, carry, one=words, many="moved")


def drop(screen: LetterScreen) -> Awaitable[None]:
    """Delete it. What can be undone is not asked about."""
    return _drop(screen, aimed(screen))


async def _drop(screen: LetterScreen, ids: Sequence[str]) -> None:
    items = await screen.program.engine.outbox.query(lambda outbox: outbox.items_of(ids))
    if len(items) == 1:
        after(Verb.DROP, items[0].state)
    uncertain = sum(item.state is ItemState.UNCERTAIN for item in items)
    partly = sum(bool(item.count(RecipientState.ACCEPTED)) for item in items)
    what = quoted(items[0].subject) if len(items) == 1 else letters(len(items))
    question = ""
    if uncertain:
        many = "It" if len(items) == 1 else f"{uncertain} of them"
        question = f"Delete {what}? {many} may have been delivered already."
    elif partly:
        question = f"Delete the rest of {what}? Those who have it keep it."
    if question and not await screen.ask_yes_no(question, default=False):
        return
    undo = None if partly else _restored
    await act(screen, ids, verb_on(Verb.DROP), one="was deleted.", many="deleted", undo=undo)


async def _restored(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> None:
    """Back from the dead, and waiting as before."""
    await engine.outbox.apply_many(Verb.RESTORE, [item.id for item in before])
    waiting = [item for item in before if item.state not in (ItemState.FAILED, ItemState.UNCERTAIN)]
    await put_as_before(engine, [item for item in waiting if item.state is not ItemState.HELD or item.not_before])


def edit(screen: LetterScreen) -> Awaitable[None]:
    """Back into the composer; who leaves it without a change leaves the letter as it was."""
    return _edit(screen, aimed(screen))


async def _edit(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await only(screen, ids, "Edit")
    after(Verb.EDIT, item.state)
    screen.program.open_composer(await screen.program.engine.outbox.edit(item.id))


def cancel(screen: LetterScreen) -> Awaitable[None]:
    """Out of the outbox, into the drafts."""
    words = "is among the drafts, and will not be sent."
    return act(screen, aimed(screen), verb_on(Verb.CANCEL), one=words, many="moved to the drafts", undo=_restored)


def check_again(screen: LetterScreen) -> Awaitable[None]:
    """The user mended the account."""
    return _check_again(screen, screen.aim())


async def _check_again(screen: LetterScreen, ids: Sequence[str]) -> None:
    items = await screen.program.engine.outbox.query(lambda outbox: outbox.items_of(ids))
    accounts = {item.account for item in items if item.state is ItemState.BLOCKED}
    await screen.program.check_accounts(accounts or None)


def open_(screen: LetterScreen) -> None:
    """The letter in full."""
    screen.program.open_item(aimed(screen)[0])


def view_raw(screen: LetterScreen) -> Awaitable[None]:
    """The letter as its receiver reads it."""
    return _view_raw(screen, aimed(screen))


async def _view_raw(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await only(screen, ids, "View")
    screen.program.open_letter_text(await screen.program.engine.outbox.content(item.id))


def dialogue(screen: LetterScreen) -> Awaitable[None]:
    """What was said last."""
    return _dialogue(screen, aimed(screen))


async def _dialogue(screen: LetterScreen, ids: Sequence[str]) -> None:
    lines = await screen.program.engine.outbox.query(lambda outbox: outbox.dialogue(ids[0]))
    screen.program.open_text("DIALOGUE", "\n".join(lines) or "Nothing was said yet: no attempt has been made.")


VERBS: dict[str, frame.Verb] = {
    **LIST_VERBS,
    "open": open_,
    "send-now": send_now,
    "send-again": send_again,
    "mend": mend,
    "mark-sent": mark_sent,
    "edit": edit,
    "cancel": cancel,
    "hold": hold,
    "release": release,
    "later": later,
    "drop": drop,
    "move-first": partial(move, Place.FIRST),
    "move-up": partial(move, Place.UP),
    "move-down": partial(move, Place.DOWN),
    "move-last": partial(move, Place.LAST),
    "change-account": change_account,
    "check-again": check_again,
    "view-raw": view_raw,
    "dialogue": dialogue,
    "export": export,
}
