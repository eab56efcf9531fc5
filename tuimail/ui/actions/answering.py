"""Answering received messages, from the index and where one is read: reply, forward, resend, begin anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.row_recipients import split_recipients
from tuimail.mail.text import safe_line
from tuimail.ui.actions.messages import named, on_messages
from tuimail.ui.actions.targets import check_undone
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.compose.draft import Draft
    from tuimail.engine.mail_index import IndexEntry
    from tuimail.mail.reply_recipients import ReplyKind
    from tuimail.ui.protocols import Action, Frame, HasMessages, Program

    Entries = Sequence[IndexEntry]


def one(entries: Entries, command: str) -> IndexEntry:
    """The only message meant. Raises UsageError: there are several."""
    if len(entries) > 1:
        raise UsageError(f"{command} takes one message at a time.")
    return entries[0]


def other_recipients(entry: IndexEntry, own: OwnAddresses) -> int:
    """How many besides us the message went to, its sender not counted."""
    to, cc = split_recipients(entry.row.recipients)
    addresses = {each.rpartition(" <")[2].removesuffix(">").casefold() for each in (*to, *cc)}
    return sum(each not in own and each != entry.row.from_addr.casefold() for each in addresses)


async def open_draft(program: Program, draft: Draft, note: str = "") -> None:
    """The composer on a draft that is owned, and what is to be said of its copy elsewhere."""
    draft, words = await program.engine.drafts.copies.checked(draft)
    program.navigation.open(ShowComposer(draft))
    if words or note:
        program.say(words or note)


@on_messages
async def reply(screen: HasMessages, entries: Entries) -> None:
    """Reply; as pine does, ask whether to all when there are others. In the mutt keymap ``reply-all`` is a key."""
    from tuimail.mail.reply_recipients import ReplyKind

    entry = one(entries, "Reply")
    kind = ReplyKind.REPLY
    program = screen.program
    if program.keymap.name == "pine" and other_recipients(entry, _own(screen, entry)):
        wanted = await screen.prompts.ask_yes_no("Reply to all recipients?", default=False)
        if wanted is None:
            return
        kind = ReplyKind.ALL if wanted else ReplyKind.REPLY
    await _answer(screen, entry, kind)


@on_messages
async def reply_all(screen: HasMessages, entries: Entries) -> None:
    """Reply to all."""
    from tuimail.mail.reply_recipients import ReplyKind

    await _answer(screen, one(entries, "Reply"), ReplyKind.ALL)


@on_messages
async def reply_list(screen: HasMessages, entries: Entries) -> None:
    """Reply to the mailing list."""
    from tuimail.mail.reply_recipients import ReplyKind

    await _answer(screen, one(entries, "Reply"), ReplyKind.LIST)


async def _answer(screen: HasMessages, entry: IndexEntry, kind: ReplyKind) -> None:
    program = screen.program
    prepared = await program.engine.answers.answer(entry.ref, kind, selection=screen.selection)
    screen.unselect()
    program.navigation.open(ShowComposer(prepared.draft))
    if prepared.note:
        program.say(safe_line(prepared.note))


@on_messages
async def forward(screen: HasMessages, entries: Entries) -> None:
    """Forward within the text; several messages are attached."""
    await _forward(screen, entries, attached=len(entries) > 1)


@on_messages
async def forward_attached(screen: HasMessages, entries: Entries) -> None:
    """Forward as an attachment, byte for byte."""
    await _forward(screen, entries, attached=True)


async def _forward(screen: HasMessages, entries: Entries, *, attached: bool) -> None:
    draft = await screen.program.engine.answers.forward(one(entries, "Forward").ref, attached=attached)
    screen.program.navigation.open(ShowComposer(draft))


@on_messages
async def edit_as_new(screen: HasMessages, entries: Entries) -> None:
    """A new letter that says the same."""
    await _begin_with(screen, one(entries, "Edit as new"))


async def _begin_with(screen: HasMessages, entry: IndexEntry) -> None:
    draft = await screen.program.engine.answers.edit_as_new(entry.ref)
    screen.program.navigation.open(ShowComposer(draft))


@on_messages
async def edit_message(screen: HasMessages, entries: Entries) -> None:
    """Go on with a draft. What was received stays as it is: a new letter may be made of it."""
    entry = one(entries, "Edit")
    if await is_draft(screen, entry):
        await continue_draft(screen, entry)
        return
    question = "A received message is not changed.  Begin a new letter with its text?"
    if await screen.prompts.ask_yes_no(question, help_text=f"Of {named(entries)}."):
        await _begin_with(screen, entry)


async def is_draft(screen: HasMessages, entry: IndexEntry) -> bool:
    """It lies in a folder for drafts, and its account's mail may be changed."""
    mail, ref = screen.program.engine.mail, entry.ref
    if mail.is_read_only(ref.account):
        return False
    folders = await mail.folders()
    return (ref.account, ref.folder) in {(each.account, each.name) for each in folders if each.special_use == "drafts"}


async def continue_draft(screen: HasMessages, entry: IndexEntry) -> None:
    r"""Go on writing a message that lies in \\Drafts, whichever program began it."""
    prepared = await screen.program.engine.answers.continue_draft(entry.ref)
    await open_draft(screen.program, prepared.draft, prepared.note)


@on_messages
async def bounce(screen: HasMessages, entries: Entries) -> None:
    """Resend the messages as they are."""
    from tuimail.outbox.model.states import Verb

    program = screen.program

    async def complete(typed: str) -> Sequence[str]:
        return await program.engine.drafts.complete(typed)

    to = await screen.prompts.ask(
        f"Resend {named(entries)} to", help_text="Its sender and text stay as they are.", complete=complete
    )
    if to is None or not to.strip():
        return
    items = [await program.engine.answers.bounce(each.ref, to) for each in entries]

    async def step(_beneath: Frame) -> None:
        check_undone(await program.engine.outbox.apply_many(Verb.DROP, [each.id for each in items]))
        program.say(f"Undone: {named(entries)} is not resent.")

    program.undo.offer(f"{named(entries)} will be resent to {safe_line(to.strip())}.", step)


def _own(screen: HasMessages, entry: IndexEntry) -> OwnAddresses:
    account = screen.program.engine.config.accounts.get(entry.ref.account)  # none, if the message is gone
    return OwnAddresses(each.address for each in account.identities) if account else OwnAddresses()


ACTIONS: dict[str, Action[HasMessages]] = {
    "reply": reply,
    "reply-all": reply_all,
    "reply-list": reply_list,
    "forward": forward,
    "forward-attached": forward_attached,
    "edit-as-new": edit_as_new,
    "edit-message": edit_message,
    "bounce": bounce,
}
