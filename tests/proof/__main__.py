"""Run rigs and show what they came to; at full size, write the table of the README anew."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.proof import table
from tests.proof.figure import Figure, Rig

NAMES = (
    "model",
    "lines",
    "syscalls",
    "random",
    "disks",
    "damage",
    "protocol",
    "replies",
    "clocks",
    "processes",
    "powercuts",
    "soak",
    "backup",
    "imap",
    "imap_powercuts",
)


def rig(name: str) -> Rig:
    """The rig called ``name``."""
    found: Rig = importlib.import_module(f"tests.proof.{name}").RIG
    return found


def carried_out(name: str, *, full: bool) -> Figure:
    """Run it, or say why it cannot run here."""
    found = rig(name)
    if why := found.missing():
        return Figure(skipped=why)
    began = time.monotonic()
    figure = found.run(full)
    return replace(figure, seconds=round(time.monotonic() - began, 1))


def main() -> int:
    """Exit code 1 when a rig found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all of them: {' '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, and the README is left alone")
    parser.add_argument(
        "--full", action="store_true", help="full sizes, and the README's table is written (the default)"
    )
    parser.add_argument("--keep-readme", action="store_true", help="full sizes, and the README is left alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of this run there")
    args = parser.parse_args()
    if unknown := set(args.names) - set(NAMES):
        parser.error(f"no such rig: {' '.join(sorted(unknown))}")
    logging.getLogger("tuimail").addHandler(logging.NullHandler())
    figures: dict[str, Figure] = {}
    for name in args.names or NAMES:
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        figure = figures[name] = carried_out(name, full=not args.quick)
        print(table.sentence(figure), file=sys.stderr)
        if not (args.quick or args.keep_readme or figure.skipped):
            table.keep(name, figure)
    print(table.markdown(figures))
    if args.json:
        args.json.write_text(json.dumps({name: figure.document() for name, figure in figures.items()}, indent=1))
    return 0 if all(figure.passed or figure.skipped for figure in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
