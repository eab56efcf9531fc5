"""IDLE (RFC 2177): waits until the server tells something of the selected mailbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_command import ImapCommand, refusal

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_protocol import ImapProtocol


async def idle(link: ImapProtocol, done: asyncio.Event, seconds: float, stall: float) -> None:
    """Idle until ``done`` is set or ``seconds`` have passed; the link's listener hears what happens.

    Args:
        link: with a mailbox selected, no other command is running.
        done: ends it.
        seconds: after which it ends.
        stall: seconds that the server may take to begin it, and to end it.

    Raises:
        ImapError: refused, or the connection is lost.
    """
    with ImapCommand(link, "waiting for changes", "IDLE") as command:
        async with asyncio.timeout(stall):
            accepted = await command.wants_more()
        if accepted:
            await command.wait_for(done, seconds)
            if not command.answered:
                command.send_more("DONE")
        async with asyncio.timeout(stall):
            status = await command.status()
    if status.verdict != "OK":
        raise refusal(link, "IDLE", status)
