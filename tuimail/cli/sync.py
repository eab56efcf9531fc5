"""``tuimail sync``: bring accounts into step with their servers, and keep letters on this machine."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.cli.output import print_error, print_json, print_line, print_note
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config
from tuimail.errors import EX_OK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.config.model import Account
    from tuimail.engine.account_sync import SyncReport
    from tuimail.paths import Paths

PAUSE = 1.0
"""Seconds between two lines about progress."""


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail sync",
        description="Carry out what waits, look at every folder, and fetch the letters that are to be kept here.",
        examples=("tuimail sync", "tuimail sync work --json"),
    )
    made.add_argument("account", nargs="?", default="", metavar="ACCOUNT", help="only this one")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command. Exit code 69 if a server cannot be reached, 75 if another tuimail is at it, 77 if it refuses."""
    from tuimail.engine.received_mail import accounts_with_mail

    args = parser().parse_args(argv)
    reports = synced(accounts_with_mail(load_config(paths), args.account), paths)
    if args.json:
        print_json([document(each) for each in reports])
    else:
        for report in reports:
            print_line(line_of(report))
    return exit_code(reports)


def synced(accounts: Iterable[Account], paths: Paths) -> list[SyncReport]:
    """Sync them one after the other; progress and errors go to standard error."""
    from tuimail.engine.account_sync import AccountSync
    from tuimail.engine.configured_source import MailSources

    reports = []
    with closing(MailSources(paths)) as sources:
        for each in accounts:
            report = AccountSync(each, paths, sources, _Progress(each.name)).run()
            reports.append(report)
            if report.error is not None:
                print_error(f"{each.name}: {report.error}", report.error.hint)
    return reports


def exit_code(reports: Iterable[SyncReport]) -> int:
    """0, or 69 if a server cannot be reached, 75 if another tuimail is at it, 77 if the sign-in is refused."""
    return max((each.error.exit_code for each in reports if each.error is not None), default=EX_OK)


class _Progress:
    """Lines on standard error, at most one in a second: a SyncProgress."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._told = time.monotonic()

    def read(self, folder: str, messages: int) -> None:
        self._note(f"{folder}: {messages:,} listed")

    def fetched(self, messages: int) -> None:
        self._note(f"{messages:,} fetched")

    def say(self, sentence: str) -> None:
        print_note(f"{self._account}: {sentence}")

    def _note(self, words: str) -> None:
        if time.monotonic() - self._told >= PAUSE:
            self._told = time.monotonic()
            print_note(f"{self._account}: {words}")


def line_of(report: SyncReport) -> str:
    """What came of it, in one line."""
    counts = {
        "new": report.new,
        "changed": report.changed,
        "gone": report.gone,
        "fetched": report.fetched,
        "waiting": report.waiting,
    }
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    state = "not finished" if report.error is not None else "synced by another tuimail" if report.elsewhere else ""
    return f"{report.account}: {', '.join(filter(None, (state, said))) or 'nothing new'}"


def document(report: SyncReport) -> dict[str, object]:
    """The same for ``--json``."""
    return {
        "account": report.account,
        "folders": report.folders,
        "new": report.new,
        "changed": report.changed,
        "gone": report.gone,
        "fetched": report.fetched,
        "waiting": report.waiting,
        "error": None if report.error is None else str(report.error),
    }
