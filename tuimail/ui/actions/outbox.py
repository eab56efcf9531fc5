"""Actions on letters of the outbox: on the selected one, or on the tagged ones where that makes sense.

What fits which state is in ``outbox/model/item``; what the list itself can do (tag, sort, show only) in ``listed``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.outbox.model.states import ItemState, Place, RecipientState, Verb, after
from tuimail.ui.actions.ask_time import ask_time
from tuimail.ui.actions.export import export
from tuimail.ui.actions.menu import check_accounts
from tuimail.ui.actions.outbox_questions import change_account, mark_sent, mend, send_again
from tuimail.ui.actions.targets import act, check_undone, each, first, letters, only, put_as_before, targets_of, verb_on
from tuimail.ui.requests import ShowComposer, ShowItem, ShowLetterText, ShowText
from tuimail.ui.text.quoted import quoted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem, Outcome
    from tuimail.ui.protocols import Action, HasLetter


def _put_back(
    engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]
) -> Awaitable[Sequence[Outcome]]:
    return put_as_before(engine, before)


def send_now(screen: HasLetter) -> Awaitable[None]:
    """Try at once."""
    ids = targets_of(screen)
    return act(
        screen,
        ids,
        verb_on(Verb.SEND_NOW),
        one="goes as soon as it can.",
        many="go as soon as they can",
        undo=_put_back,
    )


def hold(screen: HasLetter) -> Awaitable[None]:
    """Wait for the user's word."""
    ids = targets_of(screen)
    return act(screen, ids, verb_on(Verb.HOLD), one="is held until you release it.", many="held", undo=_put_back)


def release(screen: HasLetter) -> Awaitable[None]:
    """Let a held letter go."""
    return act(screen, targets_of(screen), verb_on(Verb.RELEASE), one="is released.", many="released", undo=_put_back)


def later(screen: HasLetter) -> Awaitable[None]:
    """At a time the user says."""
    return _later(screen, targets_of(screen))


async def _later(screen: HasLetter, ids: Sequence[str]) -> None:
    item = await first(screen, ids)
    if len(ids) == 1:
        after(Verb.LATER, item.state)
    moment = await ask_time(screen)
    if moment is None:
        return

    async def put_off(engine: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        return await each(wanted, lambda item_id: engine.outbox.later(item_id, moment.at))

    message = f"will be sent {moment.text}."
    await act(screen, ids, put_off, one=message, many=f"will be sent {moment.text}", undo=_put_back)


def move(place: Place, screen: HasLetter) -> Awaitable[None]:
    """Sooner or later than the others that wait."""
    return _move(screen, targets_of(screen), place)


async def _move(screen: HasLetter, ids: Sequence[str], place: Place) -> None:
    # Several keep their order among each other.
    wanted = tuple(reversed(ids)) if place is Place.FIRST else ids

    async def carry(engine: Engine, moved: Sequence[str]) -> Sequence[Outcome]:
        return await each(moved, lambda item_id: engine.outbox.move(item_id, place))

    message = {
        Place.FIRST: "goes before all others.",
        Place.UP: "goes sooner.",
        Place.DOWN: "goes later.",
        Place.LAST: "goes after all others.",
    }[place]
    await act(screen, wanted, carry, one=message, many="moved")


def drop(screen: HasLetter) -> Awaitable[None]:
    """Delete it. What can be undone is not asked about."""
    return _drop(screen, targets_of(screen))


async def _drop(screen: HasLetter, ids: Sequence[str]) -> None:
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
    if question and not await screen.prompts.ask_yes_no(question, default=False):
        return
    undo = None if partly else _restored
    await act(screen, ids, verb_on(Verb.DROP), one="was deleted.", many="deleted", undo=undo)


async def _restored(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Back from the dead, and waiting as before."""
    restored = await engine.outbox.apply_many(Verb.RESTORE, [item.id for item in before])
    there = {each.item_id for each in restored if each.error is None}
    waiting = [
        item for item in before if item.id in there and item.state not in (ItemState.FAILED, ItemState.UNCERTAIN)
    ]
    check_undone(
        await put_as_before(engine, [item for item in waiting if item.state is not ItemState.HELD or item.not_before])
    )
    return restored


def edit(screen: HasLetter) -> Awaitable[None]:
    """Back into the composer; closed without a change, the letter stays as it was."""
    return _edit(screen, targets_of(screen))


async def _edit(screen: HasLetter, ids: Sequence[str]) -> None:
    item = await only(screen, ids, "Edit")
    after(Verb.EDIT, item.state)
    screen.program.navigation.open(ShowComposer(await screen.program.engine.outbox.edit(item.id)))


def cancel(screen: HasLetter) -> Awaitable[None]:
    """Out of the outbox, into the drafts."""
    message = "is among the drafts, and will not be sent."
    return act(
        screen, targets_of(screen), verb_on(Verb.CANCEL), one=message, many="moved to the drafts", undo=_restored
    )


def check_again(screen: HasLetter) -> Awaitable[None]:
    """The user mended the account."""
    return _check_again(screen, screen.targets())


async def _check_again(screen: HasLetter, ids: Sequence[str]) -> None:
    items = await screen.program.engine.outbox.query(lambda outbox: outbox.items_of(ids))
    accounts = {item.account for item in items if item.state is ItemState.BLOCKED}
    await check_accounts(screen.program, accounts or None)


def open_(screen: HasLetter) -> None:
    """The letter in full."""
    screen.program.navigation.open(ShowItem(targets_of(screen)[0]))


def view_raw(screen: HasLetter) -> Awaitable[None]:
    """The letter as its receiver reads it."""
    return _view_raw(screen, targets_of(screen))


async def _view_raw(screen: HasLetter, ids: Sequence[str]) -> None:
    item = await only(screen, ids, "View")
    screen.program.navigation.open(ShowLetterText(await screen.program.engine.outbox.content(item.id)))


def dialogue(screen: HasLetter) -> Awaitable[None]:
    """What was said last."""
    return _dialogue(screen, targets_of(screen))


async def _dialogue(screen: HasLetter, ids: Sequence[str]) -> None:
    lines = await screen.program.engine.outbox.query(lambda outbox: outbox.dialogue(ids[0]))
    text = "\n".join(lines) or "Nothing was said yet: no attempt has been made."
    screen.program.navigation.open(ShowText("DIALOGUE", text))


ON_LETTERS: dict[str, Action[HasLetter]] = {
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
