"""``tuimail delete``: move letters to the trash; from there, delete them for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.mail_actions import make_parser, run_change

if TYPE_CHECKING:
    from tuimail.cli.parser import Parser
    from tuimail.paths import Paths


def parser() -> Parser:
    """Its options."""
    return make_parser(
        "delete",
        "Move letters to the trash. Those that are there already, or whose account has no trash, are deleted for good.",
        "tuimail delete work:INBOX:1700000000.M1P2 --dry-run",
    )


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    from tuimail.engine.mail_actions import plan_deletion

    return run_change(parser().parse_args(argv), paths, plan_deletion)
