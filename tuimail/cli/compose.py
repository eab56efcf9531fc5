"""``tuimail compose``: opens the composer with a draft made from the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.cli.draft_options import add_draft_options, bind, draft_of, text_of_file
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, need_terminal, open_app
from tuimail.cli.standard_input import refuse

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.paths import Paths

MAILTO = "mailto:"
MOST_NAMED = 5
"""Ignored fields of a link that are named; further ones are only counted."""


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
    """Run the command."""
    args = parser().parse_args(argv)
    refuse(args)
    need_terminal()
    config = load_config(paths)
    account, identity = bind(config, paths, args.account, args.sender)
    plain = [each for each in args.addresses if not each.lower().startswith(MAILTO)]
    body = text_of_file(args.input) if args.input else ""
    draft = draft_of(args, plain, body, account, identity)
    ignored: dict[str, None] = {}
    for link in args.addresses:
        if link not in plain:
            draft, more = with_mailto(draft, link)
            ignored.update(dict.fromkeys(more))
    return open_app(config, paths, draft, words=_about_ignored(list(ignored)))


def _about_ignored(names: list[str]) -> str:
    """A sentence about the fields that the links tried to set and may not; empty if there are none."""
    if not names:
        return ""
    named = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    return f"The link tried to set {named}; a link may not, so that was left out."


def with_mailto(draft: Draft, link: str) -> tuple[Draft, tuple[str, ...]]:
    """``draft`` extended by a mailto: link, and the names of the fields that a link may not set.

    The user's own options take precedence. Raises MessageError.
    """
    from tuimail.compose.mailto import parse_mailto

    wish = parse_mailto(link)
    made = replace(
        draft,
        to=", ".join(filter(None, (draft.to, wish.to))),
        cc=", ".join(filter(None, (draft.cc, wish.cc))),
        subject=draft.subject or wish.subject,
        body=draft.body or wish.body,
        in_reply_to=draft.in_reply_to or wish.in_reply_to,
    )
    return made, wish.ignored
