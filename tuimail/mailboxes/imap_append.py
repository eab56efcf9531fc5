"""APPEND (RFC 3501 section 6.3.11): uploads a letter piece by piece."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_command import ImapCommand, refusal
from tuimail.mailboxes.imap_errors import ImapError, ImapStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tuimail.mailboxes.imap_protocol import ImapProtocol
    from tuimail.mailboxes.imap_timeouts import ImapTimeouts
    from tuimail.mailboxes.imap_wire import Status


async def append(
    link: ImapProtocol,
    patience: ImapTimeouts,
    arguments: Sequence[str],
    pieces: Iterable[bytes],
    size: int,
    progress: Callable[[int], None],
) -> Status:
    """Upload a letter; the server's status, also a NO.

    Args:
        link: signed in, no other command is running.
        patience: the time limits.
        arguments: of APPEND, before the letter.
        pieces: the letter; together exactly ``size`` bytes.
        size: bytes in all.
        progress: told how many bytes are on their way.

    Raises:
        ImapError: the server or the network failed, or the letter has another size; the connection is dropped.
    """
    with ImapCommand(link, "filing the letter", "APPEND", *arguments, f"{{{size}}}") as command:
        async with asyncio.timeout(patience.reply):
            ready = await command.wants_more()
        if ready:
            await _upload(link, patience, command, pieces, size, progress)
        async with asyncio.timeout(patience.commit):
            return await command.status()


async def _upload(
    link: ImapProtocol,
    patience: ImapTimeouts,
    command: ImapCommand,
    pieces: Iterable[bytes],
    size: int,
    progress: Callable[[int], None],
) -> None:
    sent = 0
    source = iter(pieces)
    while piece := await asyncio.to_thread(_next, source):
        if command.answered:
            # Refused half-way: the server would read the rest of the literal as commands.
            error = refusal(link, "the letter", await command.status())
            link.drop()
            raise error
        sent += len(piece)
        if sent > size:
            break
        async with asyncio.timeout(patience.stall):
            await link.write(piece)
        progress(sent)
    if sent != size:
        link.drop()
        raise ImapError("The letter's file changed while it was being filed.", step=ImapStage.MAILBOX)
    async with asyncio.timeout(patience.stall):
        await link.write(b"\r\n")


def _next(source: Iterator[bytes]) -> bytes:
    """The next piece, read in a thread because it may come from a slow disk; empty at the end."""
    return next(filter(None, source), b"")
