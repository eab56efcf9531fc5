"""Sending: check, review, ask, store. The network has no part in it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_planned
from tuimail.errors import DuplicateLetterError, IllegalTransitionError, MessageError, OutboxError, TuimailError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.states import ItemState
from tuimail.ui.actions.ask_time import ask_time
from tuimail.ui.protocols import Answer
from tuimail.ui.requests import ShowComposer, ShowReview
from tuimail.ui.text.quoted import quoted

if TYPE_CHECKING:
    from tuimail.compose.review import Review
    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.ui.protocols import Composer, Frame, ReviewDialog

SOON = 90.0
"""Seconds that are counted down."""


async def send(screen: Composer) -> None:
    """Show the letter as it would go, and put it into the outbox if that is wanted."""
    if screen.sending or screen.closed:
        return
    screen.sending = True
    # Opened before the letter is looked at: that may take a moment, and something has to be seen meanwhile.
    request = ShowReview(screen.draft, senders=len(screen.form.sender.choice.choices))
    dialog = screen.program.navigation.open(request)
    try:
        item = await _reviewed_and_stored(screen, dialog)
    except TuimailError as error:
        dialog.close()
        _show_error(screen, error)
        return
    finally:
        screen.sending = False
    dialog.close()
    if item is None:
        screen.say("")
    else:
        _leave(screen, item)


async def _reviewed_and_stored(screen: Composer, dialog: ReviewDialog) -> OutboxItem | None:
    """Follow the user's answers until the letter is stored; None if it is to be edited further.

    Raises:
        MessageError: it cannot be sent as it is.
    """
    engine, form = screen.program.engine, screen.form
    screen.check_addresses()
    draft = form.snapshot()
    review = await engine.drafts.review(draft)
    _refuse_fatal(review)
    dialog.show(draft, review)
    while (answer := await dialog.answer()) is not Answer.BACK:
        if answer is Answer.OTHER_SENDER:
            form.sender.choice.action_turn(1)
            draft = form.snapshot()
            dialog.show(draft, await engine.drafts.review(draft))
            continue
        later = await ask_time(dialog) if answer is Answer.LATER else None
        if answer is not Answer.LATER or later is not None:
            held, not_before = answer is Answer.HOLD, None if later is None else later.at
            item = await _stored(engine, dialog, held=held, not_before=not_before)
            if item is not None:
                return item
        if answer is Answer.LATER:
            dialog.ask_again()
    return None


def _refuse_fatal(review: Review) -> None:
    for finding in review.findings:
        if finding.fatal:
            raise MessageError(safe_line(finding.text), field=finding.field)


async def _stored(engine: Engine, dialog: ReviewDialog, *, held: bool, not_before: float | None) -> OutboxItem | None:
    """The letter durably in the outbox; None if it was there before and is not to go again."""
    draft = replace(dialog.draft, postponed=False)
    try:
        with dialog.storing():
            return await engine.drafts.enqueue(draft, held=held, not_before=not_before)
    except DuplicateLetterError as error:
        question = f"{safe_line(str(error))} Send it again?"
    if not await dialog.prompts.ask_yes_no(question, default=False):
        dialog.say("Not sent again.")
        return None
    with dialog.storing():
        return await engine.drafts.enqueue(draft, held=held, not_before=not_before, again=True)


def _leave(screen: Composer, item: OutboxItem) -> None:
    """Leave the composer; the screen beneath says what is to come, and offers to take it back."""
    program = screen.program
    screen.closed = True
    name = quoted(item.subject)

    async def take_back(_beneath: Frame) -> None:
        try:
            draft = await program.engine.outbox.edit(item.id)
        except IllegalTransitionError as error:
            raise OutboxError(f"Too late to take {name} back: it {_went(error.state)}.") from error
        program.navigation.open(ShowComposer(draft))

    program.navigation.back()
    program.outbox.leaving.follow(item.id, lambda words: program.undo.amend(f"{name} {words}", take_back))
    now = program.engine.clock.now
    until = item.not_before
    if item.state is not ItemState.HELD:
        program.undo.offer(f"{name} goes now.", take_back)
    elif until is None:
        program.undo.offer(f"{name} is held in the outbox until you release it.", take_back)
    elif until - now() > SOON:
        program.undo.offer(f"{name} will be sent {format_planned(until, now())}.", take_back)
    else:
        program.undo.count_down(lambda: f"{name} {_leaving(until - now())}", take_back, until)


def _leaving(left: float) -> str:
    return f"goes in {ceil(left - 0.05)} s." if left > 0.05 else "goes now."


def _went(state: str) -> str:
    """What a letter that cannot be taken back does or did."""
    if state == ItemState.SENDING:
        return "is being sent"
    return "may have been delivered" if state == ItemState.UNCERTAIN else "was sent"


def _show_error(screen: Composer, error: TuimailError) -> None:
    """What went wrong, with the cursor where it can be mended; the text is untouched."""
    sentence = f"{error}  {error.hint}".strip()
    if isinstance(error, MessageError) and error.field:
        screen.point_at(error.field, sentence)
    else:
        screen.complain(error)
