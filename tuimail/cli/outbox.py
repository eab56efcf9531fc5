"""``tuimail outbox``: lists, shows and manages the letters in the outbox. Its verbs are those of outbox/model/item."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol, cast

from tuimail.cli.parser import Parser, count_of_letters
from tuimail.errors import UsageError
from tuimail.outbox.model.states import ItemState, Order, Place

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.paths import Paths

READ, RUN, ACT = "outbox_read", "outbox_run", "outbox_actions"
REPORT, SERVICE = "outbox_report", "outbox_service"
"""The modules that implement the verbs."""

VERBS = {
    "list": (READ, "what is in the outbox", ("list", 'list --sort next --match "to:kim minutes"', "list --json")),
    "show": (READ, "everything about one letter", ("show 3k9", "show 3k9 --raw | less")),
    "run": (RUN, "send what is due; with --watch, keep sending", ("run", "run --watch")),
    "retry": (ACT, "try letters again, as soon as possible", ("retry 3k9", "retry --all")),
    "hold": (ACT, "hold letters until they are released", ("hold 3k9", "hold --match subject:minutes")),
    "release": (ACT, "let held letters go", ("release 3k9 x7k", "release --state held")),
    "later": (ACT, "send letters at a later time", ("later 3k9 18:30", "later 3k9 x7k +2h")),
    "move": (ACT, "move a letter among those that wait", ("move 3k9 first", "move 3k9 up")),
    "account": (ACT, "send letters through another account", ("account 3k9 home", "account --state blocked home")),
    "mend": (ACT, "correct a refused address; it goes to that one only", ("mend 3k9 kin@x.example kim@x.example",)),
    "edit": (ACT, "take a letter out and open it in the composer", ("edit 3k9",)),
    "cancel": (ACT, "take letters out of the outbox; they are kept among the drafts", ("cancel 3k9",)),
    "delete": (ACT, "delete letters from the outbox", ("delete 3k9", "delete --state failed")),
    "restore": (ACT, "put back letters that were cancelled or deleted, for seven days", ("restore 3k9",)),
    "resolve": (ACT, "decide uncertain letters: sent, or resend", ("resolve 3k9 sent",)),
    "export": (ACT, "write letters into .eml files", ("export 3k9", "export --match to:kim --to ~/letters")),
    "report": (REPORT, "tie a bounce or delivery report, from a mail filter, to its letter", ("report < bounce.eml",)),
    "service": (SERVICE, "a service that keeps sending without a screen", ("service install", "service status")),
}
"""Verb -> (module, line in the help, examples)."""

EXAMPLES = (
    "tuimail outbox list --json",
    "tuimail outbox show 3k9",
    "tuimail outbox later 3k9 18:30",
    "tuimail outbox run --watch",
    "tuimail outbox retry --all",
    "tuimail outbox resolve 3k9 sent",
    "tuimail outbox service install",
)

CHOOSING = frozenset({"retry", "hold", "release", "later", "account", "cancel", "delete", "restore", "export"})
"""Verbs that take letters by --match and --state as well as by id."""

STATES = (*map(str, ItemState), "needs-you")


class _Module(Protocol):
    def verb(self, args: Namespace, paths: Paths) -> int:
        """Run ``args.verb``."""
        ...


def parser() -> Parser:
    """The parser of ``tuimail outbox``, with one of its own for every verb."""
    listed = "\n".join(f"  {name:<8} {words}" for name, (_, words, _) in VERBS.items())
    made = Parser(
        prog="tuimail outbox",
        description="List, show and manage the letters in the outbox. An id may be shortened as long as it is unique."
        f"\n\n{listed}",
        examples=EXAMPLES,
    )
    verbs = made.add_subparsers(dest="verb", metavar="VERB")
    for name in VERBS:
        _add(name, verbs.add_parser(name, **_about(name)))
    return made


def _parser_of(verb: str) -> Parser:
    """The parser of one verb alone: to make all of them takes as long as to read the outbox."""
    made = Parser(prog=f"tuimail outbox {verb}", **_about(verb))
    made.set_defaults(verb=verb)
    _add(verb, made)
    return made


def _about(verb: str) -> dict[str, Any]:
    _, words, examples = VERBS[verb]
    return {
        "description": f"{words[:1].upper()}{words[1:]}.",
        "examples": [f"tuimail outbox {each}" for each in examples],
    }


def _add(name: str, sub: Parser) -> None:
    """The arguments of one verb."""
    sub.add_argument("--json", action="store_true", help="print one JSON document")
    if name == "list":
        sub.add_argument("-a", "--all", action="store_true", help="also what was sent or cancelled")
        sub.add_argument(
            "--sort", choices=tuple(map(str, Order)), default=str(Order.NEED), help="sort by; default need"
        )
        sub.add_argument("--limit", type=count_of_letters, metavar="N", help="no more than N letters")
    elif name == "run":
        sub.add_argument("--watch", action="store_true", help="keep sending what becomes due, until ^C")
    elif name == "report":
        sub.add_argument("files", nargs="*", metavar="FILE", help="the report; default: standard input")
    elif name == "service":
        sub.add_argument("action", choices=("install", "remove", "status"), help="what to do with it")
    elif name in CHOOSING:
        sub.add_argument("ids", nargs="*", metavar="ID")
    else:
        sub.add_argument("ids", nargs="+" if name == "resolve" else 1, metavar="ID")
    if name in CHOOSING or name == "list":
        sub.add_argument(
            "--match", metavar="WORDS", default="", help='letters with all of these words: "to:kim minutes"'
        )
        sub.add_argument("--state", choices=STATES, metavar="STATE", help=f"letters in this state: {', '.join(STATES)}")
        sub.add_argument(
            "--account" if name == "list" else "--of", dest="of", metavar="ACCOUNT", help="of this account"
        )
    if name == "show":
        sub.add_argument("--raw", action="store_true", help="the letter itself, as it is on the wire")
    elif name == "retry":
        sub.add_argument("--all", action="store_true", help="all letters that are deferred or blocked")
    elif name == "resolve":
        sub.add_argument(
            "outcome",
            choices=("sent", "resend", "undo"),
            help="it was delivered; or send it again; or take back that it was sent",
        )
    elif name == "later":
        sub.add_argument("time", metavar="TIME", help='as in "18:30", "+2h" or "2027-01-31T08:00"')
    elif name == "move":
        sub.add_argument("place", choices=tuple(map(str, Place)), help="where to, among the letters of its account")
    elif name == "account":
        sub.add_argument("name", metavar="NAME", help="of the account; From stays as it is")
    elif name == "mend":
        sub.add_argument("old", metavar="OLD", help="the address that was refused")
        sub.add_argument("new", metavar="NEW", help="the right one")
    elif name == "export":
        sub.add_argument("--to", metavar="FILE|FOLDER", default=".", help="never overwritten; default: this folder")


def run(argv: list[str], paths: Paths) -> int:
    """Run the command; without a verb, list."""
    words = argv if argv[:1] and not argv[0].startswith("--json") else ["list", *argv]
    args = _parser_of(words[0]).parse_args(words[1:]) if words[0] in VERBS else parser().parse_args(words)
    if not args.verb:
        raise UsageError("Which verb?", hint="Try: tuimail outbox --help")
    module = cast("_Module", importlib.import_module(f"tuimail.cli.{VERBS[args.verb][0]}"))
    return module.verb(args, paths)
