"""Actions on the demo's embedded server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tuimail.mail.content import InMemory
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.requests import ShowLetterText

if TYPE_CHECKING:
    from tuimail.demo.server import DemoServer
    from tuimail.ui.protocols import Action, HasList, HasSelection
    from tuimail.ui.views.arrivals import Arrival

    class ServerSide(HasList, HasSelection[Arrival], Protocol):
        """The screen of the demo's server."""

        @property
        def server(self) -> DemoServer:
            """The server."""
            ...


async def down(screen: ServerSide) -> None:
    """Take the server down, or up again."""
    gone = not screen.server.faults.down
    await asyncio.to_thread(screen.server.set, down=gone)
    screen.say("The server is down." if gone else "The server is up again.")
    if not gone:
        screen.program.engine.outbox.wake()


def busy(screen: ServerSide) -> None:
    """Put senders off, or stop doing so."""
    screen.server.set(busy=not screen.server.faults.busy)


def swallow(screen: ServerSide) -> None:
    """Swallow the reply to the next letter, or not."""
    screen.server.set(swallow=not screen.server.faults.swallow)


async def refuse(screen: ServerSide) -> None:
    """Refuse an address, or take it again."""
    address = await screen.prompts.ask(
        "Refuse which address?", help_text="An address that is refused already is taken again from then on."
    )
    if not address:
        return
    wanted = address.strip().casefold()
    refused = screen.server.faults.refused ^ {wanted}
    screen.server.set(refused=refused)
    screen.say(f"{wanted} is {'refused' if wanted in refused else 'taken again'}.")


def view(screen: ServerSide) -> None:
    """Read the letter as it arrived."""
    arrival = screen.selected
    if arrival is not None:
        screen.program.navigation.open(ShowLetterText(InMemory(arrival.letter.content)))


ACTIONS: dict[str, Action[ServerSide]] = {
    **LIST_ACTIONS,
    "open": view,
    "server-view": view,
    "server-down": down,
    "server-busy": busy,
    "server-swallow": swallow,
    "server-refuse": refuse,
}
