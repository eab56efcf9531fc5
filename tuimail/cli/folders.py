"""``tuimail folders``: list the folders of accounts with their counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.message_document import folder_document
from tuimail.cli.output import print_json, print_table
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, note_offline
from tuimail.errors import EX_OK

if TYPE_CHECKING:
    from tuimail.paths import Paths


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail folders",
        description="List the folders of the accounts whose mail is read, with the number of letters in each.",
        examples=("tuimail folders", "tuimail folders work --json"),
    )
    made.add_argument("account", nargs="?", default="", metavar="ACCOUNT", help="only this one")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    from tuimail.engine.received_mail import accounts_with_mail, received_mail

    args = parser().parse_args(argv)
    config = load_config(paths)
    folders = []
    for account in accounts_with_mail(config, args.account):
        with received_mail(account, paths) as mail:
            note_offline([mail])
            folders += mail.folders()
    if args.json:
        print_json([folder_document(each) for each in folders])
        return EX_OK
    several = len({each.account for each in folders}) > 1
    print_table(
        [
            [
                *([each.account] if several else []),
                each.name,
                f"{each.total:,}",
                f"{each.unread:,} unread" if each.unread else "",
                f"{each.kept:,} kept" if each.kept < each.total else "",
            ]
            for each in folders
        ]
    )
    return EX_OK
