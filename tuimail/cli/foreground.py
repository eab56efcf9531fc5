"""Waits in the foreground for the result of one letter and prints its progress to standard error."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.cli.output import fit, is_terminal
from tuimail.events import ItemProgress, ItemStage, WaitingForSecret
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.engine import Engine
    from tuimail.events import Event
    from tuimail.outbox.model.item import AccountHealth, OutboxItem

LOOK_SECONDS = 1.0
"""Seconds between two checks of the item: another process, which sends no events, may be sending it."""

FILING_SECONDS = 60.0
"""Maximum number of seconds that the command waits for the copy in Sent."""


async def settled(engine: Engine, item_id: str, *, show: bool) -> OutboxItem:
    """Try to send the item and return it afterwards: decided, deferred, or not tried because its account is paused.

    No other letter is sent. Waits if another process is sending it, or if it is to be sent later.
    """
    with _watching(engine, item_id, show=show and is_terminal(sys.stderr)):
        while True:
            item = await engine.outbox.send_one(item_id)
            if item.state not in (ItemState.QUEUED, ItemState.SENDING, ItemState.HELD):
                return item
            if item.state is ItemState.HELD and item.not_before is None:
                return item
            if item.state is ItemState.QUEUED and is_paused(
                await engine.accounts.health(item.account), engine.clock.now()
            ):
                return await engine.outbox.query(lambda outbox: outbox.item(item_id))
            await asyncio.sleep(LOOK_SECONDS)


def is_paused(health: AccountHealth, now: float) -> bool:
    """Whether the account is paused: it has a problem, or its host did not answer a moment ago."""
    return health.trouble is not None or (health.probe_at is not None and health.probe_at > now)


async def filed(engine: Engine, item_id: str) -> OutboxItem:
    """The item after its copy was filed or one attempt to file it failed."""
    try:
        async with asyncio.timeout(FILING_SECONDS):
            return await engine.sent.file_one(item_id)
    except TimeoutError:
        return await engine.outbox.query(lambda outbox: outbox.item(item_id))  # the outbox files it later


@contextmanager
def _watching(engine: Engine, item_id: str, *, show: bool) -> Iterator[None]:
    def listen(event: Event) -> None:
        words = progress_words(event, item_id)
        if words:
            sys.stderr.write(f"\r{fit(words, 60)}")
            sys.stderr.flush()

    if not show:
        yield
        return
    unsubscribe = engine.announcer.subscribe(listen)
    try:
        yield
    finally:
        unsubscribe()
        sys.stderr.write(f"\r{' ' * 60}\r")
        sys.stderr.flush()


def progress_words(event: Event, item_id: str) -> str:
    """The progress that ``event`` reports, in a few words; empty for other events."""
    if isinstance(event, ItemStage) and event.item_id == item_id:
        return f"{event.text}..."
    if isinstance(event, ItemProgress) and event.item_id == item_id and event.total:
        return f"sending {100 * event.sent // event.total} %"
    if isinstance(event, WaitingForSecret) and not event.done:
        return f"waiting for {event.source}..."
    return ""
