"""``tuimail show``: print one letter as text, its header, its bytes, or one of its parts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tuimail.cli.message_document import read_document
from tuimail.cli.output import BOLD, DIM, Style, print_json, print_note
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, note_offline
from tuimail.errors import EX_OK, NoSuchItemError, UsageError
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.message_ref import parse_message_ref

if TYPE_CHECKING:
    from argparse import Namespace
    from typing import BinaryIO

    from tuimail.engine.received_mail import FoundMessage
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.paths import Paths

READ = 64 * 1024 * 1024
"""Bytes of a letter that are read to show it as text."""

_PIECE = 256 * 1024
_SHOWN = ("from", "to", "cc", "subject", "date")


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail show",
        description="Print one letter as a reader sees it. Ids are listed by: tuimail search PATTERN",
        examples=("tuimail show work:INBOX:1700000000.M1P2.host", "tuimail show ID --part 2 > picture.png"),
    )
    made.add_argument("id", metavar="ID", help="as search prints it")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--text", action="store_true", help="the text alone, without header and colours")
    how.add_argument("--headers", action="store_true", help="the whole header, decoded")
    how.add_argument("--raw", action="store_true", help="the exact bytes")
    how.add_argument("--part", metavar="N", help="the bytes of one part, decoded: 2, or 1.2")
    how.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command. Exit code 66 if there is no such letter or part, 69 if it is at a server out of reach."""
    from tuimail.engine.received_mail import accounts_with_mail, received_mail

    args = parser().parse_args(argv)
    ref = parse_message_ref(args.id)
    (account,) = accounts_with_mail(load_config(paths), ref.account)
    with received_mail(account, paths) as mail:
        note_offline([mail])
        found = mail.message(ref)
        with mail.open(found) as file:
            if args.raw:
                _copy(file)
            else:
                raw = file.read(READ)
                if file.read(1):
                    _refuse_cut_part(args)
                _show(args, found, raw)
    return EX_OK


def _copy(file: BinaryIO) -> None:
    sys.stdout.flush()
    while piece := file.read(_PIECE):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _refuse_cut_part(args: Namespace) -> None:
    """The letter is larger than READ: its text is shown as far as that goes, but no part is given out cut off."""
    if args.part:
        raise UsageError("The letter is too large to take a part out of it.", hint="Save it whole with --raw.")
    print_note("Only the first 64 MB of the letter were read.")


def _show(args: Namespace, found: FoundMessage, raw: bytes) -> None:
    from tuimail.mail.mime_tree import read_tree

    tree = read_tree(raw, open_messages=bool(args.part))
    if args.json:
        print_json(read_document(found, tree))
    elif args.part:
        _write_part(tree, args.part)
    elif args.headers:
        _print_header(tree, None, Style(sys.stdout))
    else:
        if not args.text:
            _print_header(tree, _SHOWN, Style(sys.stdout))
            sys.stdout.write("\n")
        _print_text(tree)


def _write_part(tree: ReceivedPart, number: str) -> None:
    from tuimail.mail.mime_tree import walk
    from tuimail.mail.part_text import part_bytes

    part = next((each for each in walk(tree) if each.number == number), None)
    if part is None:
        numbers = ", ".join(each.number for each in walk(tree) if each.number)
        raise NoSuchItemError(f"The letter has no part {number}.", hint=f"Its parts are: {numbers}.")
    sys.stdout.flush()
    for piece in part_bytes(part):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _print_header(tree: ReceivedPart, names: tuple[str, ...] | None, style: Style) -> None:
    for field in tree.header.fields:
        if names is None or field.name in names:
            name = tree.raw[field.start : field.value].decode("latin-1").rstrip(": \t")
            sys.stdout.write(f"{style(name, BOLD)}: {style(decode_header(tree.header.value_of(field)))}\n")


def _print_text(tree: ReceivedPart) -> None:
    from tuimail.mail.message_text import Mark, message_text

    style = Style(sys.stdout)
    for line in message_text(tree).lines:
        dim = line.depth or line.mark in (Mark.SIGNATURE, Mark.NOTICE, Mark.LINK)
        sys.stdout.write(style(line.text, DIM if dim else "") + "\n")
