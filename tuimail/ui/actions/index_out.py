"""Actions that give messages of the index to a file, a program, a printer: one as it is, several as an mbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mail.mbox_format import mbox_pieces
from tuimail.ui.actions.export import file_name
from tuimail.ui.actions.message_out import printer
from tuimail.ui.actions.messages import named, on_messages
from tuimail.ui.actions.piping import pipe, show_output
from tuimail.ui.actions.saving import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.protocols import Action, HasMessages

    Entries = Sequence[IndexEntry]

PIECE = 256 * 1024
"""Bytes read at once."""


@on_messages
async def export(screen: HasMessages, entries: Entries) -> None:
    """Ask where to, and write them."""
    name = f"{file_name(entries[0].row.subject)}.eml" if len(entries) == 1 else "messages.mbox"
    await save(screen, name, lambda: pieces_of(screen, entries), label=f"Export {named(entries)} to file")


@on_messages
async def pipe_to(screen: HasMessages, entries: Entries) -> None:
    """Give them to a program."""
    await pipe(screen, named(entries), lambda: pieces_of(screen, entries))


@on_messages
async def print_them(screen: HasMessages, entries: Entries) -> None:
    """Give them to the printing program, after a question."""
    argv = printer(screen)
    if await screen.prompts.ask_yes_no(f"Print {named(entries)} with {argv[0]}?"):
        await show_output(screen, argv, await pieces_of(screen, entries))


async def pieces_of(screen: HasMessages, entries: Entries) -> Iterator[bytes]:
    """The exact bytes of one message; of several an mbox. Raises TuimailError: one is gone."""
    mail = screen.program.engine.mail
    if len(entries) == 1:
        return _pieces(await mail.open(entries[0].ref))
    loop = asyncio.get_running_loop()

    def opened(ref: MessageRef) -> BinaryIO:
        """Called in the thread that writes: not all files are open at once."""
        return asyncio.run_coroutine_threadsafe(mail.open(ref), loop).result()

    return _mbox(entries, opened)


def _mbox(entries: Entries, opened: Callable[[MessageRef], BinaryIO]) -> Iterator[bytes]:
    for entry in entries:
        yield from mbox_pieces(_pieces(opened(entry.ref)), entry.row.from_addr, entry.row.arrived)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


ACTIONS: dict[str, Action[HasMessages]] = {"export-message": export, "pipe": pipe_to, "print": print_them}
