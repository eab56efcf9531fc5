"""Verbs on letters of the outbox: on the one under the cursor, or on the tagged ones where that makes sense.

What fits which state is in ``outbox/item``; what the list itself can do (tag, sort, show only) in ``listed``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.errors import OutboxError
from tuimail.mail.text import safe_line
from tuimail.outbox.item import ItemState, OutboxItem, Outcome, Place, RecipientState, Verb, after, verbs_of
from tuimail.ui.commands.aim import act, aimed, each, letters, put_as_before
from tuimail.ui.commands.exporting import export
from tuimail.ui.commands.moments import ask_moment
from tuimail.ui.commands.moving import LIST_VERBS
from tuimail.ui.navigation import quoted
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tuimail.engine import Engine
    from tuimail.ui.commands.aim import LetterScreen
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


async def _one(screen: LetterScreen, ids: Sequence[str], command: str) -> OutboxItem:
    """The only letter meant. Raises OutboxError if there are several."""
    if len(ids) > 1:
        raise OutboxError(f"{command} takes one letter at a time.", hint="Move to it, then give the command again.")
    return await screen.program.engine.item(ids[0])


def _put_back(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> Awaitable[None]:
    return put_as_before(engine, before)


def _verb(verb: Verb) -> Callable[[Engine, Sequence[str]], Awaitable[Sequence[Outcome]]]:
    return lambda engine, ids: engine.apply_many(verb, ids)


def send_now(screen: LetterScreen) -> Awaitable[None]:
    """Try at once."""
    ids = aimed(screen)
    return act(screen, ids, _verb(Verb.SEND_NOW), one="is being sent now.", many="go now", undo=_put_back)


def hold(screen: LetterScreen) -> Awaitable[None]:
    """Wait for the user's word."""
    ids = aimed(screen)
    return act(screen, ids, _verb(Verb.HOLD), one="is held until you release it.", many="held", undo=_put_back)


def release(screen: LetterScreen) -> Awaitable[None]:
    """Let a held letter go."""
    return act(screen, aimed(screen), _verb(Verb.RELEASE), one="goes next.", many="released", undo=_put_back)


def later(screen: LetterScreen) -> Awaitable[None]:
    """At a time the user says."""
    return _later(screen, aimed(screen))


async def _later(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await screen.program.engine.item(ids[0])
    if len(ids) == 1:
        after(Verb.LATER, item.state)
    moment = await ask_moment(screen)
    if moment is None:
        return

    async def put_off(engine: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        return await each(wanted, lambda item_id: engine.later(item_id, moment.at))

    words = f"will be sent {moment.words}."
    await act(screen, ids, put_off, one=words, many=f"will be sent {moment.words}", undo=_put_back)


def move(place: Place, screen: LetterScreen) -> Awaitable[None]:
    """Sooner or later than the others that wait."""
    return _move(screen, aimed(screen), place)


async def _move(screen: LetterScreen, ids: Sequence[str], place: Place) -> None:
    # Several keep their order among each other.
    wanted = tuple(reversed(ids)) if place is Place.FIRST else ids

    async def carry(engine: Engine, moved: Sequence[str]) -> Sequence[Outcome]:
        return await each(moved, lambda item_id: engine.move(item_id, place))

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
    items = await screen.program.engine.items_of(ids)
    if len(items) == 1:
        after(Verb.DROP, items[0].state)
    uncertain = sum(item.state is ItemState.UNCERTAIN for item in items)
    partly = sum(bool(item.count(RecipientState.ACCEPTED)) for item in items)
    what = quoted(items[0].subject) if len(items) == 1 else letters(len(items))
    question = ""
    if uncertain:
        many = "It" if len(items) == 1 else f"{uncertain} of them"
        question = f"Drop {what}? {many} may have been delivered already."
    elif partly:
        question = f"Drop the rest of {what}? Those who have it keep it."
    if question and not await screen.ask_yes_no(question, default=False):
        return
    undo = None if partly else _restored
    await act(screen, ids, _verb(Verb.DROP), one="was dropped.", many="dropped", undo=undo)


async def _restored(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> None:
    """Back from the dead, and waiting as before."""
    await engine.apply_many(Verb.RESTORE, [item.id for item in before])
    waiting = [item for item in before if item.state not in (ItemState.FAILED, ItemState.UNCERTAIN)]
    await put_as_before(engine, [item for item in waiting if item.state is not ItemState.HELD or item.not_before])


def edit(screen: LetterScreen) -> Awaitable[None]:
    """Back into the composer; who leaves it without a change leaves the letter as it was."""
    return _edit(screen, aimed(screen))


async def _edit(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await _one(screen, ids, "Edit")
    after(Verb.EDIT, item.state)
    screen.program.open_composer(await screen.program.engine.edit(item.id))


def cancel(screen: LetterScreen) -> Awaitable[None]:
    """Out of the outbox, into the drafts."""
    words = "is among the drafts, and will not be sent."
    return act(screen, aimed(screen), _verb(Verb.CANCEL), one=words, many="moved to the drafts", undo=_restored)


def mend(screen: LetterScreen) -> Awaitable[None]:
    """Ask for the right address in place of a refused one, and send to that one only."""
    return _mend(screen, aimed(screen))


async def _mend(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await _one(screen, ids, "Mend")
    after(Verb.MEND, item.state)
    refused = [each.address for each in item.recipients if each.state is RecipientState.REFUSED]
    if not refused:
        raise OutboxError("No address of this letter was refused.", hint="Only a refused address can be corrected.")
    old = refused[0]
    if len(refused) > 1:
        choices = [Choice(str(at), safe_line(address), address) for at, address in enumerate(refused[:9], 1)]
        listed = "  ".join(f"{choice.key} {choice.label}" for choice in choices)
        picked = await screen.ask_choice(f"Correct which address?  {listed}", choices, default=old)
        if picked is None:
            return
        old = picked
    new = await screen.ask(
        "Correct the address",
        initial=old,
        help_text="The letter goes to the corrected address only; the others are not served again.",
        complete=screen.program.engine.complete_address,
    )
    if new and new.strip() != old:
        await screen.program.engine.mend(item.id, old, new.strip())
        screen.program.say(f"{quoted(item.subject)} goes to {safe_line(new.strip())} now.")


def change_account(screen: LetterScreen) -> Awaitable[None]:
    """Ask which account is to send it; never chosen by the program."""
    return _change_account(screen, aimed(screen))


async def _change_account(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await screen.program.engine.item(ids[0])
    if len(ids) == 1:
        after(Verb.CHANGE_ACCOUNT, item.state)
    names = list(screen.program.engine.config.accounts)
    what = quoted(item.subject) if len(ids) == 1 else letters(len(ids))
    if len(names) > 9:
        wanted = await screen.ask(f"Send {what} by which account?", complete=_among(names))
    else:
        choices = [Choice(str(at), safe_line(name), name) for at, name in enumerate(names, 1)]
        listed = "  ".join(f"{choice.key} {choice.label}" for choice in choices)
        now = f" Now {safe_line(item.account)}." if len(ids) == 1 else ""
        wanted = await screen.ask_choice(
            f"Send {what} by which account?{now}  {listed}",
            choices,
            help_text="The letter stays as it is, its From as well, which that account's server may refuse.",
        )
    if not wanted or (len(ids) == 1 and wanted == item.account):
        return
    account = wanted

    async def change(engine: Engine, moved: Sequence[str]) -> Sequence[Outcome]:
        return await each(moved, lambda item_id: engine.change_account(item_id, account))

    async def back(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> None:
        for was in before:
            await engine.change_account(was.id, was.account)

    await act(screen, ids, change, one=f"goes by {safe_line(account)}.", many=f"go by {safe_line(account)}", undo=back)


def _among(names: Sequence[str]) -> Callable[[str], Awaitable[Sequence[str]]]:
    async def complete(typed: str) -> Sequence[str]:
        return [name for name in names if name.startswith(typed)]

    return complete


def mark_sent(screen: LetterScreen) -> Awaitable[None]:
    """The user knows that it arrived."""
    return _resolve(
        screen, aimed(screen), Verb.RESOLVE_SENT, "Did {} arrive? Filed as sent then.", default=True,
        one="is filed as sent.", many="filed as sent",
    )  # fmt: skip


def send_again(screen: LetterScreen) -> Awaitable[None]:
    """Once more, knowing that it may arrive twice."""
    return _resolve(
        screen, aimed(screen), Verb.RESOLVE_RESEND, "Send {} again? If the first one arrived, it arrives twice.",
        default=False, one="goes once more.", many="go once more",
    )  # fmt: skip


async def _resolve(
    screen: LetterScreen, ids: Sequence[str], verb: Verb, question: str, *, default: bool, one: str, many: str
) -> None:
    item = await screen.program.engine.item(ids[0])
    if len(ids) == 1:
        after(verb, item.state)
    what = quoted(item.subject) if len(ids) == 1 else letters(len(ids))
    if await screen.ask_yes_no(
        question.format(what), default=default, help_text="Ask the recipient, or look into Sent on the server."
    ):
        await act(screen, ids, _verb(verb), one=one, many=many)


def check_again(screen: LetterScreen) -> Awaitable[None]:
    """The user mended the account."""
    return _check_again(screen, screen.aim())


async def _check_again(screen: LetterScreen, ids: Sequence[str]) -> None:
    items = await screen.program.engine.items_of(ids)
    accounts = {item.account for item in items if item.state is ItemState.BLOCKED}
    await screen.program.check_accounts(accounts or None)


def open_(screen: LetterScreen) -> None:
    """The letter in full."""
    screen.program.open_item(aimed(screen)[0])


def view_raw(screen: LetterScreen) -> Awaitable[None]:
    """The letter's bytes."""
    return _view_raw(screen, aimed(screen))


async def _view_raw(screen: LetterScreen, ids: Sequence[str]) -> None:
    item = await _one(screen, ids, "View")
    limit = 1_000_000
    content = await screen.program.engine.raw(item.id, limit=limit)
    note = "" if item.size <= limit else "Only the first million bytes are shown."
    screen.program.open_text("RAW", content.decode("utf-8", "surrogateescape"), note=note)


def dialogue(screen: LetterScreen) -> Awaitable[None]:
    """What was said last."""
    return _dialogue(screen, aimed(screen))


async def _dialogue(screen: LetterScreen, ids: Sequence[str]) -> None:
    lines = await screen.program.engine.dialogue(ids[0])
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
