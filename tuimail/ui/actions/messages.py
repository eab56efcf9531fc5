"""What is done to received messages, in the index and where one is read: flags, marks, moves. It can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuimail.errors import UsageError
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, FORWARDED, SEEN
from tuimail.mail.text import safe_line
from tuimail.ui.actions import common
from tuimail.ui.actions.folder_names import ask_folder
from tuimail.ui.text.quoted import quoted
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tuimail.engine.mail_command import MailCommand
    from tuimail.engine.mail_index import IndexEntry
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.actions.folder_names import Destination
    from tuimail.ui.protocols import Action, Frame, HasMessages

    Entries = Sequence[IndexEntry]

FLAGS = (
    Choice("*", "Important", str(FLAGGED)),
    Choice("n", "New", str(SEEN)),
    Choice("a", "Answered", str(ANSWERED)),
    Choice("f", "Forwarded", str(FORWARDED)),
    Choice("d", "Deleted", str(DELETED)),
)


def messages_of(screen: HasMessages) -> tuple[IndexEntry, ...]:
    """The messages meant, as they were drawn when the key came. Raises UsageError: none."""
    found = screen.targets()
    if not found:
        raise UsageError("No message is selected.")
    return found


def on_messages(act: Callable[[Any, Entries], Awaitable[None]]) -> Action[Any]:
    """An action on the messages meant, which are asked for when its key comes, before anything waits."""

    def given(screen: HasMessages) -> Awaitable[None]:
        return act(screen, messages_of(screen))

    return given


def named(entries: Sequence[IndexEntry]) -> str:
    """One message by its subject, several by their number."""
    return quoted(entries[0].row.subject) if len(entries) == 1 else f"{len(entries):,} messages"


def refs_of(entries: Sequence[IndexEntry]) -> list[MessageRef]:
    """Their references."""
    return [each.ref for each in entries]


async def changed(
    screen: HasMessages, entries: Sequence[IndexEntry], commands: Sequence[MailCommand], sentence: str
) -> None:
    """Say what was done, and offer to undo it."""
    program = screen.program
    if not commands:
        program.say(sentence)
        return

    async def step(beneath: Frame) -> None:
        places = await program.engine.mail.undo(commands)
        beneath.come_back_to(places[0] if places else entries[0].ref)
        program.say(f"Undone: {sentence}")

    program.undo.offer(sentence, step)


# -- marks of deletion


@on_messages
async def delete(screen: HasMessages, entries: Entries) -> None:
    """Mark to be deleted, and go on."""
    program = screen.program
    if program.engine.config.reading.deletes_at_once:
        await move_away(screen, entries, program.engine.mail.delete, "Deleted")
        return
    await mark(screen, entries, marked=True)
    if len(entries) == 1:
        await screen.go_on()


async def mark(screen: HasMessages, entries: Sequence[IndexEntry], *, marked: bool) -> None:
    """Mark messages to be deleted, or take that back; offer to undo it."""
    program = screen.program
    mail = program.engine.mail
    wanted, sentence = await _marked(screen, entries, marked=marked)

    async def step(beneath: Frame) -> bool:
        if not await mail.mark_deleted(refs_of(wanted), marked=not marked):
            return False  # the marks were taken back one by one, or carried out
        beneath.come_back_to(wanted[0].ref)
        program.say(f"Undone: {sentence}")
        return True

    if wanted:
        program.undo.offer(sentence, step)
    else:
        program.say(sentence)


async def _marked(screen: HasMessages, entries: Entries, *, marked: bool) -> tuple[list[IndexEntry], str]:
    """Mark messages, or take that back: those that were to be changed, and a sentence on all of them."""
    wanted = [each for each in entries if bool(each.row.flags & DELETED) is not marked]
    await screen.program.engine.mail.mark_deleted(refs_of(wanted), marked=marked)
    return wanted, f"{named(entries)} {'marked to be deleted' if marked else 'not to be deleted'}."


def undelete(screen: HasMessages) -> Awaitable[None] | None:
    """Take the mark back; where there is none, undo the last step."""
    entries = screen.targets()
    if any(each.row.flags & DELETED for each in entries):
        return _unmark(screen, entries)
    common.undo(screen)
    return None


async def _unmark(screen: HasMessages, entries: Sequence[IndexEntry]) -> None:
    """Take the marks back for good: the same key once more must not mark the messages again."""
    _, sentence = await _marked(screen, entries, marked=False)
    screen.program.say(sentence)
    if len(entries) == 1 and screen.program.keymap.name == "mutt":  # its $resolve
        await screen.go_on(marked=True)


# -- to other folders


async def move_away(
    screen: HasMessages,
    entries: Sequence[IndexEntry],
    move: Callable[[Sequence[MessageRef]], Awaitable[Sequence[MailCommand]]],
    done: str,
) -> None:
    """Move messages out of the index, go on where they were, and say so."""
    commands = await move(refs_of(entries))
    await screen.moved_away(entries)
    await changed(screen, entries, commands, f"{done} {named(entries)}.")


@on_messages
async def archive(screen: HasMessages, entries: Entries) -> None:
    """To the archive of each message's account."""
    await to_special(screen, entries, "archive", "Archived")


@on_messages
async def junk(screen: HasMessages, entries: Entries) -> None:
    """To the junk folder; what lies there goes back to the inbox."""
    folders = await screen.program.engine.mail.folders()
    junk_folders = {(each.account, each.name) for each in folders if each.special_use == "junk"}
    if all((each.ref.account, each.ref.folder) in junk_folders for each in entries):
        await move_away(screen, entries, lambda refs: screen.program.engine.mail.move(refs, "INBOX"), "Not junk:")
        return
    await to_special(screen, entries, "junk", "Junk:")


async def to_special(screen: HasMessages, entries: Entries, use: str, done: str) -> None:
    """Move to the folder of a special use."""
    mail = screen.program.engine.mail

    async def move(refs: Sequence[MessageRef]) -> Sequence[MailCommand]:
        return await mail.move_to_special(refs, use)

    await move_away(screen, entries, move, done)


@on_messages
async def save(screen: HasMessages, entries: Entries) -> None:
    """Ask for a folder and move there."""
    to = await ask_folder(screen, f"Move {named(entries)} to folder", entries[0].ref.account)
    if to is None or not await _may_leave(screen, entries, to):
        return
    mail = screen.program.engine.mail

    async def move(refs: Sequence[MessageRef]) -> Sequence[MailCommand]:
        return await (mail.transfer.move(refs, *to) if to.account else mail.move(refs, to.folder))

    await move_away(screen, entries, move, f"Moved to {safe_line(to.name)}:")


async def _may_leave(screen: HasMessages, entries: Entries, to: Destination) -> bool:
    """Nothing is deleted for good by a move to another account without having been asked."""
    transfer = screen.program.engine.mail.transfer
    accounts = await transfer.without_trash(refs_of(entries), to.account) if to.account else []
    if not accounts:
        return True
    names = safe_line(" and ".join(accounts))
    question = f"There is no trash in {names} to undo this from.  Move {named(entries)} for good?"
    if await screen.prompts.ask_yes_no(question, default=False):
        return True
    screen.say("Nothing was changed.")
    return False


@on_messages
async def copy(screen: HasMessages, entries: Entries) -> None:
    """Ask for a folder and copy there."""
    to = await ask_folder(screen, f"Copy {named(entries)} to folder", entries[0].ref.account)
    if to is not None:
        mail, refs = screen.program.engine.mail, refs_of(entries)
        commands = await (mail.transfer.copy(refs, *to) if to.account else mail.copy(refs, to.folder))
        await changed(screen, entries, commands, f"Copied to {safe_line(to.name)}: {named(entries)}.")


# -- flags


async def set_flags(screen: HasMessages, entries: Sequence[IndexEntry], *, add: int = 0, remove: int = 0) -> None:
    """Set and take away flags, and say so."""
    commands = await screen.program.engine.mail.flag(refs_of(entries), add=add, remove=remove)
    words = [_SET[bit] for bit in _SET if add & bit] + [_CLEARED[bit] for bit in _CLEARED if remove & bit]
    await changed(screen, entries, commands, f"{named(entries)}: {', '.join(words)}.")


_SET = {FLAGGED: "important", SEEN: "read", ANSWERED: "answered", FORWARDED: "forwarded"}
_CLEARED = {FLAGGED: "not important", SEEN: "unread", ANSWERED: "not answered", FORWARDED: "not forwarded"}


@on_messages
async def flag(screen: HasMessages, entries: Entries) -> None:
    """Ask for a flag and set it; one that all of them have is taken away."""
    wanted = await screen.prompts.ask_choice(f"Flag {named(entries)} as?", FLAGS, default=str(FLAGGED))
    if wanted is not None:
        await _toggle(screen, entries, int(wanted))


@on_messages
async def clear_flag(screen: HasMessages, entries: Entries) -> None:
    """Ask for a flag and take it away."""
    wanted = await screen.prompts.ask_choice(f"Which flag of {named(entries)} is to be cleared?", FLAGS)
    if wanted is None:
        return
    if int(wanted) == DELETED:
        await mark(screen, entries, marked=False)
    elif int(wanted) == SEEN:  # "new" is cleared by reading
        await set_flags(screen, entries, add=SEEN)
    else:
        await set_flags(screen, entries, remove=int(wanted))


async def _toggle(screen: HasMessages, entries: Sequence[IndexEntry], bit: int) -> None:
    all_have_it = all(each.row.flags & bit for each in entries)
    if bit == DELETED:
        await mark(screen, entries, marked=not all_have_it)
    elif all_have_it:
        await set_flags(screen, entries, remove=bit)
    else:
        await set_flags(screen, entries, add=bit)


@on_messages
async def toggle_important(screen: HasMessages, entries: Entries) -> None:
    """Set or clear the flag."""
    await _toggle(screen, entries, FLAGGED)


@on_messages
async def toggle_unread(screen: HasMessages, entries: Entries) -> None:
    """Unread, or read."""
    await _toggle(screen, entries, SEEN)


ACTIONS: dict[str, Action[HasMessages]] = {
    "delete": delete,
    "undelete": undelete,
    "archive": archive,
    "junk": junk,
    "save": save,
    "copy": copy,
    "flag": flag,
    "clear-flag": clear_flag,
    "toggle-important": toggle_important,
    "toggle-unread": toggle_unread,
}
