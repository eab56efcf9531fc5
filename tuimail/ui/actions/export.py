"""Writing letters of the outbox to files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.errors import OutboxError
from tuimail.mail.text import safe_line
from tuimail.ui.actions.targets import act, each, targets_of
from tuimail.ui.widgets.path_completion import complete_paths, last_part, typed_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem, Outcome
    from tuimail.ui.protocols import HasLetter

LONGEST_NAME = 60
"""Characters of a subject that become a file's name."""


def file_name(subject: str) -> str:
    """A name for a letter's file, without the ending: letters, digits and a few marks of its subject."""
    kept = "".join(char if char.isalnum() or char in " -_.,+" else " " for char in safe_line(subject))
    return " ".join(kept.split()).strip(". -")[:LONGEST_NAME].rstrip() or "letter"


def export(screen: HasLetter) -> Awaitable[None]:
    """Ask where to; one letter to a file, several into a folder."""
    return _export(screen, targets_of(screen))


async def _export(screen: HasLetter, ids: Sequence[str]) -> None:
    items = {item.id: item for item in await screen.program.engine.outbox.query(lambda outbox: outbox.items_of(ids))}
    first = items.get(ids[0])
    initial = f"~/{file_name(first.subject if first else '')}.eml" if len(ids) == 1 else "~/"
    typed = await screen.prompts.ask(
        "Export to file" if len(ids) == 1 else "Export to folder",
        initial=initial,
        complete=complete_paths,
        shown_as=last_part,
        help_text="~ is your home folder; Tab completes names. The file holds the letter's exact bytes.",
    )
    if typed is None or not typed.strip():
        return
    path = await asyncio.to_thread(typed_path, typed)
    written = path

    async def write(engine: Engine, wanted: Sequence[str]) -> Sequence[Outcome]:
        async def one(item_id: str) -> OutboxItem | None:
            nonlocal written
            written = await engine.outbox.export(item_id, path)
            return items.get(item_id)

        return await each(wanted, one)

    if len(ids) > 1 and not await asyncio.to_thread(path.is_dir):
        raise OutboxError(
            f"{safe_line(str(path))} is no folder.", hint="Several letters go into a folder that is there."
        )
    await act(screen, ids, write, one="was exported.", many=f"written to {safe_line(str(path))}")
    if len(ids) == 1:
        screen.program.say(f"Written to {safe_line(str(written))}.")
