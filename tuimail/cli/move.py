"""``tuimail move``: move letters to another folder, also of another account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.mail_actions import make_transfer_parser, run_transfer

if TYPE_CHECKING:
    from tuimail.cli.parser import Parser
    from tuimail.paths import Paths


def parser() -> Parser:
    """Its options."""
    return make_transfer_parser("move", "tuimail move work:INBOX:1700000000.M1P2 Archive")


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    from tuimail.journal.action import ActionKind

    return run_transfer(parser().parse_args(argv), paths, ActionKind.MOVE)
