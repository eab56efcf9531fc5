"""Commands on mailboxes that need not be selected. Every coroutine raises ImapError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mailboxes.folders import read_list, read_personal_prefix
from tuimail.mailboxes.imap_answers import read_rights, read_statuses
from tuimail.mailboxes.imap_names import wire_argument
from tuimail.mailboxes.imap_values import FolderStatus, ListedStatuses, MailboxState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_session import ImapSession

MOST_SINGLE = 3
"""As many mailboxes are asked for one by one even if one command could ask for all that there are."""


def _status_items(*, modseq: bool) -> str:
    return f"(MESSAGES UNSEEN UIDNEXT UIDVALIDITY{' HIGHESTMODSEQ' if modseq else ''})"


async def listed(session: ImapSession, stall: float) -> tuple[Mailbox, ...]:
    """LIST, with special uses (RFC 6154) where the server has them."""
    status, responses = await session.stream("LIST", '""', '"*"', *_returned(_uses(session)), stall=stall)
    if status.verdict != "OK":
        raise session.refusal("to list its mailboxes", status)
    return read_list(responses)


async def listed_with_statuses(session: ImapSession, *, modseq: bool, stall: float) -> ListedStatuses:
    """The same with the STATUS of each in one command (RFC 5819); a server without that is asked for the list alone."""
    if "LIST-STATUS" in session.capabilities:
        words = _returned([*_uses(session), f"STATUS {_status_items(modseq=modseq)}"])
        status, responses = await session.stream("LIST", '""', '"*"', *words, stall=stall)
        if status.verdict == "OK":
            return ListedStatuses(read_list(responses), _by_name(read_statuses(responses)))
    return ListedStatuses(await listed(session, stall), None)


def _uses(session: ImapSession) -> list[str]:
    return ["SPECIAL-USE"] if {"SPECIAL-USE", "LIST-EXTENDED"} <= session.capabilities else []


def _returned(options: Sequence[str]) -> list[str]:
    """RETURN of LIST (RFC 5258), for no option nothing."""
    return [f"RETURN ({' '.join(options)})"] if options else []


async def subscribed(session: ImapSession, stall: float) -> frozenset[str]:
    r"""Wire names of the mailboxes that the user has subscribed to: LSUB, or LIST (SUBSCRIBED) (RFC 5258).

    LSUB also names levels above them, as \Noselect (RFC 3501 section 6.3.9).
    """
    if session.capabilities & {"LIST-EXTENDED", "IMAP4REV2"}:
        status, responses = await session.stream("LIST", '(SUBSCRIBED) "" "*"', stall=stall)
    else:
        status, responses = await session.stream("LSUB", '""', '"*"', stall=stall)
    if status.verdict != "OK":
        raise session.refusal("to list the subscriptions", status)
    found = read_list(responses)
    return frozenset(_key(each.wire) for each in found if "\\noselect" not in each.attributes)


async def personal_prefix(session: ImapSession, stall: float) -> str:
    """What the names of the user's own mailboxes begin with (NAMESPACE, RFC 2342), such as ``INBOX.``; or nothing."""
    if not session.capabilities & {"NAMESPACE", "IMAP4REV2"}:
        return ""
    status, responses = await session.stream("NAMESPACE", stall=stall)
    return read_personal_prefix(responses) if status.verdict == "OK" else ""


async def rights(session: ImapSession, wire: str, stall: float) -> str | None:
    """What the user may do in a mailbox (MYRIGHTS, RFC 4314 section 3.5); None: the server does not tell."""
    if "ACL" not in session.capabilities:
        return None
    status, responses = await session.stream("MYRIGHTS", wire_argument(wire), stall=stall)
    return read_rights(responses) if status.verdict == "OK" else None


async def statuses(
    session: ImapSession, wires: Sequence[str], *, modseq: bool, stall: float
) -> dict[str, FolderStatus]:
    """STATUS of mailboxes, in one LIST-STATUS (RFC 5819) where the server has it; those refused are left out."""
    items = _status_items(modseq=modseq)
    if len(wires) > MOST_SINGLE and "LIST-STATUS" in session.capabilities:
        status, responses = await session.stream("LIST", '""', '"*"', f"RETURN (STATUS {items})", stall=stall)
        if status.verdict == "OK":
            told = _by_name(read_statuses(responses))
            return {wire: told[_key(wire)] for wire in wires if _key(wire) in told}
    found = {}
    for wire in wires:
        status, responses = await session.stream("STATUS", wire_argument(wire), items, stall=stall)
        told = _by_name(read_statuses(responses)) if status.verdict == "OK" else {}
        if _key(wire) in told:
            found[wire] = told[_key(wire)]
    return found


async def state_by_status(session: ImapSession, wire: str, *, modseq: bool, stall: float) -> MailboxState:
    """UIDVALIDITY, UIDNEXT and the number of messages of a mailbox that is not selected."""
    items = _status_items(modseq=modseq)
    status, responses = await session.stream("STATUS", wire_argument(wire), items, stall=stall)
    told = _by_name(read_statuses(responses)).get(_key(wire))
    if status.verdict != "OK" or told is None:
        raise session.refusal("to tell the state of the mailbox", status)
    return MailboxState(told.validity or 0, told.uidnext or 0, told.messages or 0, told.modseq or 0)


async def create(session: ImapSession, wire: str, stall: float, *, use: str = "") -> None:
    r"""CREATE, with special ``use`` ("drafts") where the server can (RFC 6154); a mailbox that is there is no error."""
    special = [f"(USE (\\{use.capitalize()}))"] if use and "CREATE-SPECIAL-USE" in session.capabilities else []
    status, _ = await session.stream("CREATE", wire_argument(wire), *special, stall=stall)
    if special and status.verdict != "OK":  # USEATTR: it keeps no such use for this mailbox
        status, _ = await session.stream("CREATE", wire_argument(wire), stall=stall)
    if status.verdict == "OK" or status.code == "ALREADYEXISTS":
        return
    if status.verdict != "NO" or not await _exists(session, wire, stall):
        raise session.refusal("to create the folder", status)


async def delete(session: ImapSession, wire: str, stall: float) -> None:
    """DELETE; a mailbox that is gone already is no error."""
    status, _ = await session.stream("DELETE", wire_argument(wire), stall=stall)
    if status.verdict == "OK" or status.code == "NONEXISTENT":
        return
    if status.verdict != "NO" or await _exists(session, wire, stall):
        raise session.refusal("to delete the folder", status)


async def rename(session: ImapSession, wire: str, to: str, stall: float) -> None:
    """RENAME."""
    status, _ = await session.stream("RENAME", wire_argument(wire), wire_argument(to), stall=stall)
    if status.verdict != "OK":
        raise session.refusal("to rename the folder", status)


async def subscribe(session: ImapSession, wire: str, *, subscribed: bool, stall: float) -> None:
    """SUBSCRIBE or UNSUBSCRIBE."""
    command = "SUBSCRIBE" if subscribed else "UNSUBSCRIBE"
    status, _ = await session.stream(command, wire_argument(wire), stall=stall)
    if status.verdict != "OK":
        raise session.refusal("to change the subscription", status)


async def _exists(session: ImapSession, wire: str, stall: float) -> bool:
    """By the whole list: a name may contain the wildcards of LIST."""
    return any(_key(each.wire) == _key(wire) for each in await listed(session, stall))


def _key(wire: str) -> str:
    """INBOX is one name in every spelling (RFC 3501 section 5.1)."""
    return "INBOX" if wire.upper() == "INBOX" else wire


def _by_name(told: dict[str, FolderStatus]) -> dict[str, FolderStatus]:
    return {_key(wire): status for wire, status in told.items()}
