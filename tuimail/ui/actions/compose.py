"""Actions of the composer: what its commands do to the form. Sending is in ``sending``."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tuimail.errors import AttachmentError, StorageError, TuimailError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.outbox.model.states import ItemState
from tuimail.ui.actions.send import send
from tuimail.ui.text.quoted import quoted
from tuimail.ui.widgets.address_field import AddressEditor
from tuimail.ui.widgets.path_completion import complete_paths, last_part, typed_path
from tuimail.ui.widgets.prompt import Choice
from tuimail.ui.widgets.text_editor import TextEditor

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from tuimail.ui.protocols import Action, Composer

LARGEST_TEXT = 5_000_000
"""Bytes of a file read into the text."""


# -- moving and editing
def page_up(screen: Composer) -> None:
    """One page up in the text; in the header to its first field."""
    if screen.focused is screen.form.body:
        screen.form.body.action_cursor_page_up()
    else:
        screen.set_focus(screen.form.stops[0])


def page_down(screen: Composer) -> None:
    """One page down; from the header into the text."""
    if screen.focused is screen.form.body:
        screen.form.body.action_cursor_page_down()
    else:
        screen.set_focus(screen.form.body)


def cut(screen: Composer) -> None:
    """Cut the line or region; on the Attchmnt line, take the file off."""
    if screen.on_attachments:
        screen.attachments.remove()
    elif isinstance(screen.focused, TextEditor):
        screen.focused.action_cut()
        screen.refresh_keys()


def uncut(screen: Composer) -> None:
    """Put back what was cut, an attachment taken off, or the lines before justifying."""
    if screen.on_attachments and screen.attachments.put_back():
        return
    if isinstance(screen.focused, TextEditor):
        screen.focused.action_uncut()
        screen.refresh_keys()


def delete_char(screen: Composer) -> None:
    """Delete under the cursor."""
    if screen.on_attachments:
        screen.attachments.remove()
    elif isinstance(screen.focused, TextEditor):
        screen.focused.action_delete_right()


def undo(screen: Composer) -> None:
    """Take back the last change of this field or of the text."""
    if isinstance(screen.focused, TextEditor):
        screen.focused.action_undo()


def redo(screen: Composer) -> None:
    """Do again what was taken back."""
    if isinstance(screen.focused, TextEditor):
        screen.focused.action_redo()


def mark(screen: Composer) -> None:
    """Set the mark, or take it away."""
    screen.form.body.action_set_mark()
    marked = screen.form.body.marked
    keys = screen.program.keymap
    screen.say(f"Mark set. Move the cursor, then {keys.key('cut-line')} cuts." if marked else "Mark taken away.")


def justify(screen: Composer) -> None:
    """Fill the paragraph."""
    if screen.form.body.action_justify():
        screen.say(f"Justified. {screen.program.keymap.key('uncut')} takes it back.")
    else:
        screen.say("There is no paragraph to justify.")
    screen.refresh_keys()


async def where_is(screen: Composer) -> None:
    """Search the text."""
    last = screen.searched
    label = f"Word to search for [{safe_line(last)}]" if last else "Word to search for"
    wanted = await screen.prompts.ask(label, help_text="Letters match in either case; the search goes on at the top.")
    if wanted is None:
        return
    wanted = wanted or last
    screen.searched = wanted
    body = screen.form.body
    before = body.cursor_location
    if not wanted:
        screen.say("Nothing to search for.")
    elif not body.find(wanted):
        screen.say(f'"{safe_line(wanted)}" not found.', Severity.WARNING)
    elif body.cursor_location == before:
        screen.say("Only here.")
    elif body.cursor_location < before:
        screen.say("Search went on at the top.")


# -- header
def rich_header(screen: Composer) -> None:
    """Show or hide the rare fields."""
    screen.form.show_rich(not screen.form.rich)
    screen.refresh_keys()


async def address_book(screen: Composer) -> None:
    """Offer addresses written to before, in an empty field all; files on the Attchmnt line; the next sender on From."""
    if screen.on_attachments:
        await attach(screen)
    elif screen.focused is screen.form.sender.choice:
        screen.form.sender.choice.action_turn(1)
    elif isinstance(screen.focused, AddressEditor):
        if not await screen.focused.offer():
            typed = screen.focused.text.strip()
            screen.say("No address fits that you wrote to before." if typed else "You wrote to nobody yet.")
    else:
        screen.say("Addresses are for the To, Cc, Bcc and Reply-To lines.")


# -- files
def attach(screen: Composer) -> Awaitable[None]:
    """Ask for a file and attach it."""
    return screen.attachments.ask()


def detach(screen: Composer) -> None:
    """Take the attachment under the bar off the letter."""
    if screen.form.attachment.attachments:
        screen.attachments.remove()
    else:
        screen.say("Nothing is attached.")


async def read_file(screen: Composer) -> None:
    """Ask for a text file and insert it at the cursor."""
    typed = await screen.prompts.ask(
        "File to insert",
        complete=complete_paths,
        shown_as=last_part,
        help_text="A text file; ~ is your home folder; Tab completes names.",
    )
    if not typed or not typed.strip():
        return
    path = await asyncio.to_thread(typed_path, typed)
    text, lost = await asyncio.to_thread(_text_of, path)
    screen.form.body.type_text(text)
    lines = text.count("\n") + (not text.endswith("\n"))
    without = " without its control characters" if lost else ""
    screen.say(f"{lines} line{'s' if lines != 1 else ''} inserted{without}.")


def _text_of(path: Path) -> tuple[str, bool]:
    """The text in a regular file, and whether the editor leaves something of it out. Blocks.

    The attachment's checks keep FIFOs and devices out.
    """
    from tuimail.compose.attachment import AttachedFile
    from tuimail.compose.attachment import attach as stat_file
    from tuimail.compose.text_file import decoded, plain_lines
    from tuimail.mail.content import whole
    from tuimail.ui.text.typed_text import clean_text

    found = stat_file(path)
    shown = safe_line(str(path))
    if found.size > LARGEST_TEXT:
        raise AttachmentError(f"{shown} is too large to be inserted.", path=str(path), hint="Attach it instead.")
    text = plain_lines(decoded(whole(AttachedFile(found))))
    if "\0" in text:
        raise AttachmentError(f"{shown} is not a text file.", path=str(path), hint="Attach it instead.")
    fit = clean_text(text)
    return fit, len(fit) < len(text)


async def editor(screen: Composer) -> None:
    """The text in the user's own editor and back."""
    from tuimail.ui.external_editor import edit_outside

    if screen.editing_outside:
        return
    screen.editing_outside = True
    body = screen.form.body
    # A disk that refuses is told by the autosave; the editor's file is a copy of its own.
    with contextlib.suppress(StorageError):
        await screen.save()
    try:
        folder = screen.program.engine.paths.drafts / screen.draft.id
        edited = await edit_outside(screen.program, body.body, folder, screen.program.engine.config.ui.editor)
        if edited.changed:
            body.replace(body.tidy(edited.text), (0, 0), body.document.end, maintain_selection_offset=False)
            body.move_cursor((0, 0))
        body.focus()
        screen.say("" if edited.changed else "The text was not changed.")
    finally:
        screen.editing_outside = False
        screen.program.refresh(layout=True)


# -- leaving
async def postpone(screen: Composer) -> None:
    """Keep the letter among the drafts and close."""
    await screen.save(postponed=True)
    words = "Message postponed. It is among the drafts."
    try:
        await screen.program.engine.drafts.postpone(screen.stored)
    except TuimailError as error:
        words = f"{words} Its copy could not be made: {error}"
    await screen.close(words)


async def cancel(screen: Composer) -> None:
    """Leave without sending, after a question unless nothing was written; a letter of the outbox goes back there."""
    form, draft = screen.form, screen.draft
    if draft.revises and form.untouched and draft.updated_at == draft.created_at:
        await _put_back(screen)
        return
    of_another = draft.draft_copy is not None and not draft.draft_copy.is_ours
    if of_another and form.untouched:
        await screen.program.engine.drafts.discard(draft.id)
        await screen.close("Nothing was changed. The draft stays where it was.")
        return
    if form.empty:
        await screen.program.engine.drafts.drop(draft)
        await screen.close("Message cancelled.")
        return
    if draft.revises:
        question = "Cancel the changes? The letter goes back to the outbox as it was."
        choices = (Choice("y", "Put back", "back"), Choice("n", "No", "no"), Choice("k", "Keep draft", "keep"))
    elif draft.draft_copy is not None and of_another:
        question = f"Cancel the changes? The draft in {safe_line(draft.draft_copy.folder)} stays as it is."
        choices = (Choice("y", "Cancel", "delete"), Choice("n", "No", "no"), Choice("k", "Keep changes", "keep"))
    else:
        question = "Cancel message? The draft is deleted then."
        choices = (Choice("y", "Delete", "delete"), Choice("n", "No", "no"), Choice("k", "Keep draft", "keep"))
    answer = await screen.prompts.ask_choice(question, choices, default="no")
    if answer == "back":
        await _put_back(screen)
    elif answer == "delete":
        await screen.program.engine.drafts.drop(draft)
        await screen.close("Message cancelled, draft deleted.")
    elif answer == "keep":
        await postpone(screen)


async def _put_back(screen: Composer) -> None:
    """The letter is in the outbox again as it was, the changes are forgotten."""
    # A save that is under way would bring the draft back.
    screen.closed = True
    try:
        item = await screen.program.engine.outbox.put_back(screen.draft)
    except TuimailError:
        screen.closed = False
        raise
    by_hand = item.state is ItemState.HELD and item.not_before is None
    held = ", held until you release it" if by_hand else " as it was"
    await screen.close(f"{quoted(item.subject)} is back in the outbox{held}.")


ACTIONS: dict[str, Action[Composer]] = {
    "compose-cancel": cancel,
    "send": send,
    "address-book": address_book,
    "justify": justify,
    "rich-header": rich_header,
    "attach": attach,
    "read-file": read_file,
    "where-is": where_is,
    "compose-page-up": page_up,
    "compose-page-down": page_down,
    "cut-line": cut,
    "uncut": uncut,
    "postpone": postpone,
    "editor": editor,
    "compose-undo": undo,
    "compose-redo": redo,
    "mark": mark,
    "detach": detach,
    "delete-char": delete_char,
}
