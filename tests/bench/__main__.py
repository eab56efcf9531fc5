"""``python -m tests.bench [NAME...] [--runs N] [--letters N]``: measure, and print tables in Markdown."""

from __future__ import annotations

import argparse
import importlib

from tests.bench.figures import markdown

NAMES = ("drain", "enqueue", "memory", "keys", "start", "headless", "history", "reading", "imap")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--letters", type=int, default=1000)
    args = parser.parse_args()
    for name in args.names or NAMES:
        module = importlib.import_module(f"tests.bench.{name}")
        print(markdown(module.measure(runs=args.runs, letters=args.letters)), flush=True)


if __name__ == "__main__":
    main()
