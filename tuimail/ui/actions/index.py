"""Actions of the message index: moving, searching, limiting, leaving, carrying out deletions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.mail.flags import SEEN
from tuimail.mail.pattern_tree import Flag
from tuimail.mail.text import safe_line
from tuimail.ui.actions import index_sorting, messages
from tuimail.ui.actions.answering import continue_draft, is_draft
from tuimail.ui.actions.mail_places import PLACES, mark_all_read
from tuimail.ui.actions.messages import on_messages
from tuimail.ui.actions.movement import SCROLLING
from tuimail.ui.requests import ShowAttachments, ShowMessage
from tuimail.ui.text.cells import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.ui.protocols import Action, MessageList

PATTERN_HELP = (
    "Words, or patterns: ~f from, ~t to, ~s subject, ~b text, ~d <1w date, ~U unread, ~F important, !not, |or"
)


# -- moving


async def read(screen: MessageList) -> None:
    """Open the message under the cursor; a draft is continued."""
    if screen.entry is None:
        screen.say("No message is selected.")
        return
    if await _is_draft(screen, screen.entry):
        await continue_draft(screen, screen.entry)
        return
    screen.program.navigation.open(ShowMessage(screen.cursor))


async def _is_draft(screen: MessageList, entry: IndexEntry) -> bool:
    """As ``is_draft``; of a folder that is shown it is known without asking."""
    if screen.index is not None and screen.request.search is None and screen.index.special_use != "drafts":
        return False
    return await is_draft(screen, entry)


@on_messages
async def read_in_full(screen: MessageList, _entries: Sequence[IndexEntry]) -> None:
    """Open the message with every field of its header."""
    screen.program.navigation.open(ShowMessage(screen.cursor, full_header=True))


@on_messages
async def list_files(screen: MessageList, entries: Sequence[IndexEntry]) -> None:
    """List the files of the message."""
    from tuimail.engine.message_reader import MessageReader

    ref = entries[0].ref
    message = await MessageReader(screen.program.engine.mail).read(ref)
    if message.files:
        screen.program.navigation.open(ShowAttachments(message, safe_line(f"{ref.account}/{ref.folder}")))
    else:
        screen.say("The message has no attachments.")


def _move(by: int) -> Action[MessageList]:
    return lambda screen: screen.list.move(by)


def _step(by: int) -> Action[MessageList]:
    async def step(screen: MessageList) -> None:
        if not await screen.cursor.step(by):
            screen.say("There is no other message that is not to be deleted." if by else "")

    return step


async def next_new(screen: MessageList) -> None:
    """The next unread message here, else the next folder that has one."""
    if await screen.cursor.step(1, unread=True):
        return
    mail = screen.program.engine.mail
    request = screen.request
    if request.search is not None:
        screen.say("No other message found is unread.")
        return
    others = [
        each
        for each in await mail.folders()
        if each.unread
        and each.special_use not in ("junk", "trash")
        and (each.account, each.name) != (request.account, request.folder)
        and not (request.unified and each.name == "INBOX")
    ]
    if not others:
        screen.say("There is no other unread message.")
        return
    folder = others[0]
    question = f"No more unread messages here. Go on to {safe_line(folder.name)} ({folder.unread:,} unread)?"
    if await screen.prompts.ask_yes_no(question):
        wanted = screen.program.places.of(folder.account, folder.name)
        screen.program.places.opened = wanted
        await screen.show_request(wanted)


async def previous_new(screen: MessageList) -> None:
    """The unread message before."""
    if not await screen.cursor.step(-1, unread=True):
        screen.say("There is no unread message before this one.")


async def jump(screen: MessageList) -> None:
    """Ask for a number and go there."""
    digit, screen.typed_digit = screen.typed_digit, ""
    wanted = await screen.prompts.ask("Jump to message number", initial=digit)
    if wanted is None:
        return
    number = wanted.strip().replace(",", "")
    if not number.isdecimal() or not 1 <= int(number) <= screen.list.count:
        screen.say(f"There is no message {safe_line(wanted.strip())}: they go from 1 to {screen.list.count:,}.")
        return
    screen.list.select(int(number) - 1)
    await screen.loaded()


def search_label(before: str) -> str:
    """The question for words; Return takes those of ``before``, as in pine."""
    return f"Search for [{clip(safe_line(before), 30)}]" if before else "Search for"


async def search(screen: MessageList) -> None:
    """Ask for words and go to the next message that has them."""
    wanted = await screen.prompts.ask(search_label(screen.searched), help_text=PATTERN_HELP)
    screen.searched = (wanted or "").strip() or screen.searched
    if wanted is None or not screen.searched:
        return
    await _find(screen, 1)


async def search_again(screen: MessageList) -> None:
    """The next one found."""
    await (_find(screen, 1) if screen.searched else search(screen))


async def search_back(screen: MessageList) -> None:
    """The one found before."""
    await (_find(screen, -1) if screen.searched else search(screen))


async def _find(screen: MessageList, step: int) -> None:
    """Go to the next match, round the end."""
    from tuimail.engine import index_search
    from tuimail.mail.pattern import parse

    index = screen.index
    if index is None:
        return
    pattern = parse(screen.searched, screen.program.engine.clock.now())
    row_id = None if screen.entry is None else screen.entry.row_id
    mail = screen.program.engine.mail
    rows = await mail.search.matching(index.request, pattern)
    found = await mail.query(lambda _mail: index_search.next_of(index, rows, row_id, step))
    if found is None:
        screen.say(f"No message has {safe_line(screen.searched)}.")
        return
    before = screen.list.cursor
    screen.list.select(found)
    await screen.loaded()
    if (found - before) * step <= 0:
        screen.say(f"Search went on from the {'top' if step > 0 else 'bottom'}.")


# -- what is shown


async def limit(screen: MessageList) -> None:
    """Ask for a pattern; empty shows all."""
    wanted = await screen.prompts.ask("Show only", initial=screen.limit_text, help_text=PATTERN_HELP)
    if wanted is None:
        return
    await limit_to(screen, wanted.strip())


async def limit_to(screen: MessageList, text: str) -> None:
    """Show only what matches. Raises UsageError with the place of what is wrong."""
    from tuimail.mail.pattern import parse

    if not text or text in ("~A", "all"):
        await screen.show_everything()
        screen.say("All messages are shown.")
        return
    pattern = parse(text, screen.program.engine.clock.now())
    await screen.show_request(replace(screen.request, limit=pattern), limit_text=text)


def show_limit(screen: MessageList) -> None:
    """Say what the index is limited to."""
    limits = ([f"Limited to: {safe_line(screen.limit_text)}."] if screen.limit_text else []) + (
        ["Only tagged messages are shown."] if screen.zoomed else []
    )
    screen.say("  ".join(limits) or "The index is not limited.")


async def zoom(screen: MessageList) -> None:
    """Only tagged messages, or all again."""
    if screen.zoomed:
        await screen.show_everything()
        return
    if not screen.tagged:
        screen.say("Nothing is tagged.")
        return
    screen.zoomed = True
    await screen.show_request(screen.request)


async def go_back(screen: MessageList) -> None:
    """Stop searching, show all again; else leave, after a question if anything is marked to be deleted."""
    if screen.results.searching:
        screen.results.break_off()
        screen.say(f"The search was broken off: {screen.list.count:,} found so far.")
        return
    if screen.limited:
        await screen.show_everything()
        return
    marked = await _marked(screen)
    if marked:
        question = f"Delete the {messages.named(marked)} marked to be deleted in {_place(screen)}?"
        wanted = await screen.prompts.ask_yes_no(question, default=False, help_text="N leaves them marked.")
        if wanted is None:
            return
        if wanted:
            await carry_out_deletions(screen, marked)
    screen.program.navigation.back()


def leave(screen: MessageList) -> None:
    """Leave at once; what is marked to be deleted stays marked."""
    screen.program.navigation.back()


# -- carrying out deletions


async def expunge(screen: MessageList) -> None:
    """Delete what is marked in this index, after a question."""
    marked = await _marked(screen)
    if not marked:
        screen.say("No message is marked to be deleted.")
        return
    if await screen.prompts.ask_yes_no(f"Delete {messages.named(marked)} from {_place(screen)}?"):
        await carry_out_deletions(screen, marked)


def _place(screen: MessageList) -> str:
    return "what was found" if screen.request.search is not None else safe_line(screen.request.folder)


async def _marked(screen: MessageList) -> Sequence[IndexEntry]:
    """The messages of the folder that are marked to be deleted."""
    from tuimail.engine import index_search

    if screen.index is None:
        return []
    index = screen.index
    return await screen.program.engine.mail.query(lambda mail: index_search.marked(mail, index))


async def carry_out_deletions(screen: MessageList, marked: Sequence[IndexEntry]) -> None:
    """Move to the trash, or delete for good what lies there."""
    await messages.move_away(screen, marked, screen.program.engine.mail.delete, "Deleted")


async def read_folder(screen: MessageList) -> None:
    """Mark every message of the folder read, or every one found."""
    from tuimail.engine import index_search

    if screen.request.search is None:
        await mark_all_read(screen, screen.request)
        return
    mail = screen.program.engine.mail
    rows = await mail.search.matching(screen.request, Flag.UNREAD)
    found = await mail.query(lambda reader: index_search.entries_of(reader, rows))
    if found:
        await messages.set_flags(screen, found, add=SEEN)
    else:
        screen.say("No message found is unread.")


ACTIONS: dict[str, Action[MessageList]] = {
    **messages.ACTIONS,
    **PLACES,
    **index_sorting.ACTIONS,
    **SCROLLING,
    "read-folder": read_folder,
    "read": read,
    "read-in-full": read_in_full,
    "list-files": list_files,
    "previous-message": _move(-1),
    "next-message": _move(1),
    "previous-undeleted": _step(-1),
    "next-undeleted": _step(1),
    "index-page-up": lambda screen: screen.list.move(-screen.list.page),
    "index-page-down": lambda screen: screen.list.move(screen.list.page),
    "first": lambda screen: screen.list.select(0),
    "last": lambda screen: screen.list.select(screen.list.count - 1),
    "next-new": next_new,
    "previous-new": previous_new,
    "jump": jump,
    "search-index": search,
    "search-again": search_again,
    "search-back": search_back,
    "limit": limit,
    "show-limit": show_limit,
    "zoom": zoom,
    "expunge": expunge,
    "back": go_back,
    "leave-index": leave,
}
