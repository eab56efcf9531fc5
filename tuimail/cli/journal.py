"""``tuimail journal``: the changes of received mail that are not done, tried again or dropped."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_until
from tuimail.cli.output import print_error, print_json, print_line, print_table
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config
from tuimail.errors import (
    EX_CANTCREAT,
    EX_NOINPUT,
    EX_OK,
    EX_TEMPFAIL,
    NoSuchItemError,
    StorageError,
    TuimailError,
    UsageError,
)
from tuimail.journal.action import UNDECIDED, ActionState
from tuimail.journal.decisions import UserDecisions, can_be_redirected, check_redirectable, check_undecided
from tuimail.journal.description import describe
from tuimail.journal.store import ActionJournal
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.journal.action import MailAction
    from tuimail.paths import Paths

VERBS = {
    "list": ("what waits, what was refused, and what was dropped in the last week", ("list", "list --json")),
    "retry": (
        "try changes again now; without an ID all that are not done",
        ("retry 12", "retry 12 --folder Archive", "retry"),
    ),
    "drop": ("never carry out changes", ("drop 12",)),
}
"""Verb -> (line in the help, examples)."""
_CODES = {
    ActionState.REFUSED: EX_CANTCREAT,
    ActionState.DROPPED: EX_NOINPUT,
    ActionState.WAITING: EX_TEMPFAIL,
    ActionState.SENT: EX_TEMPFAIL,
}
"""Exit code of ``retry`` for the first of these states that one of the changes is in."""
_LONGEST_ID = 18
"""Digits."""


def parser() -> Parser:
    """Its options."""
    listed = "\n".join(f"  {name:<6} {words}" for name, (words, _) in VERBS.items())
    made = Parser(
        prog="tuimail journal",
        description="Changes of received mail that are not done yet: the mailbox could not be reached, or refused "
        f"them.\n\n{listed}\n\nAll ids are checked before the first change is tried or dropped.",
        examples=[f"tuimail journal {each}" for _, examples in VERBS.values() for each in examples],
    )
    made.add_argument("verb", nargs="?", default="list", choices=tuple(VERBS), help="default: list")
    made.add_argument("ids", nargs="*", metavar="ID", help="as list prints it")
    made.add_argument(
        "--folder", metavar="F", help="with retry ID: take this folder of the account for what was refused"
    )
    made.add_argument("--dry-run", action="store_true", help="say what would be done; change nothing")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command. Exit code 66 for an unknown id; nothing is changed then."""
    args = parser().parse_args(argv)
    numbers = list(dict.fromkeys(map(_number, args.ids)))
    if args.verb == "drop" and not numbers:
        raise UsageError("Which change is to be dropped?", hint="Ids are listed by: tuimail journal list")
    if args.folder is not None and (args.verb != "retry" or not numbers):
        raise UsageError("Which change is to go to another folder?", hint="tuimail journal retry ID --folder F")
    if not paths.journal.exists():
        for number in numbers:
            raise _unknown(number)
        if args.json:
            print_json([])
        return EX_OK
    with closing(ActionJournal(paths.journal)) as journal:
        if args.verb == "list":
            # One that is named is shown in whatever state it is.
            _list(args, [_named(journal, each) for each in numbers] or UserDecisions(journal).listed())
            return EX_OK
        chosen = _chosen(args, journal, numbers)
        if args.dry_run:
            _would(args, chosen)
            return EX_OK
        return _retry(args, paths, journal, chosen) if args.verb == "retry" else _drop(args, paths, journal, chosen)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_ID:
        raise UsageError(f"{safe_line(text[:40])!r} is not the id of a change.", hint="See: tuimail journal list")
    return int(text)


def _unknown(number: int) -> NoSuchItemError:
    return NoSuchItemError(f"There is no change {number} in the journal.", hint="See: tuimail journal list")


def _chosen(args: Namespace, journal: ActionJournal, numbers: Sequence[int]) -> list[MailAction]:
    """Raises NoSuchItemError and IllegalTransitionError: one of them is not there, or decided."""
    if not numbers:
        return journal.actions(UNDECIDED)
    found = [_named(journal, each) for each in numbers]
    for each in found:
        check_undecided(each, "tried again" if args.verb == "retry" else "dropped")
        if args.folder is not None and not can_be_redirected(each):
            raise UsageError(
                f"The change {each.id} cannot go to another folder.", hint="Only what a folder refused can."
            )
    return found


def _named(journal: ActionJournal, number: int) -> MailAction:
    try:
        return journal.get(number)
    except NoSuchItemError:
        raise _unknown(number) from None


def _list(args: Namespace, shown: Sequence[MailAction]) -> None:
    if args.json:
        print_json([_document(each) for each in shown])
        return
    now = time.time()
    print_table([[str(each.id), _state(each, now), each.account, describe(each), each.words] for each in shown])


def _state(action: MailAction, now: float) -> str:
    if action.state in (ActionState.WAITING, ActionState.SENT) and action.next_at > now:
        return format_until(action.next_at, now)
    return "under way" if action.state is ActionState.SENT else str(action.state)


def _would(args: Namespace, chosen: Sequence[MailAction]) -> None:
    if args.json:
        print_json([_document(each) for each in chosen])
        return
    for each in chosen:
        print_line(f"Would {'try again' if args.verb == 'retry' else 'drop'}: {each.id} {describe(each)}")


def _retry(args: Namespace, paths: Paths, journal: ActionJournal, chosen: Sequence[MailAction]) -> int:
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_actions import replay
    from tuimail.engine.received_mail import accounts_with_mail

    config = load_config(paths)
    numbers, codes = [], []
    with closing(MailSources(paths)) as sources:
        for name in dict.fromkeys(each.account for each in chosen):
            own = [each.id for each in chosen if each.account == name]
            try:
                (account,) = accounts_with_mail(config, name)
                if args.folder is not None:
                    _redirect(args.folder, account, paths, sources, [journal.get(each) for each in own], journal)
                else:
                    for number in own:
                        UserDecisions(journal).retry(number)
                numbers += own
                replay(account, sources, paths, journal)
            except TuimailError as error:  # another account may be there
                print_error(f"{safe_line(name)}: {error}", error.hint)
                codes.append(error.exit_code)
    ended = [journal.get(each) for each in numbers]
    _tell(args, ended)
    states = {each.state for each in ended}
    codes += [code for state, code in _CODES.items() if state in states]
    return next(iter(codes), EX_OK)


def _redirect(
    folder: str,
    account: Account,
    paths: Paths,
    sources: MailSources,
    chosen: Sequence[MailAction],
    journal: ActionJournal,
) -> None:
    """Raises UsageError: there is no such folder, or it allows nothing; and as ``UserDecisions.redirect``."""
    from tuimail.engine.folder_rights import check_target
    from tuimail.engine.received_mail import received_mail

    with received_mail(account, paths, sources=sources) as mail:
        mailbox = mail.mailbox(folder)
    check_target(mailbox)
    names_chosen = not account.is_on_server
    for each in chosen:
        check_redirectable(each, names_chosen=names_chosen)
    for each in chosen:
        UserDecisions(journal).redirect(each.id, mailbox.name, names_chosen=names_chosen)


def _drop(args: Namespace, paths: Paths, journal: ActionJournal, chosen: Sequence[MailAction]) -> int:
    from tuimail.engine.decision_work import drop

    config = load_config(paths)
    dropped, code = [], EX_OK
    for each in chosen:
        try:
            dropped.append(drop(config.accounts.get(each.account), paths, journal, each.id))
        except StorageError:
            raise
        except TuimailError as error:  # it was decided, or begun, at this moment
            print_error(f"{each.id}: {error}", error.hint)
            code = max(code, error.exit_code)
    _tell(args, dropped)
    return code


def _tell(args: Namespace, actions: Sequence[MailAction]) -> None:
    if args.json:
        print_json([_document(each) for each in actions])
        return
    for each in actions:
        if args.verb == "drop":
            print_line(f"Dropped: {each.id} {describe(each)}")
        elif each.state is ActionState.DONE:
            print_line(f"Done: {each.id} {describe(each)}")
        else:
            again = "not yet done; it is tried again later" if each.state in UNDECIDED else "not done"
            again = "refused" if each.state is ActionState.REFUSED else again
            print_error(f"{each.id} {describe(each)}: {again}. {each.words}".strip())


def _document(action: MailAction) -> dict[str, object]:
    """Times are RFC 3339 in UTC; what is not set is null."""
    from tuimail.cli.message_document import flag_names
    from tuimail.clock import rfc3339

    return {
        "id": action.id,
        "account": action.account,
        "kind": str(action.kind),
        "folder": action.folder,
        "target": action.target or None,
        "add": flag_names(action.add, action.add_keywords),
        "remove": flag_names(action.remove, action.remove_keywords),
        "messages": [
            {"key": each.key or None, "message_id": each.message_id or None, "outcome": str(each.outcome) or None}
            for each in action.messages
        ],
        "state": str(action.state),
        "words": action.words or None,
        "tries": action.tries,
        "next_at": rfc3339(action.next_at or None),
        "created": rfc3339(action.created),
    }
