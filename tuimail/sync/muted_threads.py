"""New messages of muted threads are marked read, in the mailbox too, so that other programs see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.stored_names import read_name
from tuimail.journal.action import ActionKind, ActionMessage, MailAction
from tuimail.mail.flags import SEEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.cache.thread_edits import NewlyMuted


def read_actions(account: str, messages: Iterable[NewlyMuted]) -> list[MailAction]:
    """What marks these messages read, as far as they are unread."""
    found: dict[str, list[ActionMessage]] = {}
    for each in messages:
        if not each.flags & SEEN:
            message = ActionMessage(
                read_name(each.key), before=each.flags, keywords=each.keywords, message_id=each.message_id
            )
            found.setdefault(each.folder, []).append(message)
    return [MailAction(account, ActionKind.FLAG, folder, tuple(some), add=SEEN) for folder, some in found.items()]
