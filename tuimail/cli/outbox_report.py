"""``tuimail outbox report``: reads a bounce from a mail filter or files and records it for its letter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tuimail.cli.document import report_document
from tuimail.cli.output import print_error, print_json, print_line
from tuimail.cli.session import engine_on, load_config, run
from tuimail.errors import EX_DATAERR, EX_NOINPUT, EX_OK, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.config.model import Config
    from tuimail.outbox.store.bounces import Matched
    from tuimail.paths import Paths


def verb(args: Namespace, paths: Paths) -> int:
    """Run ``report``; reads all files, and the first one that is not a report decides the exit code."""
    return run(_report(args, load_config(paths, quiet=True), paths))


async def _report(args: Namespace, config: Config, paths: Paths) -> int:
    code = EX_OK
    documents: list[dict[str, object]] = []
    async with engine_on(config, paths) as engine:
        for name in args.files or ["-"]:
            shown = "standard input" if name == "-" else name
            try:
                raw = _bytes_of(name)
            except OSError as error:
                print_error(f"{shown} cannot be read: {error.strerror}.")
                code = code or EX_NOINPUT
                continue
            found = await engine.sent.read_report(raw)
            if found is None:
                print_error(f"{shown} is not a delivery report.")
                code = code or EX_DATAERR
                continue
            matched = await engine.sent.report(found)
            documents.append({"file": name, **report_document(found, matched)})
            if not args.json:
                _tell(matched)
    if args.json:
        print_json(documents[0] if len(args.files) <= 1 and documents else documents)
    return code


def _tell(matched: Matched | None) -> None:
    from tuimail.outbox.store.bounces import said

    if matched is None:
        print_line("It is not about a letter of this outbox.")
        return
    for each in matched.told:
        words = said(each.report) if each.report else ""
        known = "" if each in matched.news else " (known before)"
        print_line(f"{matched.item.id} {matched.item.subject or '(no subject)'}: {each.address} {words}{known}")


def _bytes_of(name: str) -> bytes:
    from tuimail.mail.bounce import LONGEST

    if name != "-":
        with open(name, "rb") as file:  # noqa: PTH123  a name as the shell gave it
            return file.read(LONGEST)
    if sys.stdin is None:
        raise UsageError("There is no report: standard input is closed.", hint="Name a file.")
    stream = getattr(sys.stdin, "buffer", None)
    raw: bytes = stream.read(LONGEST) if stream is not None else sys.stdin.read().encode()
    while stream is not None and stream.read(65536):
        pass  # a mail filter would treat a broken pipe as a failure
    return raw
