"""What a server's refusal of an action means: for good, for now, or not known. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.flags import FORWARDED, to_wire
from tuimail.mailboxes.imap_reason import reason

if TYPE_CHECKING:
    from tuimail.journal.action import MailAction
    from tuimail.mailboxes.imap_values import MailboxState
    from tuimail.mailboxes.imap_wire import Status

MOST_TRIES = 3
"""Times that an action is tried which the server refuses without a reason that is known; then the user is asked."""
PAUSE = 1200.0
"""Seconds between two tries."""
FIRST_BREAK, LONGEST_BREAK = 5.0, 300.0
"""Seconds for which an action is put off during which the connection was lost: it may be what the server fails at."""
NO_PROOF_BREAK = 40.0
"""After such a break the headers of a message are not asked for any more: the server may fail at them every time."""

_FOR_GOOD = {"OVERQUOTA", "CANNOT", "NOPERM", "READ-ONLY", "TRYCREATE", "NONEXISTENT"}
_FOR_NOW = {"LIMIT", "INUSE", "UNAVAILABLE"}


def is_for_good(status: Status, tries: int) -> bool:
    """The refused action is not to be tried again by itself (RFC 5530); ``tries`` is how often it was before."""
    why = reason(status)
    if why in _FOR_NOW:
        return False
    return why in _FOR_GOOD or tries + 1 >= MOST_TRIES


def last_break(action: MailAction) -> float:
    """Seconds for which an action that waits was put off last because the connection was lost; 0: it was not."""
    pause = max(0.0, action.next_at - action.changed)
    return pause if pause <= LONGEST_BREAK + 1 else 0.0  # longer ones come after a refusal


def next_break(action: MailAction) -> float:
    """Seconds to put an action off during which the connection was lost: each time longer."""
    return min(max(FIRST_BREAK, 2 * last_break(action)), LONGEST_BREAK)


def forbidden_flags(state: MailboxState, *, add: int = 0, remove: int = 0) -> list[str]:
    r"""Flags, as on the wire, that PERMANENTFLAGS does not permit to change; no keywords (``keeps_keyword``)."""
    wanted = {each for each in to_wire(add | remove).split() if each.startswith("\\")}
    return sorted(each for each in wanted if each.lower() not in state.permanent_flags)


def keeps_keyword(state: MailboxState, keyword: str) -> bool:
    r"""Whether a keyword can be set for good: PERMANENTFLAGS (RFC 3501 section 7.1) names it, or ``\*``."""
    return keyword.lower() in state.permanent_flags or "\\*" in state.permanent_flags


def kept_keywords(state: MailboxState, keywords: str) -> str:
    """Those of ``keywords``, separated by spaces, that the server keeps."""
    return " ".join(each for each in keywords.split() if keeps_keyword(state, each))


def unkept_bits(state: MailboxState) -> int:
    """Bits of ``mail/flags`` that stand for keywords which the server does not keep: Exchange has none but its own.

    Where nothing may be changed, the flags are those that others set.
    """
    if state.read_only or not state.permanent_flags or keeps_keyword(state, to_wire(FORWARDED)):
        return 0
    return FORWARDED
