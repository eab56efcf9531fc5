"""Verbs on a letter of the outbox. Each acts on ``screen.letter``; what fits which state is in ``outbox/item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.errors import OutboxError
from tuimail.mail.text import safe_line
from tuimail.outbox.item import ItemState, OutboxItem, RecipientState, Verb, after, verbs_for
from tuimail.ui.commands.moving import LIST_VERBS
from tuimail.ui.navigation import quoted
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.ui.commands.command import Command
    from tuimail.ui.screens import frame

    class LetterScreen(frame.FrameScreen, Protocol):  # type: ignore[misc]
        """A screen with a letter selected."""

        letter: OutboxItem | None


_NEEDS = {
    "send-now": Verb.SEND_NOW,
    "send-again": Verb.RESOLVE_RESEND,
    "mark-sent": Verb.RESOLVE_SENT,
    "hold": Verb.HOLD,
    "release": Verb.RELEASE,
    "edit": Verb.EDIT,
    "cancel": Verb.CANCEL,
    "drop": Verb.DROP,
    "mend": Verb.MEND,
}
_ON_LETTERS = frozenset({*_NEEDS, "view-raw", "dialogue", "open", "check-again"})


def fits(command: Command, item: OutboxItem | None) -> bool:
    """Whether ``command`` makes sense for the selected letter."""
    if command.id not in _ON_LETTERS:
        return True
    if item is None:
        return False
    if command.id == "check-again":
        return item.state is ItemState.BLOCKED
    if command.id == "hold" and item.state is ItemState.HELD:
        return False
    if command.id == "mend" and not _refused(item):
        return False
    return command.id not in _NEEDS or _NEEDS[command.id] in verbs_for(item.state)


def _letter(screen: LetterScreen) -> OutboxItem:
    """The selected letter. Raises OutboxError when there is none."""
    if screen.letter is None:
        raise OutboxError("No letter is selected.")
    return screen.letter


async def _apply(screen: LetterScreen, verb: Verb, words: str, undo: Verb | None = None) -> None:
    """Carry out ``verb`` and say so; ``undo`` takes it back."""
    item = _letter(screen)
    program = screen.program
    await program.engine.apply(verb, item.id)
    text = f"{quoted(item.subject)} {words}"
    if undo is None:
        program.say(text)
        return

    async def step(_screen: frame.FrameScreen) -> None:
        await program.engine.apply(undo, item.id)
        program.say(f"Undone: {quoted(item.subject)}.")

    program.offer_undo(text, step)


async def send_now(screen: LetterScreen) -> None:
    """Try at once."""
    await _apply(screen, Verb.SEND_NOW, "is being sent now.", Verb.HOLD)


async def hold(screen: LetterScreen) -> None:
    """Wait for the user's word."""
    await _apply(screen, Verb.HOLD, "is held until you release it.", Verb.RELEASE)


async def release(screen: LetterScreen) -> None:
    """Let a held letter go."""
    await _apply(screen, Verb.RELEASE, "goes next.", Verb.HOLD)


async def drop(screen: LetterScreen) -> None:
    """Delete it, after a question."""
    item = _letter(screen)
    after(Verb.DROP, item.state)
    question = f"Drop {quoted(item.subject)}? It will not be sent, and no draft is kept."
    if item.state is ItemState.UNCERTAIN:
        question = f"Drop {quoted(item.subject)}? It may have been delivered already."
    elif item.count(RecipientState.ACCEPTED):
        question = f"Drop the rest of {quoted(item.subject)}? Those who have it keep it."
    if await screen.ask_yes_no(question, default=False, help_text="X keeps it as a draft instead."):
        await _apply(screen, Verb.DROP, "was dropped.")


async def edit(screen: LetterScreen) -> None:
    """Back into the composer."""
    item = _letter(screen)
    after(Verb.EDIT, item.state)
    screen.program.open_composer(await screen.program.engine.edit(item.id))


async def cancel(screen: LetterScreen) -> None:
    """Out of the outbox, into the drafts."""
    item = _letter(screen)
    after(Verb.CANCEL, item.state)
    await screen.program.engine.cancel(item.id)
    screen.program.say(f"{quoted(item.subject)} was taken out of the outbox; it is among the drafts.")


async def mend(screen: LetterScreen) -> None:
    """Ask for the right address in place of a refused one, and send to that one only."""
    item = _letter(screen)
    after(Verb.MEND, item.state)
    refused = _refused(item)
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


async def mark_sent(screen: LetterScreen) -> None:
    """The user knows that it arrived."""
    item = _letter(screen)
    after(Verb.RESOLVE_SENT, item.state)
    question = f"Did {quoted(item.subject)} arrive? It is filed as sent then."
    if await screen.ask_yes_no(question, help_text="Ask the recipient, or look into Sent on the server."):
        await _apply(screen, Verb.RESOLVE_SENT, "is filed as sent.")


async def send_again(screen: LetterScreen) -> None:
    """Once more, knowing that it may arrive twice."""
    item = _letter(screen)
    after(Verb.RESOLVE_RESEND, item.state)
    question = f"Send {quoted(item.subject)} again? If the first one arrived, it arrives twice."
    if await screen.ask_yes_no(question, default=False):
        await _apply(screen, Verb.RESOLVE_RESEND, "goes once more.")


async def check_again(screen: LetterScreen) -> None:
    """The user mended the account."""
    item = _letter(screen)
    await screen.program.engine.check_again(item.account)
    screen.program.say(f"Checking {safe_line(item.account)}; its letters go as soon as it may send.")


def open_(screen: LetterScreen) -> None:
    """The letter in full."""
    screen.program.open_item(_letter(screen).id)


async def view_raw(screen: LetterScreen) -> None:
    """The letter's bytes."""
    item = _letter(screen)
    limit = 1_000_000
    content = await screen.program.engine.raw(item.id, limit=limit)
    note = "" if item.size <= limit else "Only the first million bytes are shown."
    screen.program.open_text("RAW", content.decode("utf-8", "surrogateescape"), note=note)


async def dialogue(screen: LetterScreen) -> None:
    """What was said last."""
    lines = await screen.program.engine.dialogue(_letter(screen).id)
    screen.program.open_text("DIALOGUE", "\n".join(lines) or "Nothing was said yet: no attempt has been made.")


def _refused(item: OutboxItem) -> list[str]:
    return [each.address for each in item.recipients if each.state is RecipientState.REFUSED]


VERBS: dict[str, Callable[[LetterScreen], Awaitable[None] | None]] = {
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
    "drop": drop,
    "check-again": check_again,
    "view-raw": view_raw,
    "dialogue": dialogue,
}
