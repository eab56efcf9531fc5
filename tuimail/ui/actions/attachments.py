"""Actions on the files of a received message: showing, opening, saving, piping."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Protocol

from tuimail.errors import NoSuchItemError, UsageError
from tuimail.mail.file_kind import LOOKED_AT, best_kind, is_program
from tuimail.mail.html_text import html_text
from tuimail.mail.part_text import decoded_text, part_beginning, part_bytes, part_text
from tuimail.ui.actions.message_out import printer
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.piping import pipe, show_output
from tuimail.ui.actions.saving import ask_folder, save
from tuimail.ui.requests import ShowEmbeddedMessage, ShowText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.engine.openers import Opener
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection
    from tuimail.ui.views.file_rows import FileRow

    class FileList(HasList, HasSelection[FileRow], Protocol):
        """The list of the files of a message."""

        message: ReadMessage

        @property
        def rows(self) -> Sequence[FileRow]:
            """All of them."""
            ...


TITLE = "ATTACHMENT"
_AS_TEXT = frozenset({"application/json", "application/xml", "application/x-sh", "application/javascript"})


def _chosen(screen: FileList) -> FileRow:
    row = screen.selected
    if row is None:
        raise NoSuchItemError("No attachment is selected.")
    return row


async def view(screen: FileList) -> None:
    """Show it here if it can be, else open it."""
    row = _chosen(screen)
    part = row.file.part
    if row.file.is_message:
        await _view_message(screen, part)
        return
    kind = await asyncio.to_thread(_kind, part)
    if kind == "text/html":
        await _show(screen, part, _page_text)
    elif (kind.startswith("text/") and kind != "text/rtf") or kind in _AS_TEXT:
        await _show(screen, part, _plain_text)
    else:
        await _open(screen, row, kind, outside=False)


async def open_outside(screen: FileList) -> None:
    """Open it with another program."""
    row = _chosen(screen)
    await _open(screen, row, await asyncio.to_thread(_kind, row.file.part), outside=True)


async def view_as_text(screen: FileList) -> None:
    """Its bytes as text."""
    await _show(screen, _chosen(screen).file.part, _plain_text)


def _kind(part: ReceivedPart) -> str:
    beginning, _ = part_beginning(part, LOOKED_AT)
    return best_kind(part.content_type, part.name, beginning)


async def _view_message(screen: FileList, part: ReceivedPart) -> None:
    from tuimail.engine.message_reader import MessageReader

    inner = await MessageReader(screen.program.engine.mail).embedded(part)
    if inner is None:
        await _show(screen, part, _plain_text)
    else:
        screen.program.navigation.open(ShowEmbeddedMessage(inner))


async def _show(screen: Frame, part: ReceivedPart, text_of: Any) -> None:
    text, cut = await asyncio.to_thread(text_of, part)
    screen.program.navigation.open(ShowText(TITLE, text))
    if cut:
        screen.program.say("Only its beginning is shown.")


def _plain_text(part: ReceivedPart) -> tuple[str, bool]:
    found = part_text(part)
    return found.text, found.cut


def _page_text(part: ReceivedPart) -> tuple[str, bool]:
    found = decoded_text(part)
    page = html_text(found.text)
    lines = [("> " * line.depth) + line.text for line in page.lines]
    lines += ["", *(f"[{link.number}] {link.target}" for link in page.links)] if page.links else []
    return "\n".join(lines), found.cut or page.cut


async def _open(screen: FileList, row: FileRow, kind: str, *, outside: bool) -> None:
    """Open a file with a program.

    Raises:
        UsageError: it is a program itself.
        TuimailError: the program for it cannot be run.
    """
    from tuimail.engine.openers import choose_opener

    part = row.file.part
    beginning, _ = await asyncio.to_thread(part_beginning, part, LOOKED_AT)
    if is_program(part.name, beginning):
        raise UsageError(f"{row.name} is a program: it is not opened.", hint="It can be saved, or viewed as text.")
    settings = screen.program.engine.config.reading.openers
    opener = await asyncio.to_thread(choose_opener, kind, settings, os.environ, outside=outside)
    if opener is None:
        raise UsageError(
            f"Nothing here opens {kind}.", hint="Save it, view it as text, or set openers in the [reading] table."
        )
    await _run(screen, row, opener)


async def _run(screen: FileList, row: FileRow, opener: Opener) -> None:
    from tuimail.engine.handed_files import hand_out, take_back
    from tuimail.engine.programs import start_in_background
    from tuimail.ui.actions.piping import in_terminal
    from tuimail.ui.terminal_program import run_in_terminal

    part = row.file.part
    if opener.wants_input:
        run = show_output if opener.output else in_terminal
        await run(screen, opener.argv, part_bytes(part))
        return
    path = await asyncio.to_thread(
        hand_out, part_bytes(part), part.name or "attachment", screen.program.engine.paths.opened
    )
    argv = opener.on(str(path))
    if opener.output or opener.terminal:
        try:
            if opener.output:
                await show_output(screen, argv, iter(()))
            else:
                await run_in_terminal(screen.program, argv)
        finally:
            await asyncio.to_thread(take_back, path)
    else:
        await start_in_background(argv)
        screen.say(f"{argv[0]} was started on {row.name}.")


# -- out of here
async def save_part(screen: FileList) -> None:
    """Write it to a file."""
    row = _chosen(screen)

    async def pieces() -> Iterator[bytes]:
        return _bytes_of(row)

    await save(screen, _name_of(row), pieces)


async def save_all(screen: FileList) -> None:
    """Write all of them into a folder; what is there already is left alone."""
    from tuimail.engine.save_file import save_into

    rows = screen.rows
    folder = await ask_folder(screen)
    if folder is None:
        return
    for row in rows:
        await asyncio.to_thread(save_into, _bytes_of(row), folder, _name_of(row))
    screen.say(f"{'1 file was' if len(rows) == 1 else f'{len(rows)} files were'} saved.")


def _name_of(row: FileRow) -> str:
    part = row.file.part
    if row.file.is_message:
        return f"{(row.file.name or 'message').replace('/', '-')}.eml".replace(".eml.eml", ".eml")
    return part.name or f"part-{part.number}"


def _bytes_of(row: FileRow) -> Iterator[bytes]:
    return part_bytes(row.file.part)


async def pipe_part(screen: FileList) -> None:
    """Give it to a program."""
    row = _chosen(screen)

    async def pieces() -> Iterator[bytes]:
        return _bytes_of(row)

    await pipe(screen, row.name, pieces)


async def print_part(screen: FileList) -> None:
    """Give it to the printing program, after a question."""
    row = _chosen(screen)
    argv = printer(screen)
    if await screen.prompts.ask_yes_no(f"Print {row.name} with {argv[0]}?"):
        await show_output(screen, argv, _bytes_of(row))


def to_index(screen: Frame) -> None:
    """Close the list and the message."""
    screen.program.navigation.back()
    screen.program.navigation.back()


ACTIONS: dict[str, Action[Any]] = {
    **LIST_ACTIONS,
    "view-part": view,
    "open-outside": open_outside,
    "view-as-text": view_as_text,
    "save-part": save_part,
    "save-all": save_all,
    "pipe": pipe_part,
    "print": print_part,
    "to-index": to_index,
}
