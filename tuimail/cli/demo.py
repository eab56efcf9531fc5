"""``tuimail demo``: opens the app on an embedded account, without config or network."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.cli.output import print_note
from tuimail.cli.parser import Parser
from tuimail.cli.session import need_terminal

if TYPE_CHECKING:
    from tuimail.paths import Paths

MOST_MESSAGES = 1_000_000
"""Letters that are generated at most."""


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail demo",
        description="Try tuimail: sample letters in every state, and a server of its own on this machine. Nothing\n"
        "outside a private folder is read or written.",
        examples=(
            "tuimail demo",
            "tuimail demo --keymap mutt --theme midnight",
            "tuimail demo --messages 50000",
        ),
    )
    made.add_argument("--keymap", choices=("pine", "mutt"), default="pine", help="pine's keys or mutt's")
    made.add_argument("--theme", default="pine", metavar="NAME", help="pine, mutt, paper, midnight, ansi")
    made.add_argument("--folder", metavar="FOLDER", help="keep everything there and continue with it next time")
    made.add_argument("--messages", type=_count, default=0, metavar="N", help="add so many generated letters")
    return made


def _count(text: str) -> int:
    if not (
        text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_MESSAGES)) and int(text) <= MOST_MESSAGES
    ):
        raise ArgumentTypeError(f"{text[:40]!r} is not a number up to {MOST_MESSAGES:,}")
    return int(text)


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    del paths
    args = parser().parse_args(argv)
    need_terminal()
    from tuimail.demo.setup import Demo
    from tuimail.ui.run import run as run_app

    folder = Path(args.folder).expanduser().absolute() if args.folder else None
    if args.messages:
        print_note(f"Writing up to {args.messages:,} letters...")
    with Demo(folder, keymap=args.keymap, theme=args.theme, messages=args.messages) as demo:
        return run_app(demo.engine, server=demo.server)
