"""The verb that sends: check, review, ask, store. The network has no part in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import DuplicateLetterError, MessageError, TuimailError
from tuimail.mail.text import safe_line
from tuimail.outbox.item import ItemState
from tuimail.ui.screens.send_dialog import Answer, SendDialog

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.outbox.item import OutboxItem
    from tuimail.ui.screens.compose import ComposeScreen
    from tuimail.ui.screens.frame import FrameScreen


async def send(screen: ComposeScreen) -> None:
    """Show the letter as it would go, and put it into the outbox if that is wanted."""
    if screen.sending or screen.closed:
        return
    screen.sending = True
    try:
        await _send(screen)
    finally:
        screen.sending = False


async def _send(screen: ComposeScreen) -> None:
    form = screen.form
    for field in (form.to, form.cc, form.bcc, form.reply_to):
        if field.value.strip() and not screen.check(field):
            sentence = screen.status.text
            screen.point_at(field.field, sentence)
            return
    draft = form.snapshot()
    review = await screen.engine.review(draft)
    fatal = next((finding for finding in review.findings if finding.fatal), None)
    if fatal is not None:
        screen.point_at(fatal.field, safe_line(fatal.text))
        return
    dialog = SendDialog(draft, review, choices=len(form.sender.choice.choices))
    await screen.app.push_screen(dialog)
    try:
        item = await _decided(screen, dialog)
    except TuimailError as error:
        _close(dialog)
        _told(screen, error)
        return
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
                dialog.show(draft, await screen.engine.review(draft))
            case Answer.SEND | Answer.HOLD as answer:
                item = await _stored(screen, dialog, held=answer is Answer.HOLD)
                if item is not None:
                    return item


async def _stored(screen: ComposeScreen, dialog: SendDialog, *, held: bool) -> OutboxItem | None:
    """The letter durably in the outbox; None if it was there before and is not to go again."""
    draft: Draft = replace(dialog.draft, postponed=False)
    dialog.busy = True
    dialog.say("Storing the letter in the outbox...")
    try:
        try:
            return await screen.engine.enqueue(draft, held=held)
        except DuplicateLetterError as error:
            question = f"{safe_line(str(error))} Send it again?"
            if await dialog.ask_yes_no(question, default=False):
                dialog.say("Storing the letter in the outbox...")
                return await screen.engine.enqueue(draft, held=held, again=True)
            dialog.say("Not sent again.")
            return None
    finally:
        dialog.busy = False


def _queued(screen: ComposeScreen, item: OutboxItem) -> None:
    """Leave the composer; the screen beneath says what is to come, and offers to take it back."""
    program = screen.program

    async def take_back(_beneath: FrameScreen) -> None:
        program.open_composer(await program.engine.edit(item.id))

    program.go_back()
    if item.state is ItemState.HELD and item.not_before is None:
        sentence = "Held in the outbox until you release it."
    else:
        wait = (item.not_before or 0.0) - program.engine.clock.now()
        sentence = f"Queued: goes in {wait:.0f} s." if wait >= 1 else "Queued: goes now."
    program.offer_undo(sentence, take_back)


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
