"""``tuimail search``: list the letters that match a pattern, the newest first."""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tuimail.cli.message_document import message_document
from tuimail.cli.output import BOLD, DIM, Style, fit, is_terminal, print_json, print_note, width
from tuimail.cli.parser import Parser, count_of_letters
from tuimail.cli.session import load_config, note_offline
from tuimail.dates.format_date import format_day_time
from tuimail.errors import EX_OK
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, OLD, SEEN

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.engine.received_mail import FoundMessage
    from tuimail.paths import Paths

INDEXING = 2.0
"""Seconds for which letters are indexed before a search in texts; the others are read."""
MOST = 100
"""Letters that are listed unless ``--limit`` says otherwise."""


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail search",
        description="List the letters that match a pattern, the newest first. Plain words are looked for in subject, "
        "sender and recipients, and in texts that are indexed; patterns are mutt's: ~f from, ~t to, ~s subject, ~b "
        "text, ~U unread, ~F flagged, ~d date, ~z size, with ! | ( ). In texts a word also finds longer ones that "
        "begin with it, unless it stands in quotation marks.",
        examples=(
            "tuimail search minutes",
            "tuimail search '~f kim ~d <2w'",
            "tuimail search '~U !~l' --folder INBOX --json",
        ),
    )
    made.add_argument("pattern", nargs="+", metavar="PATTERN", help="words, or a pattern in quotation marks")
    made.add_argument("--folder", default="", metavar="F", help="only in this folder")
    made.add_argument("--account", default="", metavar="A", help="only in this account")
    made.add_argument(
        "--limit", type=count_of_letters, default=MOST, metavar="N", help=f"at most so many (default: {MOST})"
    )
    made.add_argument("--local", action="store_true", help="ask no server; search what is on this machine")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command; an empty result is no error."""
    args = parser().parse_args(argv)
    found = _found(args, paths)
    if args.json:
        print_json([message_document(each) for each in found])
        return EX_OK
    style, columns, now = Style(sys.stdout), width(), time.time()
    for each in found:
        sys.stdout.write(_line(each, now, columns, style) + "\n")
    if is_terminal(sys.stdout):
        print_note(
            f"{len(found)} found." if len(found) < args.limit else f"The newest {len(found)}; --limit lists more."
        )
    return EX_OK


def _found(args: Namespace, paths: Paths) -> list[FoundMessage]:
    from tuimail.engine.received_mail import accounts_with_mail, received_mail, uncertain_sentence
    from tuimail.mail.pattern import parse
    from tuimail.mail.pattern_match import asks_texts

    pattern = parse(" ".join(args.pattern), time.time())
    accounts = accounts_with_mail(load_config(paths), args.account)
    with ExitStack() as stack:
        seconds = INDEXING if asks_texts(pattern) else 0.0
        mails = [
            stack.enter_context(received_mail(each, paths, index_seconds=seconds, local=args.local))
            for each in accounts
        ]
        note_offline(mails)
        for each in mails if not args.local else ():
            if each.offline is None and (why := each.ask_server(pattern, args.folder)):
                print_note(f"tuimail: {why}")
        lists = [each.search(pattern, args.folder) for each in mails]
        merged = heapq.merge(*lists, key=lambda each: -each.row.date)
        found = list(itertools.islice(merged, args.limit))
        if note := uncertain_sentence(mails):
            print_note(f"tuimail: {note}")
        return found


def _line(found: FoundMessage, now: float, columns: int, style: Style) -> str:
    row = found.row
    unread = not row.flags & SEEN
    mark = "D" if row.flags & DELETED else "A" if row.flags & ANSWERED else ""
    mark = mark or ("N" if unread and not row.flags & OLD else "O" if unread else " ")
    star = "*" if row.flags & FLAGGED else " "
    date = fit(format_day_time(row.date, now), 16)
    person = fit(row.from_name or row.from_addr, 20)
    subject = row.subject or "(no subject)"
    if columns < 10_000:
        subject = fit(subject, max(10, columns - 45)).rstrip()
    line = f"{star}{mark} {date}  {person}  {style(subject, BOLD if unread else '')}"
    ref = style(str(found.ref), DIM)
    return f"{line}\n   {ref}" if columns < 10_000 else f"{line}  {ref}"
