"""Actions that give a received message to a file, a program, a printer; and leaving a mailing list."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from tuimail.errors import UsageError
from tuimail.mail.text import safe_line
from tuimail.ui.actions.export import file_name
from tuimail.ui.actions.piping import pipe, show_output
from tuimail.ui.actions.saving import save
from tuimail.ui.text.quoted import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.ui.protocols import Action, Frame

    class HasMessage(Frame, Protocol):
        """A screen with a received message."""

        async def settled_message(self) -> ReadMessage | None:
            """The message, once it is on the screen."""
            ...

        async def pieces(self) -> Iterator[bytes]:
            """Its exact bytes."""
            ...


NO_PRINTER = 'Write into the [reading] table: print = ["lpr"]'


async def export_message(screen: HasMessage) -> None:
    """Ask where to, and write the exact bytes."""
    message = await screen.settled_message()
    if message is not None:
        await save(screen, f"{file_name(message.subject)}.eml", screen.pieces, label="Export to file")


async def pipe_message(screen: HasMessage) -> None:
    """Give the exact bytes to a program."""
    if await screen.settled_message() is not None:
        await pipe(screen, "the message", screen.pieces)


async def print_message(screen: HasMessage) -> None:
    """Print it as it is read, after a question."""
    message = await screen.settled_message()
    argv = printer(screen)
    if message is None or not await screen.prompts.ask_yes_no(f"Print {quoted(message.subject)} with {argv[0]}?"):
        return
    header = [f"{line.name}: {line.value}" for line in message.people] + [f"Subject: {message.subject}", ""]
    text = "\n".join([*header, *(line.text for line in message.lines), ""])
    await show_output(screen, argv, iter((text.encode("utf-8", "replace"),)))


def printer(screen: Frame) -> tuple[str, ...]:
    """The argv of the printing program. Raises UsageError: none is set."""
    argv = screen.program.engine.config.reading.print_command
    if not argv:
        raise UsageError("No program is set to print with.", hint=NO_PRINTER)
    return argv


async def unsubscribe(screen: HasMessage) -> None:
    """Leave the list that the message came over: by its page in one click, else by mail.

    Raises:
        TuimailError: the page cannot be reached.
    """
    from tuimail.ui.actions.links import host_of, write_to

    message = await screen.settled_message()
    if message is None:
        return
    lists = message.lists
    name = safe_line(lists.list_id) or "the list"
    if lists.one_click and lists.unsubscribe_host:
        host = host_of(lists.unsubscribe_web)
        question = f"Leave {name}?  {host} will be told so at once, and learns your network address."
        if await screen.prompts.ask_yes_no(question, default=False):
            from tuimail.engine.unsubscribe import one_click

            screen.say(f"Asking {host}...")
            screen.say(await asyncio.to_thread(one_click, lists.unsubscribe_web))
    elif lists.unsubscribe_mail:
        await write_to(screen, lists.unsubscribe_mail)
        screen.program.say(f"Send this to leave {name}.")
    elif lists.unsubscribe_web:
        screen.say(f"{name} is left on a page: {safe_line(lists.unsubscribe_web)}")
    else:
        screen.say("The message does not say how to leave a list.")


ACTIONS: dict[str, Action[Any]] = {
    "export-message": export_message,
    "pipe": pipe_message,
    "print": print_message,
    "unsubscribe": unsubscribe,
}
