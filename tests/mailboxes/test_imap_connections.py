"""Connections of an account while they are closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from tuimail.mailboxes.imap_connections import ConnectionRole, ImapConnections
from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_session import ImapSession


class DroppedSession:
    """A session of which only the end is asked for."""

    def __init__(self) -> None:
        self.dropped = 0

    def abort(self) -> None:
        """As ImapSession."""
        self.dropped += 1


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
