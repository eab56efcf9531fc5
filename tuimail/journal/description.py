"""What an action does, in words. Pure; the names in them are not safe to show yet (mail/text)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.journal.action import ActionKind
from tuimail.mail.flags import MessageFlags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.journal.action import MailAction

_FLAGS = {
    MessageFlags.SEEN: ("read", "unread"),
    MessageFlags.FLAGGED: ("important", "not important"),
    MessageFlags.ANSWERED: ("answered", "not answered"),
    MessageFlags.FORWARDED: ("forwarded", "not forwarded"),
    MessageFlags.DELETED: ("deleted", "not deleted"),
    MessageFlags.DRAFT: ("a draft", "no draft"),
}


def describe(action: MailAction) -> str:
    """``move 3 letters to Archive``, ``mark 1 letter read and important``."""
    count = len(action.messages)
    letters = "1 letter" if count == 1 else f"{count:,} letters"
    match action.kind:
        case ActionKind.FLAG:
            return f"mark {letters} {' and '.join(_marks(action)) or 'as before'}"
        case ActionKind.DELETE:
            return f"delete {letters} for good"
    return f"{action.kind} {letters} to {action.target}"


def _marks(action: MailAction) -> Iterator[str]:
    for bit, (word, opposite) in _FLAGS.items():
        if action.add & bit:
            yield word
        if action.remove & bit:
            yield opposite
    yield from (f"+{word}" for word in action.add_keywords.split())
    yield from (f"-{word}" for word in action.remove_keywords.split())
