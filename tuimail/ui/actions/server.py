"""Verbs on the demo's embedded server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mail.content import InMemory
from tuimail.ui.actions.movement import LIST_VERBS

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb
    from tuimail.ui.screens.server import ServerScreen


async def down(screen: ServerScreen) -> None:
    """Take the server down, or up again."""
    gone = not screen.server.faults.down
    await asyncio.to_thread(screen.server.set, down=gone)
    screen.say("The server is down." if gone else "The server is up again.")
    if not gone:
        screen.program.engine.outbox.wake()


def busy(screen: ServerScreen) -> None:
    """Put senders off, or stop doing so."""
    screen.server.set(busy=not screen.server.faults.busy)


def swallow(screen: ServerScreen) -> None:
    """Swallow the reply to the next letter, or not."""
    screen.server.set(swallow=not screen.server.faults.swallow)


async def refuse(screen: ServerScreen) -> None:
    """Refuse an address, or take it again."""
    address = await screen.ask(
        "Refuse which address?", help_text="An address that is refused already is taken again from then on."
    )
    if not address:
        return
    wanted = address.strip().casefold()
    refused = screen.server.faults.refused ^ {wanted}
    screen.server.set(refused=refused)
    screen.say(f"{wanted} is {'refused' if wanted in refused else 'taken again'}.")


def view(screen: ServerScreen) -> None:
    """Read the letter as it arrived."""
    arrival = screen.selected
    if arrival is not None:
        screen.program.open_letter_text(InMemory(arrival.letter.content))


VERBS: dict[str, Verb] = {
    **LIST_VERBS,
    "open": view,
    "server-view": view,
    "server-down": down,
    "server-busy": busy,
    "server-swallow": swallow,
    "server-refuse": refuse,
}
