"""``tuimail compose``: open the composer with what the command line gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.cli.draft_options import add_draft_options, bind, draft_of, text_of_file
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, need_terminal, open_app
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.paths import Paths

MAILTO = "mailto:"
MAILTO_FIELDS = ("to", "cc", "bcc", "subject", "body")
"""What a mailto: link may fill in (RFC 6068 section 4); never an attachment, an identity or another header field."""


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
    """``draft`` with what a mailto: link adds (RFC 6068). What the user gave comes first.

    Raises:
        UsageError: the link holds control characters, as no honest one does.
    """
    from urllib.parse import unquote

    address, _, query = link[len(MAILTO) :].partition("?")
    fields: dict[str, list[str]] = {"to": [unquote(address)] if address else []}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        fields.setdefault(unquote(name).lower(), []).append(unquote(value))
    known = {name: fields.get(name, []) for name in MAILTO_FIELDS}
    for name, values in known.items():
        allowed = "\t\n\r" if name == "body" else ""
        if any((ord(char) < 32 and char not in allowed) or ord(char) == 127 for value in values for char in value):
            raise UsageError(f"The link's {name} holds control characters.", hint="Write the letter by hand.")
    body = "\n".join(known["body"]).replace("\r\n", "\n").replace("\r", "\n")
    return replace(
        draft,
        to=", ".join(filter(None, (draft.to, *known["to"]))),
        cc=", ".join(filter(None, (draft.cc, *known["cc"]))),
        bcc=", ".join(filter(None, (draft.bcc, *known["bcc"]))),
        subject=draft.subject or " ".join(known["subject"]),
        body=draft.body or body,
    )
