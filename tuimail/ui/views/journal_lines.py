"""Changes of received mail that wait or were refused: as lines, and in sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_day_time, format_until
from tuimail.journal.action import ActionState
from tuimail.journal.decisions import can_be_redirected
from tuimail.journal.description import describe
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, fit

if TYPE_CHECKING:
    from tuimail.engine.mail_journal import JournalEntry
    from tuimail.journal.action import MailAction

_STATE = 16
_ACCOUNT = 12
_WIDE = 72
"""From so many cells on a line names the account."""
_MARKS = {
    ActionState.REFUSED: ("!", TextRole.FAILED),
    ActionState.WAITING: (".", TextRole.DEFERRED),
    ActionState.SENT: ("~", TextRole.DEFERRED),
}


def change_words(action: MailAction) -> str:
    """``Move 3 letters to Archive``, safe to show."""
    words = safe_line(describe(action))
    return words[:1].upper() + words[1:]


def change_state(action: MailAction, now: float) -> str:
    """How far it is, in a few words."""
    if action.state is ActionState.WAITING or action.state is ActionState.SENT:
        if action.next_at > now:
            return format_until(action.next_at, now)
        return "waits" if action.state is ActionState.WAITING else "under way"
    return str(action.state)


def change_line(entry: JournalEntry, width: int, now: float) -> Line:
    """Mark, state, what is done, the first letter, the account."""
    action = entry.action
    mark, role = _MARKS.get(action.state, ("-", TextRole.DIM))
    what, subject, account = _columns(width)
    line: Line = (
        Span(f"   {mark} ", role),
        Span(fit(change_state(action, now), _STATE) + "  ", role),
        Span(fit(change_words(action), what) + "  ", TextRole.STRONG),
        Span(fit(safe_line(entry.subject), subject)),
    )
    return (*line, Span("  " + fit(safe_line(action.account), account), TextRole.DIM)) if account else line


def change_titles(width: int) -> Line:
    """The names of the columns."""
    what, subject, account = _columns(width)
    parts = ["     " + fit("State", _STATE), fit("Change", what), fit("Subject", subject)]
    parts += [fit("Account", account)] if account else []
    return (Span("  ".join(parts), TextRole.DIM),)


def change_explanation(entry: JournalEntry, now: float) -> tuple[str, str]:
    """Why it is where it is, and what can be done; the facts."""
    action = entry.action
    said = f" {safe_line(action.words)}" if action.words else ""
    match action.state:
        case ActionState.REFUSED:
            message = f"Refused:{said or ' no reason was given.'}  {_choices(entry)}"
        case ActionState.DROPPED:
            message = f"Dropped, and not done.{said}"
        case _ if action.next_at > now:
            message = f"Tried again {format_until(action.next_at, now)}.{said}"
        case ActionState.SENT:
            message = f"It was begun, and goes on when the mailbox can be reached.{said}"
        case _:
            message = f"It is done as soon as the mailbox can be reached, in the order given.{said}"
    tries = f" - {action.tries} {'try' if action.tries == 1 else 'tries'}" if action.tries else ""
    given = format_day_time(action.created, now)
    return message, f"{safe_line(action.account)}/{safe_line(action.folder)} - given {given}{tries}"


def _columns(width: int) -> tuple[int, int, int]:
    """Cells for what is done, the subject, and the account (0: there is no room); a margin is left on the right."""
    account = _ACCOUNT if width >= _WIDE else 0
    rest = width - 1 - 5 - _STATE - 2 - 2 - (account + 2 if account else 0)
    what = max(10, rest * 3 // 5)
    return what, max(0, rest - what), account


def _choices(entry: JournalEntry) -> str:
    choices = ["Try it again"]
    if can_be_redirected(entry.action):
        choices.append("take another folder")
    if entry.can_be_deleted:
        choices.append("delete for good what the trash refused")
    return f"{', '.join(choices)}, or drop it: the letters stay as they are."
