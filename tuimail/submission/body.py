"""Uploads the body of a letter, without the final dot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.submission.dot_stuffing import stuffed
from tuimail.submission.failure import Failure, SubmissionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tuimail.mail.content import Content
    from tuimail.submission.result import Reply
    from tuimail.submission.wire import Timeouts, Wire

AT_ONCE = 262144
"""Letters up to this size in bytes are read at once; larger ones piece by piece, to limit memory use."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A letter read into memory in advance, dot-stuffed."""

    length: int
    """Length of the letter before dot-stuffing."""
    data: bytes
    fault: OSError | None = None
    """The error of reading it."""


async def load(content: Content) -> Loaded | None:
    """Read a letter in a thread; None if it is too large to be kept in memory."""
    if content.size > AT_ONCE:
        return None
    return await asyncio.to_thread(_load, content)


def _load(content: Content) -> Loaded:
    try:
        read = list(stuffed(content.chunks()))
    except OSError as error:
        return Loaded(0, b"", error)
    return Loaded(sum(length for length, _ in read), b"".join(data for _, data in read))


async def write_body(
    wire: Wire,
    content: Content,
    timeouts: Timeouts,
    progress: Callable[[int, int], None],
    loaded: Loaded | None = None,
) -> Reply | None:
    """Send the body from ``loaded`` or piece by piece. Returns a reply that came early, or None.

    Raises:
        SubmissionError: UNREADABLE if the letter's file cannot be read or its length has changed; else the wire's.
    """
    total = content.size
    sent = 0
    async for length, data in _pieces(content, loaded):
        sent += length
        if sent > total:
            break
        if data and not wire.early:
            await wire.body(data, within=timeouts.stall)
        if wire.early:
            return await early_reply(wire, timeouts)
        progress(sent, total)
    if sent != total:
        raise SubmissionError(Failure.UNREADABLE, "Its length has changed.")
    wire.dialogue.client(f"<{total} bytes>")
    await wire.flush(within=timeouts.stall)
    return await early_reply(wire, timeouts)


async def _pieces(content: Content, loaded: Loaded | None) -> AsyncIterator[tuple[int, bytes]]:
    """The length of each piece and its dot-stuffed bytes; read in a thread."""
    try:
        if loaded is not None:
            if loaded.fault is not None:
                raise loaded.fault
            yield loaded.length, loaded.data
            return
        pieces = stuffed(content.chunks())
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
    except OSError as error:
        raise SubmissionError(Failure.UNREADABLE, error.strerror or "") from error


async def early_reply(wire: Wire, timeouts: Timeouts) -> Reply | None:
    """The reply that came early, if there is one."""
    return await wire.reply(within=timeouts.quit) if wire.early else None
