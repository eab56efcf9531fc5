"""``tuimail copy``: copy letters to another folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.cli.mail_actions import make_parser, run_change

if TYPE_CHECKING:
    from tuimail.cli.parser import Parser
    from tuimail.paths import Paths


def parser() -> Parser:
    """Its options."""
    made = make_parser(
        "copy", "Copy letters to another folder of their account.", "tuimail copy work:INBOX:1700000000.M1P2 Archive"
    )
    made.add_argument("folder", metavar="FOLDER", help="as folders prints it")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    from tuimail.engine.mail_actions import plan_transfer
    from tuimail.journal.action import ActionKind

    args = parser().parse_args(argv)
    return run_change(args, paths, partial(plan_transfer, kind=ActionKind.COPY, folder=args.folder))
