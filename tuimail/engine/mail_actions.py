"""Changes of received mail: planned for messages that are there, stored in the journal, carried out, told.

Nothing here needs an event loop; a command does it in its own thread.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tuimail.coordination.lock import PATIENCE, PAUSE, Machine
from tuimail.engine.cache_place import action_lock
from tuimail.engine.folder_rights import check_change, check_target
from tuimail.engine.mail_source import check_writable
from tuimail.engine.message_change import ChosenMessage, MessageChange
from tuimail.engine.received_mail import accounts_with_mail, forget_messages, received_mail
from tuimail.engine.transfer_plan import TransferActions, actions_between, outcome_between
from tuimail.errors import UsageError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOutcome
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.letters import LetterFiles
from tuimail.journal.store import ActionJournal
from tuimail.mail.content import PIECE
from tuimail.mail.line_ends import with_crlf
from tuimail.mail.message_ref import MessageRef
from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from tuimail.config.model import Account, Config
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_source import MailSource
    from tuimail.engine.received_mail import ReceivedMail
    from tuimail.paths import Paths

_UNDER_WAY = (ActionState.WAITING, ActionState.SENT)


@contextmanager
def chosen_messages(
    config: Config, paths: Paths, sources: MailSources, refs: Iterable[MessageRef], *, writable: bool = True
) -> Iterator[list[ChosenMessage]]:
    """The messages of these names, each once, which are to be changed if ``writable``. All are looked up first.

    Raises:
        NoSuchItemError: one of them is not there.
        UsageError: there is no such account, or its mail is read only.
    """
    with ExitStack() as stack:
        opened: dict[str, ReceivedMail] = {}
        chosen = []
        for ref in dict.fromkeys(refs):
            if ref.account not in opened:
                (account,) = accounts_with_mail(config, ref.account)
                if writable:
                    check_writable(account)
                opened[ref.account] = stack.enter_context(received_mail(account, paths, sources=sources))
            chosen.append(ChosenMessage(opened[ref.account], opened[ref.account].message(ref)))
        yield chosen


def choose(
    mail_of: Callable[[str], ReceivedMail], refs: Iterable[MessageRef], *, writable: bool
) -> list[ChosenMessage]:
    """The messages of these names out of mail that is open. Raises as ``chosen_messages``."""
    refs = list(refs)
    if writable:
        for name in {each.account for each in refs}:
            check_writable(mail_of(name).account)
    return [ChosenMessage(mail, mail.message(ref)) for ref in refs for mail in (mail_of(ref.account),)]


def plan_flags(chosen: Iterable[ChosenMessage], *, add: int, remove: int) -> list[MessageChange]:
    """Set and take away flags (mail/flags)."""
    return [MessageChange(each.found, ActionKind.FLAG, add=add, remove=remove, now=each.found.ref) for each in chosen]


def plan_transfer(chosen: Iterable[ChosenMessage], kind: ActionKind, folder: str) -> list[MessageChange]:
    """Move or copy to a folder of each message's own account. Raises UsageError: one has no such folder."""
    return [MessageChange(each.found, kind, target=each.mail.folder_name(folder)) for each in chosen]


def plan_between(
    chosen: Iterable[ChosenMessage], kind: ActionKind, to: ReceivedMail, folder: str
) -> list[MessageChange]:
    """Move or copy to a folder of the account of ``to``, in whichever account the messages are.

    Those of another account need their letters then (``with_letter``).

    Raises:
        UsageError: there is no such folder, or the account is read only.
    """
    check_writable(to.account)
    target = to.folder_name(folder if to.has(folder) else unquote(folder))
    planned = []
    for each in chosen:
        change = MessageChange(each.found, kind, target=target)
        if each.found.ref.account != to.account.name:
            trash = trash_for(each.mail, each.found.ref.folder) if kind is ActionKind.MOVE else ""
            keeps = to.account.is_on_server
            change = replace(change, account=to.account.name, keeps_keywords=keeps, trash=trash)
        planned.append(change)
    return planned


def with_letter(change: MessageChange, letters: LetterFiles, file: BinaryIO) -> MessageChange:
    """``change`` with the message kept durably. Raises StorageError."""
    return replace(change, letter=letters.keep(with_crlf(iter(lambda: file.read(PIECE), b""))))


def plan_elsewhere(
    config: Config,
    paths: Paths,
    sources: MailSources,
    chosen: Sequence[ChosenMessage],
    *,
    kind: ActionKind,
    place: tuple[str, str],
    keep: bool,
) -> list[MessageChange]:
    """``plan_between`` for a place that a command names: account and folder; with the letters if ``keep``.

    Raises:
        UsageError: as ``plan_between``.
        TuimailError: a message cannot be read or fetched, or the disk refuses.
    """
    (account,) = accounts_with_mail(config, place[0])
    with received_mail(account, paths, sources=sources) as to:
        planned = plan_between(chosen, kind, to, place[1])
    if not keep:
        return planned
    letters = LetterFiles(paths.journal / "letters")
    for index, (each, message) in enumerate(zip(planned, chosen, strict=True)):
        if each.account:
            with message.mail.open(message.found) as file:
                planned[index] = with_letter(each, letters, file)
    return planned


def trash_for(mail: ReceivedMail, folder: str) -> str:
    """Where messages of ``folder`` go that are taken away; empty: they are deleted for good."""
    trash = next((each.name for each in mail.folders() if each.special_use == "trash"), "")
    return "" if trash == folder else trash


def plan_special(chosen: Iterable[ChosenMessage], use: str) -> list[MessageChange]:
    """Move to the folder of each message's account that has this special use.

    Raises:
        UsageError: an account has none.
    """
    planned = []
    for each in chosen:
        folder = next((each.name for each in each.mail.folders() if each.special_use == use), None)
        if folder is None:
            name = each.found.ref.account
            hint = f"Create a folder, and name it in the config: [accounts.{name}.folders] {use} = ..."
            raise UsageError(f"The account {name} has no {use} folder.", hint=hint)
        planned.append(MessageChange(each.found, ActionKind.MOVE, target=folder))
    return planned


def plan_deletion(chosen: Iterable[ChosenMessage]) -> list[MessageChange]:
    """Move to the account's trash; what is there already, or has none, is deleted for good."""
    planned = []
    for each in chosen:
        trash = trash_for(each.mail, each.found.ref.folder)
        planned.append(MessageChange(each.found, ActionKind.MOVE if trash else ActionKind.DELETE, target=trash))
    return planned


def check_allowed(chosen: Iterable[ChosenMessage], planned: Iterable[MessageChange]) -> None:
    """Raise UsageError if a folder forbids what was planned for the ``chosen`` messages, as far as that is known."""
    mails = {each.found.ref: each.mail for each in chosen}
    for each in planned:
        mail, ref = mails[each.found.ref], each.found.ref
        check_change(mail.mailbox(ref.folder), each.kind, each.add | each.remove)
        if each.kind in (ActionKind.MOVE, ActionKind.COPY) and not each.account:
            check_target(mail.mailbox(each.target))


def carry_out(
    config: Config, paths: Paths, sources: MailSources, planned: Sequence[MessageChange], *, keep_refused: bool = True
) -> list[MessageChange]:
    """Store what was planned durably, all or none, and carry it out; the same list with what came of each.

    What is refused stays in the journal for the user to decide, and later changes of the same messages wait for that.
    A script decides by the exit code: it does not keep it. What a server out of reach holds up waits in the journal.

    Raises:
        StorageError: the journal cannot be written (nothing was changed then), or a Maildir is not there.
    """
    actions = actions_of(planned)
    if not actions:
        return [_outcome(each, {}) for each in planned]
    with closing(ActionJournal(paths.journal)) as journal:
        journal.prune()
        command = journal.add(actions)[0].id
        offline: dict[str, str] = {}
        for account in _turns(actions):
            try:
                replay(config.accounts[account], sources, paths, journal)
            except ImapError as error:
                offline[account] = str(error)
        stored = journal.batch(command)
        for each in stored:
            if each.state is ActionState.REFUSED and not keep_refused:
                UserDecisions(journal).discard(each.id)
        found = _with_outcomes(planned, stored)
    return [_with_reason(each, offline.get(each.account) or offline.get(each.found.ref.account, "")) for each in found]


def _with_reason(change: MessageChange, offline: str) -> MessageChange:
    """Why it waits, if its server is out of reach."""
    return replace(change, words=offline) if change.state == "waiting" and offline and not change.words else change


def undo(config: Config, paths: Paths, sources: MailSources, command: int) -> list[MailAction]:
    """Undo the command of this number (``MessageChange.command``); its inverses, carried out. None: it had not begun.

    Raises:
        IllegalTransitionError: it cannot be undone; nothing was changed.
        NoSuchItemError: there is no such command, or it is long ago.
    """
    with closing(ActionJournal(paths.journal)) as journal:
        made = journal.undo(command)
        for account in _turns(made):
            replay(config.accounts[account], sources, paths, journal)
        return [journal.get(each.id) for each in made]


def _turns(actions: Iterable[MailAction]) -> list[str]:
    """The accounts whose actions are carried out, in this order: one may wait for what another one does."""
    accounts = list(dict.fromkeys(each.account for each in actions))
    return accounts if len(accounts) == 1 else accounts * 2


def replay(account: Account, sources: MailSources, paths: Paths, journal: ActionJournal) -> None:
    """``replay_ready``; what was moved or deleted is taken out of the cache. Raises TuimailError."""
    ended = replay_ready(account, sources.of(account), paths, journal)
    forget_messages(account, paths, places_left(ended))


def replay_ready(account: Account, source: MailSource, paths: Paths, journal: ActionJournal) -> list[MailAction]:
    """Carry out what waits for this account; what was carried out, as it is now.

    While another process does that, wait for it, PATIENCE seconds at most.

    Raises:
        StorageError: the journal cannot be written, or the Maildir is not there.
    """
    lock = action_lock(account, paths)
    until = time.monotonic() + PATIENCE
    while not lock.acquire():
        if journal.next_ready(account.name) is None or time.monotonic() >= until:
            return []
        time.sleep(PAUSE)
    try:
        replayer = source.replayer(journal, Machine().owner())
        return [] if replayer is None else replayer.replay()
    finally:
        lock.release()


def places_left(ended: Iterable[MailAction], *, also_gone: bool = False) -> Iterator[tuple[str, str]]:
    """Folder and key of every message that was taken away; ``also_gone``: or that was not there any more."""
    wanted = (MessageOutcome.DONE, MessageOutcome.GONE) if also_gone else (MessageOutcome.DONE,)
    for action in ended:
        if action.kind in (ActionKind.MOVE, ActionKind.DELETE, ActionKind.APPEND):
            done = (each for each in action.messages if each.key and each.outcome in wanted)
            yield from ((action.folder, each.key) for each in done)


def places_now(actions: Iterable[MailAction]) -> list[MessageRef]:
    """Where the messages of finished actions are, as far as that is known."""
    found = []
    for action in actions:
        for each in action.messages:
            if each.outcome is MessageOutcome.DONE and action.kind is not ActionKind.DELETE:
                moved = action.kind is ActionKind.MOVE
                place = (action.target, each.landed) if moved else (action.folder, each.key)
                found.append(MessageRef(action.account, *place))
    return found


def actions_of(planned: Sequence[MessageChange]) -> list[MailAction]:
    """One action for all messages of a folder that the same is done to."""
    actions: dict[MailAction, list[ActionMessage]] = {}
    between: list[MailAction] = []
    for each in planned:
        if each.account:
            between += actions_between(each)
            continue
        ref, row = each.found.ref, each.found.row
        if each.kind is ActionKind.MOVE and each.target == ref.folder:
            continue
        action = MailAction(
            ref.account, each.kind, ref.folder, (), target=each.target, add=each.add, remove=each.remove
        )
        if each.kind is ActionKind.DELETE:
            action = replace(action, target="")
        message = ActionMessage(ref.key, before=row.flags, keywords=row.keywords, message_id=each.found.message_id)
        actions.setdefault(action, []).append(message)
    return [replace(action, messages=tuple(messages)) for action, messages in actions.items()] + between


def _with_outcomes(planned: Sequence[MessageChange], actions: Sequence[MailAction]) -> list[MessageChange]:
    by_name = {
        MessageRef(action.account, action.folder, message.key): (action, message)
        for action in actions
        for message in action.messages
    }
    between = TransferActions(actions)
    return [outcome_between(each, between) if each.account else _outcome(each, by_name) for each in planned]


def _outcome(change: MessageChange, by_name: dict[MessageRef, tuple[MailAction, ActionMessage]]) -> MessageChange:
    ref = change.found.ref
    if ref not in by_name:
        return replace(change, state="done", now=ref)  # it is in that folder already
    action, message = by_name[ref]
    change = replace(change, command=action.batch)
    if message.outcome is MessageOutcome.DONE:
        now = MessageRef(ref.account, action.target, message.landed) if message.landed else change.now
        return replace(change, state="done", now=now)
    if message.outcome is MessageOutcome.GONE or action.state is ActionState.DROPPED:
        words = action.words if action.state is ActionState.DROPPED else "Another program moved or deleted it."
        return replace(change, state="gone", words=words, now=None)
    state = "waiting" if action.state in _UNDER_WAY else "refused"
    return replace(change, state=state, words=action.words, now=None)
