"""Actions on a change of received mail that is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.errors import TuimailError
from tuimail.journal.decisions import can_be_redirected
from tuimail.mail.text import safe_line
from tuimail.ui.actions.folder_names import ask_folder
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.requests import ShowText
from tuimail.ui.views.journal_lines import change_explanation, change_words

if TYPE_CHECKING:
    from tuimail.engine.mail_journal import JournalEntry
    from tuimail.journal.action import MailAction
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection

    class ChangeList(HasList, HasSelection[JournalEntry], Protocol):
        """The list of changes."""


NONE = "No change is selected."


async def retry(screen: ChangeList) -> None:
    """What was refused or put off is tried now; the list shows what comes of it."""
    if screen.selected is None:
        screen.say(NONE)
        return
    action = screen.selected.action
    _say_again(screen, await screen.program.engine.mail.journal.retry(action))


async def take_other_folder(screen: ChangeList) -> None:
    """What was refused is tried with another folder of the same account."""
    if screen.selected is None:
        screen.say(NONE)
        return
    action = screen.selected.action
    if not can_be_redirected(action):
        screen.say("Only what was refused can go to another folder, and only what goes to one.")
        return
    to = await ask_folder(screen, f"{change_words(action)}: to which folder instead", action.account)
    if to is None:
        return
    if to.account:
        screen.say(f"It can go to another folder of {safe_line(action.account)} alone.")
        return
    _say_again(screen, await screen.program.engine.mail.journal.redirect(action, to.folder))


async def delete_instead(screen: ChangeList) -> None:
    """What the trash does not take is deleted for good, after a question: a full account gets room again."""
    if screen.selected is None:
        screen.say(NONE)
        return
    entry = screen.selected
    if not entry.can_be_deleted:
        screen.say("Only messages that the trash refused can be deleted here.")
        return
    count = len(entry.action.messages)
    question = f"Delete {'the message' if count == 1 else f'these {count:,} messages'} for good?"
    if await screen.prompts.ask_yes_no(question, default=False, help_text="This cannot be undone."):
        _say_again(screen, await screen.program.engine.mail.journal.delete_instead(entry))


def _say_again(screen: ChangeList, action: MailAction) -> None:
    offline = screen.program.engine.mail.offline(action.account)
    screen.say(f"{change_words(action)}: {'tried as soon as the server answers' if offline else 'tried again'}.")
    screen.reload()


async def drop(screen: ChangeList) -> None:
    """It can be undone, so there is no question. The next change is selected."""
    if screen.selected is None:
        screen.say(NONE)
        return
    action, program = screen.selected.action, screen.program
    screen.list.move(1)  # before it goes to the end of the list: the next one is to be decided
    try:
        before = await program.engine.mail.journal.drop(action)
    except TuimailError:
        screen.list.sought = str(action.id)
        screen.reload()
        raise
    screen.reload()

    async def step(beneath: Frame) -> None:
        await program.engine.mail.journal.restore(before)
        beneath.come_back_to(str(before.id))
        beneath.reload()
        program.say(f"Undone: {change_words(before)} is there again.")

    program.undo.offer(f"Dropped: {change_words(before)}.", step)


def open_(screen: ChangeList) -> None:
    """Everything about it, in full."""
    entry = screen.selected
    if entry is None:
        screen.say(NONE)
        return
    message, facts = change_explanation(entry, screen.program.engine.clock.now())
    letters = [f"  {safe_line(each.message_id or each.key)}" for each in entry.action.messages]
    subject = [safe_line(entry.subject), ""] if entry.subject else []
    text = [change_words(entry.action), "", *subject, message, "", facts, "", *letters]
    screen.program.navigation.open(ShowText("CHANGE", "\n".join(text)))


ACTIONS: dict[str, Action[ChangeList]] = {
    **LIST_ACTIONS,
    "open": open_,
    "retry-change": retry,
    "move-change": take_other_folder,
    "delete-change": delete_instead,
    "drop-change": drop,
}
