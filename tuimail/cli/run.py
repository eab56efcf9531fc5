"""``tuimail run``: outbox, journal and sync in one quiet process; with ``--once``, one round of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli import sync
from tuimail.cli.document import item_document
from tuimail.cli.interrupts import run as run_loop
from tuimail.cli.outbox_run import line_of, send_what_is_due, watch
from tuimail.cli.output import print_json, print_line
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config

if TYPE_CHECKING:
    from tuimail.paths import Paths


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail run",
        description="Send what is in the outbox, carry out what waits, and keep mail in step with its servers, "
        "until ^C. Every process that is told to do so shares the work.",
        examples=("tuimail run", "tuimail run --once --json"),
    )
    made.add_argument("--once", action="store_true", help="one round, then end; for cron")
    made.add_argument("--json", action="store_true", help="print JSON; without --once one document per line")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command. With ``--once`` the exit codes are those of ``tuimail sync``."""
    args = parser().parse_args(argv)
    config = load_config(paths)
    if not args.once:
        return run_loop(watch(config, paths, json=args.json, sync=True))
    items, now = run_loop(send_what_is_due(config, paths))
    if not args.json:
        for item in items:
            print_line(line_of(item, now))
    accounts = [each for each in config.accounts.values() if each.has_mail]
    reports = sync.synced(accounts, paths)
    if args.json:
        print_json(
            {"outbox": [item_document(item) for item in items], "accounts": [sync.document(each) for each in reports]}
        )
    else:
        for report in reports:
            print_line(sync.line_of(report))
    return sync.exit_code(reports)
