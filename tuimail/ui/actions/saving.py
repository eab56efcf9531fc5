"""Saving what was received: where to, whether over a file that is there, and how it went."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.errors import StorageError
from tuimail.mail.text import safe_line
from tuimail.ui.widgets.path_completion import complete_paths, last_part, typed_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from tuimail.ui.protocols import Frame

    Pieces = Callable[[], Awaitable[Iterator[bytes]]]

HELP = "~ is your home folder; Tab completes names. A folder gets the file under its own name."


async def save(screen: Frame, name: str, pieces: Pieces, *, label: str = "Save to file") -> Path | None:
    """Ask for a file, and write ``pieces`` to it; over one that is there only after a question.

    ``name`` is proposed, made safe. Returns the file; None if the user changed their mind.

    Raises:
        StorageError: it cannot be written; nothing was changed.
    """
    from tuimail.compose.file_name import stored_name
    from tuimail.engine.save_file import is_taken, save_file, target_of

    typed = await screen.prompts.ask(
        label, initial=f"~/{stored_name(name)}", complete=complete_paths, shown_as=last_part, help_text=HELP
    )
    if typed is None or not typed.strip():
        return None
    path = await asyncio.to_thread(lambda: target_of(typed_path(typed), name))
    shown = safe_line(str(path))
    replace = await asyncio.to_thread(is_taken, path)
    if replace and not await screen.prompts.ask_yes_no(f"{shown} is there already.  Replace it?", default=False):
        screen.say("Nothing was saved.")
        return None
    source = await pieces()
    await asyncio.to_thread(save_file, source, path, replace=replace)
    screen.program.say(f"Saved as {shown}.")
    return path


async def ask_folder(screen: Frame) -> Path | None:
    """Ask for a folder that is there.

    Raises:
        StorageError: it is none.
    """
    typed = await screen.prompts.ask(
        "Save into folder", initial="~/", complete=complete_paths, shown_as=last_part, help_text=HELP
    )
    if typed is None or not typed.strip():
        return None
    path = await asyncio.to_thread(typed_path, typed)
    if not await asyncio.to_thread(path.is_dir):
        raise StorageError(f"{safe_line(str(path))} is no folder.", hint="Name one that is there.")
    return path
