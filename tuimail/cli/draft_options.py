"""The options that describe a letter, shared by ``compose`` and ``send``, and the draft made from them."""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING

from tuimail.cli.output import is_terminal, print_note
from tuimail.cli.session import account_named, no_account
from tuimail.cli.standard_input import MARK
from tuimail.compose.draft import Draft
from tuimail.errors import AttachmentError, MessageError, UsageError
from tuimail.mail.header import made_visible, unfolded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tuimail.cli.parser import Parser
    from tuimail.compose.draft import Attachment
    from tuimail.config.model import Account, Config, Identity
    from tuimail.paths import Paths

TEXT_LIMIT = 50_000_000
"""Maximum length of the text in bytes; anything longer should be attached as a file."""


def add_draft_options(parser: Parser) -> None:
    """Recipients, subject, attachments, account."""
    parser.add_argument("-s", "--subject", default="", help="the subject")
    parser.add_argument("-c", "--cc", action="append", default=[], metavar="ADDRESS", help="send a copy to")
    parser.add_argument("-b", "--bcc", action="append", default=[], metavar="ADDRESS", help="send a hidden copy to")
    parser.add_argument(
        "-a", "--attach", action="append", default=[], metavar="FILE", help="attach a file; - is standard input"
    )
    parser.add_argument("-i", "--input", metavar="FILE", help="take the text from FILE; - is standard input")
    parser.add_argument("--account", default="", metavar="NAME", help="send through this account")
    parser.add_argument("-r", "--from", dest="sender", default="", metavar="ADDRESS", help="write as this identity")


def bind(config: Config, paths: Paths, name: str, sender: str) -> tuple[Account, Identity]:
    """The account and identity to write as; the default for each that is not named.

    Raises:
        ConfigError: there is no such account.
        MessageError: no account has this identity.
    """
    if not config.accounts and not name:
        raise no_account(config, paths)
    if not sender:
        account = account_named(config, paths, name) if name else config.default
        if account is None:
            raise no_account(config, paths)
        return account, account.identity
    from tuimail.mail.address import parse_address

    spec = parse_address(sender, field="from").addr_spec
    candidates = [account_named(config, paths, name)] if name else list(config.accounts.values())
    if not name and config.default is not None:
        candidates.sort(key=lambda each: each is not config.default)
    for account in candidates:
        identity = account.identity_for(spec)
        if identity is not None:
            return account, identity
    known = [identity.address for account in candidates for identity in account.identities]
    whose = f"the account {name}" if name else "any account"
    raise MessageError(
        f"{spec} is not an identity of {whose}.",
        hint=f"Known: {', '.join(known)}. Add it to the aliases of an account in {config.file or paths.config_file}.",
        field="from",
    )


def draft_of(
    args: argparse.Namespace, addresses: Sequence[str], body: str, account: Account, identity: Identity
) -> Draft:
    """The letter that the options describe, without what comes on standard input.

    Raises:
        UsageError: an option is not valid text.
        AttachmentError: a file cannot be attached.
    """
    for what, text in (("subject", args.subject), *(("address", each) for each in (*addresses, *args.cc, *args.bcc))):
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise UsageError(f"The {what} is not valid text in this locale.", hint="Use a UTF-8 locale.")
    now = time.time()
    return Draft(
        account=account.name,
        identity=identity.address,
        to=_list_of(addresses),
        cc=_list_of(args.cc),
        bcc=_list_of(args.bcc),
        subject=_subject_of(args.subject),
        body=body,
        attachments=tuple(attachment(file) for file in args.attach if file != MARK),
        created_at=now,
        updated_at=now,
    )


def _list_of(values: Sequence[str]) -> str:
    """One list of all ``values``; each line of a value counts as a value of its own unless it is folded."""
    return ", ".join(unfolded(each, joint=", ") for each in values)


def _subject_of(value: str) -> str:
    """``value`` on one line, with control characters made visible, so that a subject never fails a letter."""
    line = unfolded(value)
    shown = made_visible(line)
    if shown != line:
        print_note("tuimail: the subject contains control characters; they are written like ^[.")
    return shown


def attachment(file: str) -> Attachment:
    """``file`` as an attachment. Raises AttachmentError."""
    from tuimail.compose.attachment import attach

    return attach(file)


def text_of_file(file: str, *, verbatim: bool = False) -> str:
    """The text in ``file``, with the line ends that ``text_of`` gives it.

    Raises:
        AttachmentError: it cannot be read (exit code 66).
        MessageError: it is too long, or not text.
    """
    try:
        if is_terminal(sys.stderr) and stat.S_ISFIFO(os.stat(file).st_mode):  # noqa: PTH116
            print_note(f"The text comes from the pipe {file}; give up with ^C.")
        with open(file, "rb") as stream:  # noqa: PTH123  a name as the shell gave it, whatever its bytes
            return text_of(stream.read(TEXT_LIMIT + 1), verbatim=verbatim)
    except OSError as error:
        raise AttachmentError(f"The text cannot be read from {file}: {error.strerror}.", path=file) from None


def text_of(raw: bytes, *, verbatim: bool = False) -> str:
    """``raw`` as text; ``verbatim`` keeps a CR that is not a line end and drops the last line end.

    Raises:
        MessageError: it is too long, or not text.
    """
    from tuimail.compose.text_file import decoded, plain_lines, verbatim_lines

    if len(raw) > TEXT_LIMIT:
        raise MessageError("The text is longer than 50 MB.", hint="Attach it as a file: -a FILE.", field="body")
    text = decoded(raw)
    if "\0" in text:
        raise MessageError("The text contains NUL bytes, so it is not text.", hint="Attach it: -a FILE.", field="body")
    return verbatim_lines(text).removesuffix("\n") if verbatim else plain_lines(text)
