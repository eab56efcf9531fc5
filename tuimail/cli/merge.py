"""``tuimail send --merge TABLE``: queues a letter for each row of a table after checking all of them."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_timestamp
from tuimail.cli.output import is_terminal, print_json, print_line, print_note
from tuimail.cli.session import engine_on
from tuimail.cli.session import run as run_loop
from tuimail.errors import EX_OK, AttachmentError, MessageError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tuimail.cli.parser import Parser
    from tuimail.compose.csv_table import CsvRow, CsvTable
    from tuimail.compose.draft import Draft
    from tuimail.compose.merge import Merge, MergeProblem
    from tuimail.config.model import Config, Identity
    from tuimail.paths import Paths

BATCH = 250
"""Letters that are queued in one transaction: all of them or none."""
TOLD = 20
"""Maximum number of problems that are printed one by one."""


def add_merge_options(parser: Parser) -> None:
    """Add the options that only a merge has."""
    group = parser.add_argument_group("one letter for each row of a table (CSV)")
    group.add_argument("--merge", metavar="TABLE", help="{column} in subject, text and addresses is that row's cell")
    group.add_argument("--to-field", metavar="COLUMN", default="email", help="the column of addresses (email)")
    group.add_argument("--preview", type=int, metavar="N", help="show the first N letters; queue nothing")
    group.add_argument("--dry-run", action="store_true", help="check everything, show one letter; queue nothing")
    group.add_argument("--skip-bad", action="store_true", help="leave out rows with problems, and list them")
    group.add_argument("--pace", metavar="N/min", help="so many a minute (or N/h), not all at once")
    group.add_argument("--yes", action="store_true", help="do not ask before queueing")


@dataclass(frozen=True, slots=True)
class _Work:
    """The letters to queue."""

    merge: Merge
    rows: Sequence[CsvRow]
    skipped: Sequence[MergeProblem]
    start: float | None
    gap: float
    """Seconds between two letters."""

    def letters(self, now: float) -> Iterator[tuple[Draft, float | None]]:
        """Each letter with the time before which it must not be sent."""
        for number, row in enumerate(self.rows):
            later = number * self.gap
            yield self.merge.letter(row), (self.start or now) + later if later else self.start


def seconds_between(pace: str) -> float:
    """The seconds between two letters at ``pace``. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,6})/(min|m|h)", pace.strip())
    if not found or not int(found[1]):
        from tuimail.config.reading import shown

        raise UsageError(f"{shown(pace)} is not a pace.", hint="For example: --pace 30/min or --pace 100/h")
    return (3600.0 if found[2] == "h" else 60.0) / int(found[1])


def run(
    config: Config, paths: Paths, draft: Draft, identity: Identity, args: argparse.Namespace, due: float | None
) -> int:
    """Merge ``draft``, a template, with the table and queue the letters.

    Raises:
        UsageError: the options are incompatible.
        MessageError: the table or one of its rows has a problem; nothing was queued.
    """
    if args.wait:
        raise UsageError("--merge only queues, so it has nothing to wait for.", hint="See: tuimail outbox run --help")
    gap = seconds_between(args.pace) if args.pace else 0.0
    sheet = _sheet(args.merge)
    merge = _plan(draft, sheet, args)
    faults = list(merge.faults(sheet, identity))
    bad = {fault.row for fault in faults}
    rows = [row for row in sheet.rows if row.number not in bad]
    _tell_faults(args.merge, faults)
    if faults and not args.skip_bad:
        raise MessageError(
            f"{_count(len(bad), 'row')} of {len(sheet.rows):,} cannot be sent, so nothing was queued.",
            hint="Correct the table, or leave these rows out with --skip-bad.",
            field="merge",
        )
    if not rows:
        raise MessageError("No row is left, so nothing was queued.", field="merge")
    if args.dry_run or args.preview is not None:
        _preview(merge, rows[: max(args.preview if args.preview is not None else 1, 0)], draft)
        print_line(f"{_count(len(rows), 'letter')} would be queued from {draft.account}; nothing was.")
        return EX_OK
    work = _Work(merge, rows, faults, due, gap)
    if not args.yes and is_terminal(sys.stdin) and not _confirmed(work, draft):
        print_note("Nothing was queued.")
        return EX_OK
    return run_loop(_queue(config, paths, work, args))


def _sheet(file: str) -> CsvTable:
    from tuimail.compose.csv_table import LARGEST, read_csv

    try:
        with open(file, "rb") as stream:  # noqa: PTH123  a name as the shell gave it, whatever its bytes
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise AttachmentError(f"The table cannot be read from {file}: {error.strerror}.", path=file) from None
    if len(raw) > LARGEST:
        raise MessageError(f"{file} is larger than 100 MB.", hint="Split it.", field="merge")
    return read_csv(raw, file)


def _plan(draft: Draft, sheet: CsvTable, args: argparse.Namespace) -> Merge:
    import hashlib

    from tuimail.compose.attachment import AttachedFile
    from tuimail.compose.merge import column_of, plan

    to = args.addresses or [f"{{{column_of(sheet, args.to_field, file=args.merge)}}}"]
    attached = []
    for each in draft.attachments:
        seen = hashlib.sha256()
        for piece in AttachedFile(each).chunks():
            seen.update(piece)
        attached.append(seen.hexdigest())
    addresses = {"to": to, "cc": args.cc, "bcc": args.bcc}
    return plan(draft, addresses, sheet, file=args.merge, attached=attached)


def _tell_faults(file: str, faults: Sequence[MergeProblem]) -> None:
    for fault in faults[:TOLD]:
        print_note(f"{file}: {fault}")
    if len(faults) > TOLD:
        print_note(f"{file}: and {len(faults) - TOLD:,} more")


def _preview(merge: Merge, rows: Sequence[CsvRow], draft: Draft) -> None:
    from tuimail.mail.size import format_size

    for row in rows:
        letter = merge.letter(row)
        fields = (("From", draft.identity), ("To", letter.to), ("Cc", letter.cc), ("Bcc", letter.bcc))
        for name, text in (*fields, ("Subject", letter.subject)):
            if text:
                print_line(f"{name}: {text}")
        for each in letter.attachments:
            print_line(f"Attached: {each.name} ({format_size(each.size)})")
        print_line("")
        for line in letter.body.rstrip("\n").split("\n"):
            print_line(line)
        print_line("-" * 72)


def _confirmed(work: _Work, draft: Draft) -> bool:
    from tuimail.mail.size import format_size

    size = len(work.rows) * sum(each.size for each in draft.attachments) * 78 // 57
    much = f" ({format_size(size)} on disk)" if size > 50_000_000 else ""
    sys.stderr.write(f"Queue {_count(len(work.rows), 'letter')}{much} from {draft.account}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


async def _queue(config: Config, paths: Paths, work: _Work, args: argparse.Namespace) -> int:
    fresh, known, refused = 0, 0, 0
    async with engine_on(config, paths) as engine:
        letters = work.letters(engine.clock.now())
        show = not args.json and is_terminal(sys.stderr)
        try:
            while batch := list(islice(letters, BATCH)):
                taken = await engine.drafts.enqueue_many(batch, again=args.again)
                fresh += sum(each.fresh for each in taken)
                refused += sum(each.item is None for each in taken)
                known += sum(each.item is not None and not each.fresh for each in taken)
                if show:
                    sys.stderr.write(f"\rqueued {fresh:,} of {len(work.rows):,}")
                    sys.stderr.flush()
        except asyncio.CancelledError:
            print_note(f"Interrupted: {_count(fresh, 'letter')} are queued; the same command queues the others.")
            raise
        finally:
            if show:
                sys.stderr.write("\n")
    _tell(work, args, fresh=fresh, known=known, refused=refused)
    return EX_OK


def _tell(work: _Work, args: argparse.Namespace, *, fresh: int, known: int, refused: int) -> None:
    if args.json:
        skipped = [{"row": each.row, "column": each.column, "problem": each.message} for each in work.skipped]
        document = {"table": args.merge, "queued": fresh, "queued_before": known, "sent_otherwise": refused}
        print_json({**document, "account": work.merge.draft.account, "skipped": skipped})
        return
    until = f", the last one goes at {format_timestamp(_last(work))}" if work.gap and fresh else ""
    print_line(f"queued {_count(fresh, 'letter')} from {work.merge.draft.account}{until}")
    if known:
        print_note(f"{_count(known, 'letter')} of this merge {'was' if known == 1 else 'were'} queued before.")
    if refused:
        print_note(f"{_count(refused, 'letter')} went out before, or will; --again queues the same letter once more.")
    if work.skipped:
        print_note(f"{_count(len({each.row for each in work.skipped}), 'row')} left out.")
    print_note("They go while tuimail is open, or with: tuimail run")


def _last(work: _Work) -> float:
    import time

    return (work.start or time.time()) + (len(work.rows) - 1) * work.gap


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
