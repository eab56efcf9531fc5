"""The verb that sends: check, review, ask, store. The network has no part in it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_planned
from tuimail.errors import DuplicateLetterError, IllegalTransitionError, MessageError, OutboxError, TuimailError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.item import ItemState
from tuimail.ui.actions.ask_time import ask_moment
from tuimail.ui.navigation import quoted
from tuimail.ui.screens.send_dialog import QUESTION, STORING, Answer, SendDialog

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tuimail.compose.draft import Draft
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.ui.screens.compose import ComposeScreen
    from tuimail.ui.screens.frame import FrameScreen

SOON = 90.0
"""Seconds that are counted down."""


def send(screen: ComposeScreen) -> Awaitable[None] | None:
    """Show the letter as it would go, and put it into the outbox if that is wanted."""
    if screen.sending or screen.closed:
        return None
    screen.sending = True
    dialog = SendDialog(screen.draft, choices=len(screen.form.sender.choice.choices))
    # Opened before the letter is looked at: that may take a moment, and something has to be seen meanwhile.
    screen.app.push_screen(dialog)
    return _send(screen, dialog)


async def _send(screen: ComposeScreen, dialog: SendDialog) -> None:
    form = screen.form
    try:
        for field in (form.to, form.cc, form.bcc, form.reply_to):
            if field.value.strip() and not screen.check(field):
                _close(dialog)
                screen.point_at(field.field, screen.status.text)
                return
        draft = form.snapshot()
        review = await screen.engine.drafts.review(draft)
        fatal = next((finding for finding in review.findings if finding.fatal), None)
        if fatal is not None:
            _close(dialog)
            screen.point_at(fatal.field, safe_line(fatal.text))
            return
        dialog.show(draft, review)
        item = await _decided(screen, dialog)
    except TuimailError as error:
        _close(dialog)
        _told(screen, error)
        return
    finally:
        screen.sending = False
    _close(dialog)
    if item is not None:
        screen.closed = True
        _queued(screen, item)
    else:
        screen.say("")


async def _decided(screen: ComposeScreen, dialog: SendDialog) -> OutboxItem | None:
    """Follow the user's answers until the letter is stored, or is to be written on."""
    while True:
        match await dialog.answer():
            case Answer.BACK:
                return None
            case Answer.OTHER_SENDER:
                screen.form.sender.choice.action_turn(1)
                draft = screen.form.snapshot()
                dialog.show(draft, await screen.engine.drafts.review(draft))
            case Answer.LATER:
                moment = await ask_moment(dialog)
                item = None if moment is None else await _stored(screen, dialog, not_before=moment.at)
                if item is not None:
                    return item
                dialog.say(QUESTION)
            case Answer.SEND | Answer.HOLD as answer:
                item = await _stored(screen, dialog, held=answer is Answer.HOLD)
                if item is not None:
                    return item


async def _stored(
    screen: ComposeScreen, dialog: SendDialog, *, held: bool = False, not_before: float | None = None
) -> OutboxItem | None:
    """The letter durably in the outbox; None if it was there before and is not to go again."""
    draft: Draft = replace(dialog.draft, postponed=False)
    dialog.busy = True
    dialog.say(STORING)
    try:
        try:
            return await screen.engine.drafts.enqueue(draft, held=held, not_before=not_before)
        except DuplicateLetterError as error:
            question = f"{safe_line(str(error))} Send it again?"
            if await dialog.ask_yes_no(question, default=False):
                dialog.say(STORING)
                return await screen.engine.drafts.enqueue(draft, held=held, not_before=not_before, again=True)
            dialog.say("Not sent again.")
            return None
    finally:
        dialog.busy = False


def _queued(screen: ComposeScreen, item: OutboxItem) -> None:
    """Leave the composer; the screen beneath says what is to come, and offers to take it back."""
    program = screen.program
    name = quoted(item.subject)

    async def take_back(_beneath: FrameScreen) -> None:
        try:
            draft = await program.engine.outbox.edit(item.id)
        except IllegalTransitionError as error:
            raise OutboxError(f"Too late to take {name} back: it {_went(error.state)}.") from error
        program.open_composer(draft)

    program.go_back()
    now = program.engine.clock.now
    until = item.not_before
    if item.state is not ItemState.HELD:
        program.offer_undo(f"{name} goes now.", take_back)
    elif until is None:
        program.offer_undo(f"{name} is held in the outbox until you release it.", take_back)
    elif until - now() > SOON:
        program.offer_undo(f"{name} will be sent {format_planned(until, now())}.", take_back)
    else:
        program.count_down(lambda: f"{name} {_leaving(until - now())}", take_back, until)


def _leaving(left: float) -> str:
    return f"goes in {ceil(left - 0.05)} s." if left > 0.05 else "goes now."


def _went(state: str) -> str:
    """What a letter that cannot be taken back does or did."""
    if state == ItemState.SENDING:
        return "is being sent"
    return "may have been delivered" if state == ItemState.UNCERTAIN else "was sent"


def _close(dialog: SendDialog) -> None:
    if dialog.app.screen is dialog:
        dialog.app.pop_screen()


def _told(screen: ComposeScreen, error: TuimailError) -> None:
    """What went wrong, with the cursor where it can be mended; the text is untouched."""
    sentence = f"{error}  {error.hint}".strip()
    if isinstance(error, MessageError) and error.field:
        screen.point_at(error.field, sentence)
    else:
        screen.complain(error)
