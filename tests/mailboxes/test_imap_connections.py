"""Connections of an account while they are closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

import pytest

from tuimail.mailboxes.imap_connections import ConnectionRole, ImapConnections
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_wire import Status

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_session import ImapSession


class DroppedSession:
    """A session of which only the end is asked for."""

    def __init__(self) -> None:
        self.dropped = 0
        self.lost: ImapError | None = None
        self.capabilities = frozenset[str]()
        self.where = "localhost:143"
        self.received_at = asyncio.get_running_loop().time()

    def abort(self) -> None:
        """As ImapSession."""
        self.dropped += 1
        self.lost = ImapError("It was dropped.", step=ImapStage.MAILBOX)


async def test_a_connection_that_comes_after_the_end_is_dropped() -> None:
    session, arrived = DroppedSession(), asyncio.Event()

    async def connect() -> ImapSession:
        await arrived.wait()
        return cast("ImapSession", session)

    connections = ImapConnections(connect)
    asked = asyncio.ensure_future(connections.get(ConnectionRole.BACKGROUND))
    await asyncio.sleep(0)
    await connections.close(1.0)
    arrived.set()
    with pytest.raises(ImapError, match="closed"):
        await asked
    assert session.dropped == 1


class Way:
    """Makes sessions, or fails with ``error``."""

    def __init__(self) -> None:
        self.error: ImapError | None = None
        self.made: list[DroppedSession] = []

    async def connect(self) -> ImapSession:
        if self.error is not None:
            raise self.error
        self.made.append(DroppedSession())
        return cast("ImapSession", self.made[-1])


@pytest.mark.parametrize(
    ("error", "dropped"),
    [
        (ImapError("It cannot be reached.", step=ImapStage.CONNECT), True),
        (ImapError("Too many.", step=ImapStage.SIGN_IN, status=Status("NO")), False),
        (ImapError("No certificate.", step=ImapStage.TLS, lasting=True), False),
    ],
)
async def test_a_connection_from_before_a_cut_is_given_up_once_another_can_be_made(
    error: ImapError, dropped: bool
) -> None:
    way = Way()
    connections = ImapConnections(way.connect)
    await connections.get(ConnectionRole.WATCH)
    await connections.get(ConnectionRole.BACKGROUND)
    silent, heard = way.made
    way.error = error
    with contextlib.suppress(ImapError):
        await connections.get(ConnectionRole.INTERACTIVE)
    heard.received_at = asyncio.get_running_loop().time() + 1
    assert not silent.dropped, "the way may be cut for others alone"
    way.error = None
    connections._places.pop(ConnectionRole.INTERACTIVE, None)  # a shared one stays until it is lost
    await connections.get(ConnectionRole.INTERACTIVE)
    assert (silent.dropped, heard.dropped) == (int(dropped), 0)
    await connections.get(ConnectionRole.WATCH)
    assert len(way.made) == 3 + dropped
