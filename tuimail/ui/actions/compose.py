"""Verbs of the composer: what its commands do to the form. Sending is in ``sending``."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tuimail.errors import AttachmentError, StorageError, TuimailError
from tuimail.events import Severity
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.outbox.model.item import ItemState
from tuimail.ui.actions.export import last_part, paths
from tuimail.ui.actions.send import send
from tuimail.ui.navigation import quoted
from tuimail.ui.widgets.address_field import AddressEditor
from tuimail.ui.widgets.letter_form import LetterForm
from tuimail.ui.widgets.path_completion import dropped_paths, typed_path
from tuimail.ui.widgets.prompt import Choice
from tuimail.ui.widgets.text_editor import TextEditor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.compose.draft import Attachment
    from tuimail.ui.screens.compose import ComposeScreen
    from tuimail.ui.screens.frame import Verb

LARGEST_TEXT = 5_000_000
"""Bytes of a file read into the text."""


# -- moving and editing
def page_up(screen: ComposeScreen) -> None:
    """One page up in the text; in the header to its first field."""
    if screen.focused is screen.form.body:
        screen.form.body.action_cursor_page_up()
    else:
        screen.set_focus(screen.form.stops[0])


def page_down(screen: ComposeScreen) -> None:
    """One page down; from the header into the text."""
    if screen.focused is screen.form.body:
        screen.form.body.action_cursor_page_down()
    else:
        screen.set_focus(screen.form.body)


def cut(screen: ComposeScreen) -> None:
    """Cut the line or region; on the Attchmnt line, take the file off."""
    if screen.on_attachments:
        screen.form.attachment.list.action_remove()
    elif isinstance(screen.focused, TextEditor):
        screen.focused.action_cut()
        screen.refresh_keys()


def uncut(screen: ComposeScreen) -> None:
    """Put back what was cut, an attachment taken off, or the lines before justifying."""
    gone = screen.detached
    if screen.on_attachments and gone is not None:
        screen.detached = None
        _add(screen, [gone])
    elif isinstance(screen.focused, TextEditor):
        screen.focused.action_uncut()
        screen.refresh_keys()


def delete_char(screen: ComposeScreen) -> None:
    """Delete under the cursor."""
    if screen.on_attachments:
        screen.form.attachment.list.action_remove()
    elif isinstance(screen.focused, TextEditor):
        screen.focused.action_delete_right()


def undo(screen: ComposeScreen) -> None:
    """Take back the last change of this field or of the text."""
    if isinstance(screen.focused, TextEditor):
        screen.focused.action_undo()


def redo(screen: ComposeScreen) -> None:
    """Do again what was taken back."""
    if isinstance(screen.focused, TextEditor):
        screen.focused.action_redo()


def mark(screen: ComposeScreen) -> None:
    """Set the mark, or take it away."""
    screen.form.body.action_set_mark()
    marked = screen.form.body.marked
    keys = screen.program.keymap
    screen.say(f"Mark set. Move the cursor, then {keys.key('cut-line')} cuts." if marked else "Mark taken away.")


def justify(screen: ComposeScreen) -> None:
    """Fill the paragraph."""
    if screen.form.body.action_justify():
        screen.say(f"Justified. {screen.program.keymap.key('uncut')} takes it back.")
    else:
        screen.say("There is no paragraph to justify.")
    screen.refresh_keys()


async def where_is(screen: ComposeScreen) -> None:
    """Search the text."""
    last = screen.searched
    label = f"Word to search for [{safe_line(last)}]" if last else "Word to search for"
    wanted = await screen.ask(label, help_text="Letters match in either case; the search goes on at the top.")
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
def rich_header(screen: ComposeScreen) -> None:
    """Show or hide the rare fields."""
    screen.form.show_rich(not screen.form.rich)
    screen.refresh_keys()


async def address_book(screen: ComposeScreen) -> None:
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
async def attach(screen: ComposeScreen, initial: str = "") -> None:
    """Ask for a file and attach it; a name that does not work stands there the next time, for mending."""
    typed = await screen.ask(
        "File to attach",
        initial=initial or screen.failed_path,
        complete=paths,
        shown_as=last_part,
        help_text="~ is your home folder; Tab completes names.",
    )
    if typed is None or not typed.strip():
        return
    path = await asyncio.to_thread(typed_path, typed)
    screen.failed_path = "" if await _attach(screen, [path]) else typed


async def attach_typed(screen: ComposeScreen, text: str, *, pasted: bool) -> None:
    """Typing on the Attchmnt line begins the question; dropped files are attached at once."""
    paths = await asyncio.to_thread(dropped_paths, text) if pasted else ()
    if paths:
        await _attach(screen, paths)
    else:
        await attach(screen, initial=" ".join(text.split()))


async def _attach(screen: ComposeScreen, paths: Sequence[Path]) -> bool:
    """Attach ``paths``, those that can be; False (and a sentence) if one cannot."""
    from tuimail.compose.attachment import attach as look_at

    added: list[Attachment] = []
    failed: AttachmentError | None = None
    for path in paths:
        try:
            added.append(await asyncio.to_thread(look_at, path))
        except AttachmentError as error:
            failed = failed or error
    _add(screen, added)
    if failed is not None:
        screen.complain(failed)
        screen.app.bell()
        return False
    words = f"{safe_line(added[0].name)} ({format_size(added[0].size)})" if len(added) == 1 else f"{len(added)} files"
    screen.say(f"{words} attached.")
    return True


def _add(screen: ComposeScreen, added: Sequence[Attachment]) -> None:
    form = screen.form
    if added:
        form.attachment.attachments = (*form.attachment.attachments, *added)
        form.attachment.list.here = len(form.attachment.attachments) - 1
        form.post_message(LetterForm.Changed())
        screen.refresh_keys()


def detach(screen: ComposeScreen) -> None:
    """Take the attachment under the bar off the letter."""
    if screen.form.attachment.attachments:
        screen.form.attachment.list.action_remove()
    else:
        screen.say("Nothing is attached.")


def removed(screen: ComposeScreen, attachment: Attachment) -> None:
    """Say what was taken off, and how to get it back."""
    screen.detached = attachment
    back = f" {screen.program.keymap.key('uncut')} puts it back." if screen.on_attachments else ""
    screen.say(f"{safe_line(attachment.name)} removed.{back}")
    screen.refresh_keys()


async def read_file(screen: ComposeScreen) -> None:
    """Ask for a text file and insert it at the cursor."""
    typed = await screen.ask(
        "File to insert",
        complete=paths,
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
    from tuimail.compose.attachment import attach as look_at
    from tuimail.compose.text_file import decoded, plain_lines
    from tuimail.mail.content import whole
    from tuimail.ui.text.typed_text import clean_text

    found = look_at(path)
    shown = safe_line(str(path))
    if found.size > LARGEST_TEXT:
        raise AttachmentError(f"{shown} is too large to be inserted.", path=str(path), hint="Attach it instead.")
    text = plain_lines(decoded(whole(AttachedFile(found))))
    if "\0" in text:
        raise AttachmentError(f"{shown} is not a text file.", path=str(path), hint="Attach it instead.")
    fit = clean_text(text)
    return fit, len(fit) < len(text)


async def editor(screen: ComposeScreen) -> None:
    """The text in the user's own editor and back."""
    from tuimail.ui.screens.external_editor import edit_outside

    if screen.editing_outside:
        return
    screen.editing_outside = True
    body = screen.form.body
    # A disk that refuses is told by the autosave; the editor's file is a copy of its own.
    with contextlib.suppress(StorageError):
        await screen.save()
    try:
        folder = screen.engine.paths.drafts / screen.draft.id
        edited = await edit_outside(screen.app, body.body, folder, screen.engine.config.ui.editor)
        if edited.changed:
            body.replace(body.tidy(edited.text), (0, 0), body.document.end, maintain_selection_offset=False)
            body.move_cursor((0, 0))
        body.focus()
        screen.say("" if edited.changed else "The text was not changed.")
    finally:
        screen.editing_outside = False
        screen.app.refresh(layout=True)


# -- leaving
async def postpone(screen: ComposeScreen) -> None:
    """Keep the letter among the drafts and close."""
    await screen.save(postponed=True)
    await screen.engine.drafts.close(screen.draft.id)
    await screen.close("Message postponed. It is among the drafts.")


async def cancel(screen: ComposeScreen) -> None:
    """Leave without sending, after a question unless nothing was written; a letter of the outbox goes back there."""
    form, draft = screen.form, screen.draft
    if draft.revises and form.untouched and draft.updated_at == draft.created_at:
        await _put_back(screen)
        return
    if form.empty:
        await screen.engine.drafts.discard(draft.id)
        await screen.close("Message cancelled.")
        return
    if draft.revises:
        question = "Cancel the changes? The letter goes back to the outbox as it was."
        choices = (Choice("y", "Put back", "back"), Choice("n", "No", "no"), Choice("k", "Keep draft", "keep"))
    else:
        question = "Cancel message? The draft is deleted then."
        choices = (Choice("y", "Delete", "delete"), Choice("n", "No", "no"), Choice("k", "Keep draft", "keep"))
    answer = await screen.ask_choice(question, choices, default="no")
    if answer == "back":
        await _put_back(screen)
    elif answer == "delete":
        await screen.engine.drafts.discard(draft.id)
        await screen.close("Message cancelled, draft deleted.")
    elif answer == "keep":
        await postpone(screen)


async def _put_back(screen: ComposeScreen) -> None:
    """The letter is in the outbox again as it was, the changes are forgotten."""
    # A save that is under way would bring the draft back.
    screen.closed = True
    try:
        item = await screen.engine.outbox.put_back(screen.draft)
    except TuimailError:
        screen.closed = False
        raise
    by_hand = item.state is ItemState.HELD and item.not_before is None
    held = ", held until you release it" if by_hand else " as it was"
    await screen.close(f"{quoted(item.subject)} is back in the outbox{held}.")


VERBS: dict[str, Verb] = {
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
