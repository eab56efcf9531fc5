"""Commands that change the selected mailbox; messages are named by uid. Every coroutine raises ImapError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.flags import to_wire
from tuimail.mailboxes.imap_answers import read_copied
from tuimail.mailboxes.imap_names import wire_argument
from tuimail.mailboxes.imap_numbers import write_sets
from tuimail.mailboxes.imap_values import CopiedUids
from tuimail.mailboxes.imap_wire import parse_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_wire import Response


async def store(session: ImapSession, uids: Sequence[int], sign: str, bits: int, keywords: str, stall: float) -> None:
    """``+`` or ``-``FLAGS.SILENT; messages that are gone are passed over (RFC 3501 section 6.4.8)."""
    words = to_wire(bits, keywords)
    if not words:
        return
    for each in write_sets(uids):
        status, _ = await session.stream("STORE", each, f"{sign}FLAGS.SILENT", f"({words})", prefix="UID", stall=stall)
        if status.verdict != "OK":
            raise session.refusal("to change flags", status)


async def transfer(
    session: ImapSession, command: str, uids: Sequence[int], target: str, stall: float
) -> CopiedUids | None:
    """COPY or MOVE (RFC 6851); the new uids, or None if the server does not tell them all."""
    found: list[CopiedUids | None] = []
    for each in write_sets(uids):
        told: list[CopiedUids] = []

        def take(response: Response, told: list[CopiedUids] = told) -> bool:
            # MOVE tells the uids before the messages are gone (RFC 6851 section 4.3).
            status = parse_status(response[0])
            copied = read_copied(status) if status is not None and status.verdict == "OK" else None
            if copied is not None and len(told) < 2:
                told.append(copied)
            return copied is not None

        status, _ = await session.stream(command, each, wire_argument(target), prefix="UID", stall=stall, sink=take)
        if status.verdict != "OK":
            raise session.refusal("to move messages" if command == "MOVE" else "to copy messages", status)
        found.append(read_copied(status) or (told[0] if told else None))
    return _joined(found)


def _joined(found: Sequence[CopiedUids | None]) -> CopiedUids | None:
    known = [each for each in found if each is not None]
    if not known or len(known) != len(found) or len({each.validity for each in known}) != 1:
        return None
    return CopiedUids(known[0].validity, {old: new for each in known for old, new in each.uids.items()})


async def expunge(session: ImapSession, uids: Sequence[int], stall: float) -> None:
    r"""UID EXPUNGE (RFC 4315): removes those of ``uids`` that are marked ``\Deleted``, and no others."""
    for each in write_sets(uids):
        status, _ = await session.stream("EXPUNGE", each, prefix="UID", stall=stall)
        if status.verdict != "OK":
            raise session.refusal("to remove messages", status)
