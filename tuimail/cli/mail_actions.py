"""What flag, move, copy and delete have in common: ids that are all checked first, a plan, its outcome in words."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.cli.message_document import flag_names, message_document
from tuimail.cli.output import print_error, print_json, print_line
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, note_offline
from tuimail.errors import EX_CANTCREAT, EX_NOINPUT, EX_OK, EX_TEMPFAIL
from tuimail.mail.message_ref import parse_message_ref

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from tuimail.config.model import Config
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.message_change import ChosenMessage, MessageChange
    from tuimail.journal.action import ActionKind
    from tuimail.paths import Paths

_CODES = {"refused": EX_CANTCREAT, "gone": EX_NOINPUT, "waiting": EX_TEMPFAIL}
"""Exit code of a command for the first of these states that one of its letters is in."""
_NOT_DONE = {
    "refused": "It was refused.",
    "gone": "It is gone.",
    "waiting": "Another tuimail, or an earlier change of this letter, comes first.",
}


def make_parser(name: str, description: str, example: str) -> Parser:
    """A parser with what all of them take; the ids come first."""
    parser = Parser(
        prog=f"tuimail {name}",
        description=f"{description} Ids are listed by: tuimail search PATTERN. All are checked before the first "
        "letter is changed.",
        examples=(example,),
    )
    parser.add_argument("id", nargs="+", metavar="ID", help="as search prints it")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done; change nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def make_transfer_parser(name: str, example: str) -> Parser:
    """A parser of ids and the folder that their letters go to."""
    made = make_parser(
        name,
        f"{name.capitalize()} letters to another folder of their account, or to a folder of another account, which is "
        "named account:Folder.",
        example,
    )
    made.add_argument("folder", metavar="FOLDER", help="as folders prints it; of another account: account:Folder")
    return made


def run_transfer(args: Namespace, paths: Paths, kind: ActionKind) -> int:
    """Move or copy to ``args.folder``; as ``run_change``."""
    from tuimail.engine.mail_actions import plan_elsewhere, plan_transfer
    from tuimail.engine.typed_place import named_place

    config = load_config(paths)
    place = named_place(args.folder, config.accounts)
    if place is None:
        return _run(args, paths, config, lambda _, chosen: plan_transfer(chosen, kind, args.folder))

    def planned(sources: MailSources, chosen: list[ChosenMessage]) -> list[MessageChange]:
        keep = not args.dry_run
        return plan_elsewhere(config, paths, sources, chosen, kind=kind, place=place, keep=keep)

    return _run(args, paths, config, planned, writable=kind == "move")


def run_change(args: Namespace, paths: Paths, plan: Callable[[list[ChosenMessage]], list[MessageChange]]) -> int:
    """Find the letters, plan, carry out and tell. Exit code 66 for an unknown id; nothing is changed then."""
    return _run(args, paths, load_config(paths), lambda _, chosen: plan(chosen))


def _run(
    args: Namespace,
    paths: Paths,
    config: Config,
    plan: Callable[[MailSources, list[ChosenMessage]], list[MessageChange]],
    *,
    writable: bool = True,
) -> int:
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_actions import carry_out, check_allowed, chosen_messages

    refs = [parse_message_ref(each) for each in args.id]
    with closing(MailSources(paths)) as sources:
        with chosen_messages(config, paths, sources, refs, writable=writable) as chosen:
            if args.dry_run:  # else it is said of each letter
                note_offline(each.mail for each in chosen)
            changes = plan(sources, chosen)
            check_allowed(chosen, changes)
        if not args.dry_run:
            changes = carry_out(config, paths, sources, changes, keep_refused=False)
    if args.json:
        print_json([_document(each) for each in changes])
    elif args.dry_run:
        for each in changes:
            print_line(f"Would {_what(each)}: {each.found.ref}  {each.found.row.subject or '(no subject)'}")
    else:
        _tell(changes)
    states = {each.state for each in changes}
    return next((code for state, code in _CODES.items() if state in states), EX_OK)


def _tell(changes: Sequence[MessageChange]) -> None:
    done: dict[str, int] = {}
    for each in changes:
        if each.state == "done":
            done[_what(each)] = done.get(_what(each), 0) + 1
        else:
            when = "not yet done; it is tried again later" if each.state == "waiting" else "not done"
            print_error(f"{each.found.ref}: {when}. {each.words or _NOT_DONE[each.state]}")
    for what, number in done.items():
        print_line(f"Done: {what} ({number} {'letter' if number == 1 else 'letters'}).")


def _what(change: MessageChange) -> str:
    """``move to Archive``."""
    if change.add or change.remove:
        names = [f"+{name}" for name in flag_names(change.add, "")] + [
            f"-{name}" for name in flag_names(change.remove, "")
        ]
        return f"mark {' '.join(names)}"
    if not change.account:
        return "delete for good" if change.kind == "delete" else f"{change.kind} to {change.target}"
    for_good = change.kind == "move" and not change.trash
    undoable = f"; {change.found.ref.account} has no trash, so this cannot be undone" if for_good else ""
    return f"{change.kind} to {change.account}:{change.target}{undoable}"


def _document(change: MessageChange) -> dict[str, object]:
    """The letter as it was named; its flags as they are afterwards."""
    return {
        **message_document(change.found),
        "flags": flag_names(change.flags, change.found.row.keywords),
        "action": change.kind,
        "target": change.target or None,
        "target_account": change.account or (change.found.ref.account if change.target else None),
        "state": change.state,
        "reason": change.words or None,
        "new_id": None if change.now is None else str(change.now),
    }
