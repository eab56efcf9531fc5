"""``tuimail compose``: open the composer with what the command line gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.cli.draft_options import add_draft_options, bind, draft_of, text_of_file
from tuimail.cli.output import note
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, need_terminal, open_app
from tuimail.cli.standard_input import refuse

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.paths import Paths

MAILTO = "mailto:"


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail compose",
        description="Open the composer. Everything given here can still be changed there.",
        examples=(
            "tuimail compose bob@example.net -s Thursday",
            "tuimail compose bob@example.net -a budget.ods -i notes.txt",
            'tuimail compose "mailto:list@example.org?subject=subscribe"',
        ),
    )
    made.add_argument("addresses", nargs="*", metavar="ADDRESS|mailto:URL", help="who it is for")
    add_draft_options(made)
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Carry out the command."""
    args = parser().parse_args(argv)
    refuse(args)
    need_terminal()
    config = load_config(paths)
    account, identity = bind(config, paths, args.account, args.sender)
    plain = [each for each in args.addresses if not each.lower().startswith(MAILTO)]
    body = text_of_file(args.input) if args.input else ""
    draft = draft_of(args, plain, body, account, identity)
    for link in args.addresses:
        if link not in plain:
            draft = with_mailto(draft, link)
    return open_app(config, paths, draft)


def with_mailto(draft: Draft, link: str) -> Draft:
    """``draft`` with what a mailto: link asks for; what the user gave comes first. Raises MessageError."""
    from tuimail.compose.mailto import parse_mailto

    wish = parse_mailto(link)
    if wish.ignored:
        note(f"tuimail: the link's {', '.join(wish.ignored)} was left out; a link may not set that.")
    return replace(
        draft,
        to=", ".join(filter(None, (draft.to, wish.to))),
        cc=", ".join(filter(None, (draft.cc, wish.cc))),
        subject=draft.subject or wish.subject,
        body=draft.body or wish.body,
        in_reply_to=draft.in_reply_to or wish.in_reply_to,
    )
