"""The files of a letter that is being written: attached by name or by drop, taken off, put back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.errors import AttachmentError
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.ui.widgets.letter_form import LetterForm
from tuimail.ui.widgets.path_completion import complete_paths, dropped_paths, last_part, typed_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.compose.draft import Attachment
    from tuimail.ui.protocols import Composer


class Attachments:
    """Those of the letter on ``screen``."""

    def __init__(self, screen: Composer) -> None:
        self._screen = screen
        self._failed = ""
        """Typed last, and could not be attached; it stands there the next time, to be corrected."""
        self._removed: Attachment | None = None
        """Taken off last."""

    async def ask(self, initial: str = "") -> None:
        """Ask for a file and attach it."""
        typed = await self._screen.prompts.ask(
            "File to attach",
            initial=initial or self._failed,
            complete=complete_paths,
            shown_as=last_part,
            help_text="~ is your home folder; Tab completes names.",
        )
        if typed is None or not typed.strip():
            return
        path = await asyncio.to_thread(typed_path, typed)
        self._failed = "" if await self._attach([path]) else typed

    async def typed(self, text: str, *, pasted: bool) -> None:
        """Typing on the Attchmnt line begins the question; dropped files are attached at once."""
        paths = await asyncio.to_thread(dropped_paths, text) if pasted else ()
        if paths:
            await self._attach(paths)
        else:
            await self.ask(initial=" ".join(text.split()))

    async def _attach(self, paths: Sequence[Path]) -> bool:
        """Attach ``paths``, those that can be; False (and a sentence) if one cannot."""
        from tuimail.compose.attachment import attach

        added: list[Attachment] = []
        failed: AttachmentError | None = None
        for path in paths:
            try:
                added.append(await asyncio.to_thread(attach, path))
            except AttachmentError as error:
                failed = failed or error
        self._add(added)
        if failed is not None:
            self._screen.complain(failed)
            self._screen.program.bell()
            return False
        what = (
            f"{safe_line(added[0].name)} ({format_size(added[0].size)})" if len(added) == 1 else f"{len(added)} files"
        )
        self._screen.say(f"{what} attached.")
        return True

    def _add(self, added: Sequence[Attachment]) -> None:
        form = self._screen.form
        if added:
            form.attachment.attachments = (*form.attachment.attachments, *added)
            form.attachment.list.here = len(form.attachment.attachments) - 1
            form.post_message(LetterForm.Changed())
            self._screen.refresh_keys()

    def remove(self) -> None:
        """Take the selected file off the letter."""
        self._screen.form.attachment.list.action_remove()

    def removed(self, attachment: Attachment) -> None:
        """Say what was taken off, and how to get it back."""
        screen = self._screen
        self._removed = attachment
        back = f" {screen.program.keymap.key('uncut')} puts it back." if screen.on_attachments else ""
        screen.say(f"{safe_line(attachment.name)} removed.{back}")
        screen.refresh_keys()

    def put_back(self) -> bool:
        """Attach again what was taken off last; False if there is nothing."""
        removed, self._removed = self._removed, None
        if removed is None:
            return False
        self._add([removed])
        return True
