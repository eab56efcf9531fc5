"""How a thread is to be changed: planned from the messages that the cache has of it, on the thread of the reader."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.thread_edits import muted_threads
from tuimail.cache.threads import members, stored_edits
from tuimail.errors import UsageError
from tuimail.mail.thread_edit import MOST_NAMED, ThreadEdit
from tuimail.mail.thread_tree import thread_lines

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    from tuimail.cache.threads import Member
    from tuimail.engine.mail_reader import MailReader
    from tuimail.mail.message_ref import MessageRef


class EditPlan(NamedTuple):
    """Edits of one account, and what they replace."""

    account: str
    put: Sequence[ThreadEdit]
    before: Sequence[ThreadEdit]
    """The edits of the same messages that there were."""

    @property
    def new(self) -> list[str]:
        """Messages that had none."""
        had = {each.message_id for each in self.before}
        return [each.message_id for each in self.put if each.message_id not in had]


class MutePlan(NamedTuple):
    """The messages that stand for a thread."""

    account: str
    names: Sequence[str]
    muted: bool


class _Branch(NamedTuple):
    """A message in its thread."""

    name: str
    thread: int
    below: list[Member]
    others: list[Member]


def plan_break(reader: MailReader, ref: MessageRef) -> EditPlan:
    """The message begins a thread of its own, with its answers. Raises UsageError: it does already."""
    mail = reader.mail(ref.account)
    with mail.cache.snapshot() as db:
        branch = _branch(reader, db, ref)
        if not branch.others:
            raise UsageError("It begins its thread already.")
        edit = ThreadEdit(branch.name, "", *_sides(branch))
        return _plan(ref.account, {edit.message_id: edit}, stored_edits(db))


def plan_links(reader: MailReader, refs: Iterable[MessageRef], target: MessageRef) -> EditPlan:
    """Messages answer ``target`` from now on, with their answers.

    Raises:
        UsageError: one is of another account, or ``target`` answers it.
    """
    mail = reader.mail(target.account)
    with mail.cache.snapshot() as db:
        parent = _branch(reader, db, target)
        before = stored_edits(db)
        edits = {each.message_id: each for each in before}
        for ref in refs:
            if ref.account != target.account:
                raise UsageError("Only messages of one account can be linked.")
            branch = _branch(reader, db, ref)
            moved = {branch.name, *_names(branch.below)}
            if parent.name in moved:
                raise UsageError("The message answers one that is to be linked to it.", hint="Break the thread first.")
            edits = {name: _without(each, moved) for name, each in edits.items()}
            sides = ((), ()) if branch.thread == parent.thread else _sides(branch)
            edits[branch.name] = ThreadEdit(branch.name, parent.name, *sides)
        changed = {each.message_id: each for each in edits.values() if each not in before}
        return _plan(target.account, changed, before)


def plan_mute(reader: MailReader, ref: MessageRef) -> MutePlan:
    """Mute the thread of a message; one that is muted is not any more. Raises UsageError: no message has a name."""
    mail = reader.mail(ref.account)
    row = mail.message(ref).row
    with mail.cache.snapshot() as db:
        saying = [name for name, thread in muted_threads(db).items() if thread == row.thread]
        if saying:
            return MutePlan(ref.account, saying, muted=False)
        names = _names(members(db, row.thread))
    if not names:
        raise UsageError("The message has no Message-ID, so its answers would not be known.")
    return MutePlan(ref.account, names[-MOST_NAMED:], muted=True)


def _branch(reader: MailReader, db: sqlite3.Connection, ref: MessageRef) -> _Branch:
    found = reader.mail(ref.account).message(ref)
    if not found.message_id:
        raise UsageError("The message has no Message-ID, so its place in a thread cannot be changed.")
    lines = thread_lines(members(db, found.row.thread))
    at = next((number for number, line in enumerate(lines) if line.message.id == found.row.id), None)
    if at is None:
        raise UsageError("The message was deleted meanwhile.")
    end = next((at + 1 + n for n, line in enumerate(lines[at + 1 :]) if line.depth <= lines[at].depth), len(lines))
    # A copy of the message has its name, and goes where it goes.
    others = [line.message for line in (*lines[:at], *lines[end:]) if line.message.message_id != found.message_id]
    return _Branch(found.message_id, found.row.thread, [line.message for line in lines[at + 1 : end]], others)


def _sides(branch: _Branch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what goes with a message, and of what it is taken away from."""
    below = _names(branch.below)[:MOST_NAMED]
    inside = {branch.name, *below}
    apart = [each for each in _names(branch.others) if each not in inside]
    return tuple(each for each in below if each != branch.name), tuple(apart[-MOST_NAMED:])


def _names(messages: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(each.message_id for each in messages if each.message_id))


def _without(edit: ThreadEdit, moved: Collection[str]) -> ThreadEdit:
    """An earlier edit must not keep apart what is linked now."""
    if edit.message_id in moved:
        return replace(edit, below=(), apart=())
    below, apart = ([each for each in side if each not in moved] for side in (edit.below, edit.apart))
    return replace(edit, below=tuple(below), apart=tuple(apart))


def _plan(account: str, put: dict[str, ThreadEdit], before: Iterable[ThreadEdit]) -> EditPlan:
    return EditPlan(account, list(put.values()), [each for each in before if each.message_id in put])
