"""``tuimail outbox``: see what is on its way, and steer it. Its verbs are those of outbox/item."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from tuimail.cli.parser import Parser
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.paths import Paths

LOOK, RUN, STEER = "outbox_look", "outbox_run", "outbox_steer"
REPORT, SERVICE = "outbox_report", "outbox_service"
"""The modules that carry the verbs out."""

VERBS = {
    "list": (LOOK, "what is in the outbox"),
    "show": (LOOK, "everything about one letter"),
    "run": (RUN, "send what is due; with --watch, keep sending"),
    "retry": (STEER, "try a letter again, as soon as possible"),
    "hold": (STEER, "hold a letter until it is released"),
    "release": (STEER, "let a held letter go"),
    "cancel": (STEER, "take a letter out of the outbox; it is kept among the drafts"),
    "edit": (STEER, "take a letter out and open it in the composer"),
    "delete": (STEER, "give a letter up"),
    "report": (REPORT, "take a bounce or delivery report, from a mail filter, and tie it to its letter"),
    "service": (SERVICE, "a service that keeps sending without a screen: install, remove, status"),
    "resolve": (STEER, "say what became of an uncertain letter: sent, or resend"),
}
"""Verb -> its module and its line in the help."""

EXAMPLES = (
    "tuimail outbox list --json",
    "tuimail outbox show 3k9",
    "tuimail outbox run --watch",
    "tuimail outbox retry --all",
    "tuimail outbox resolve 3k9 sent",
    "tuimail outbox service install",
)


class _Module(Protocol):
    def verb(self, args: Namespace, paths: Paths) -> int:
        """Carry out ``args.verb``."""
        ...


def parser() -> Parser:
    """Its options."""
    listed = "\n".join(f"  {name:<8} {words}" for name, (_, words) in VERBS.items())
    made = Parser(
        prog="tuimail outbox",
        description=f"See what is on its way, and steer it. An id may be shortened as long as it is clear.\n\n{listed}",
        examples=EXAMPLES,
    )
    verbs = made.add_subparsers(dest="verb", metavar="VERB")
    for name, (_, words) in VERBS.items():
        sub = verbs.add_parser(name, description=f"{words[:1].upper()}{words[1:]}.")
        sub.add_argument("--json", action="store_true", help="say it as one JSON document")
        if name == "list":
            sub.add_argument("-a", "--all", action="store_true", help="also what was sent or cancelled")
        elif name == "show":
            sub.add_argument("ids", nargs=1, metavar="ID")
            sub.add_argument("--raw", action="store_true", help="the letter itself, as it is on the wire")
        elif name == "run":
            sub.add_argument("--watch", action="store_true", help="keep sending what becomes due, until ^C")
        elif name == "retry":
            sub.add_argument("ids", nargs="*", metavar="ID")
            sub.add_argument("--all", action="store_true", help="everything that is put off or blocked")
        elif name == "resolve":
            sub.add_argument("ids", nargs=1, metavar="ID")
            sub.add_argument("outcome", choices=("sent", "resend"), help="it was delivered; or send it again")
        elif name == "report":
            sub.add_argument("files", nargs="*", metavar="FILE", help="the report; default: standard input")
        elif name == "service":
            sub.add_argument("action", choices=("install", "remove", "status"), help="what to do with it")
        elif name == "edit":
            sub.add_argument("ids", nargs=1, metavar="ID")
        else:
            sub.add_argument("ids", nargs="+", metavar="ID")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Carry out the command; without a verb, list."""
    args = parser().parse_args(argv if argv[:1] and not argv[0].startswith("--json") else ["list", *argv])
    if not args.verb:
        raise UsageError("Which verb?", hint="Try: tuimail outbox --help")
    module = cast("_Module", importlib.import_module(f"tuimail.cli.{VERBS[args.verb][0]}"))
    return module.verb(args, paths)
