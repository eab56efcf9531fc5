"""Actions on several messages of the index: tags, patterns, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.actions import by_thread, messages
from tuimail.ui.actions.by_thread import thread_of
from tuimail.ui.actions.index import PATTERN_HELP
from tuimail.ui.actions.messages import messages_of, on_messages
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.ui.protocols import Action, MessageList

SELECT = (
    Choice("a", "All", "~A"),
    Choice("m", "Matching", "matching"),
    Choice("h", "tHread", "thread"),
    Choice("u", "Unread", "~U"),
    Choice("i", "Important", "~F"),
    Choice("d", "Deleted", "~D"),
    Choice("n", "None", "none"),
)


def show_tags(screen: MessageList) -> None:
    """Say how many are tagged, and draw them."""
    count = len(screen.tagged)
    key = screen.program.keymap.key("apply-tagged")
    screen.say(f"{count:,} tagged.  {key} applies a command to them." if count else "None is tagged.")
    screen.show_position()
    screen.list.refresh()
    screen.refresh_keys()


def tag(screen: MessageList) -> None:
    """Tag or untag the messages meant, and go on to the next."""
    entries = messages_of(screen)
    if all(each.row_id in screen.tagged for each in entries):
        _untag(screen, entries)
    else:
        _tag(screen, entries)
    if len(entries) == 1:
        screen.list.move(1)
    show_tags(screen)


def _tag(screen: MessageList, entries: Iterable[IndexEntry]) -> None:
    screen.tagged.update({each.row_id: each for each in entries})


def _untag(screen: MessageList, entries: Iterable[IndexEntry]) -> None:
    for each in entries:
        screen.tagged.pop(each.row_id, None)


def apply(screen: MessageList) -> None:
    """Let the next command act on the tagged messages."""
    if not screen.tagged:
        screen.say(f"Nothing is tagged: {screen.program.keymap.key('tag-message')} tags the message under the cursor.")
        return
    screen.applying = True
    screen.say(f"Apply which command to {messages.named(list(screen.tagged.values()))}?")
    screen.refresh_keys()


async def select(screen: MessageList) -> None:
    """Ask which messages to tag."""
    wanted = await screen.prompts.ask_choice("Tag which messages?", SELECT, default="matching")
    if wanted is None:
        return
    if wanted == "none":
        screen.tagged.clear()
    elif wanted == "thread":
        _tag(screen, await thread_of(screen, messages_of(screen)))
    elif wanted == "matching":
        _tag(screen, await _ask_matching(screen, "Tag messages that match"))
    else:
        _tag(screen, await matching(screen, wanted))
    show_tags(screen)


async def tag_pattern(screen: MessageList) -> None:
    """Ask for a pattern and tag what matches."""
    _tag(screen, await _ask_matching(screen, "Tag messages that match"))
    show_tags(screen)


async def untag_matching(screen: MessageList) -> None:
    """Ask for a pattern and untag what matches."""
    _untag(screen, await _ask_matching(screen, "Untag messages that match"))
    show_tags(screen)


@on_messages
async def tag_thread(screen: MessageList, entries: Sequence[IndexEntry]) -> None:
    """Tag all messages of the thread; if they are, untag them."""
    entries = await thread_of(screen, entries)
    if all(each.row_id in screen.tagged for each in entries):
        _untag(screen, entries)
    else:
        _tag(screen, entries)
    show_tags(screen)


async def delete_matching(screen: MessageList) -> None:
    """Ask for a pattern and mark what matches."""
    found = await _ask_matching(screen, "Mark to be deleted what matches")
    if found:
        await messages.mark(screen, found, marked=True)


async def undelete_matching(screen: MessageList) -> None:
    """Ask for a pattern and take the marks of what matches back."""
    found = await _ask_matching(screen, "Take back the marks of what matches")
    if found:
        await messages.mark(screen, found, marked=False)


async def matching(screen: MessageList, text: str) -> Sequence[IndexEntry]:
    """The messages of the index that match. Raises UsageError: it is no pattern."""
    from tuimail.engine import index_search
    from tuimail.mail.pattern import parse

    if screen.index is None:
        return []
    request = screen.index.request
    pattern = parse(text, screen.program.engine.clock.now())
    mail = screen.program.engine.mail
    rows = await mail.search.matching(request, pattern)
    return await mail.query(lambda reader: index_search.entries_of(reader, rows))


async def _ask_matching(screen: MessageList, question: str) -> Sequence[IndexEntry]:
    wanted = await screen.prompts.ask(question, help_text=PATTERN_HELP)
    if wanted is None or not wanted.strip():
        return []
    found = await matching(screen, wanted.strip())
    if not found:
        screen.say("No message matches.")
    return found


ACTIONS: dict[str, Action[MessageList]] = {
    "tag-message": tag,
    "select": select,
    "tag-pattern": tag_pattern,
    "untag-matching": untag_matching,
    "apply-tagged": apply,
    "tag-thread": tag_thread,
    "delete-matching": delete_matching,
    "undelete-matching": undelete_matching,
    **by_thread.ACTING,
}
