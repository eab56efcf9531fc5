"""Parses an account's list of mailboxes and finds the one for sent letters. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_wire import Atom, ImapSyntaxError, parse
from tuimail.mailboxes.mailbox_names import decode_name, encode_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.mailboxes.imap_wire import Response, Value

_SENT_NAMES = ("sent", "sent messages", "sent items", "sent mail", "sent-mail")
"""Names of the mailbox on servers without SPECIAL-USE, best first."""

_NAME_LIMIT = 1024
"""Bytes of a mailbox's name."""
_NEVER = {"\\noselect", "\\nonexistent"}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One line of LIST (RFC 3501 section 7.2.2)."""

    wire: str
    """The name as used in commands; bytes that are not UTF-8 are surrogates. Never used in a file name."""
    delimiter: str = ""
    attributes: frozenset[str] = frozenset()
    """Lower case, with backslash."""
    listed: bool = True
    """The server has it; otherwise it must be created."""

    @property
    def name(self) -> str:
        """The decoded name; not sanitised."""
        return decode_name(self.wire)

    @property
    def leaf(self) -> str:
        """Its last level."""
        return self.name.rsplit(self.delimiter, 1)[-1] if self.delimiter else self.name


def read_list(responses: Iterable[Response]) -> tuple[Mailbox, ...]:
    """The mailboxes of LIST or LSUB responses.

    Invalid lines, and names that are too long or contain control characters, are ignored.
    """
    found = []
    for response in responses:
        if not response[0][:7].upper().startswith((b"* LIST ", b"* LSUB ")):
            continue
        try:
            _star, _list, attributes, delimiter, name, *_ = parse(response)
        except (ImapSyntaxError, ValueError):
            continue
        if not isinstance(attributes, list) or not isinstance(name, bytes) or len(name) > _NAME_LIMIT:
            continue
        wire = name.decode("utf-8", "surrogateescape")
        if not wire or any(char < " " or char == "\x7f" for char in wire):
            continue
        words = frozenset(word.decode("ascii", "replace").lower() for word in attributes if isinstance(word, Atom))
        separator = delimiter.decode("ascii", "replace") if isinstance(delimiter, bytes) else ""
        found.append(Mailbox(wire, separator, words))
    return tuple(found)


def read_personal_prefix(responses: Iterable[Response]) -> str:
    """The first personal namespace's prefix (RFC 2342), such as ``INBOX.``; empty when there is none."""
    for response in responses:
        if not response[0][:12].upper().startswith(b"* NAMESPACE "):
            continue
        try:
            match parse(response):
                case [_, _, [[bytes(prefix), *_], *_], *_]:
                    return prefix.decode("utf-8", "surrogateescape")
        except ImapSyntaxError:
            continue
    return ""


def find_sent(mailboxes: Sequence[Mailbox]) -> Mailbox | None:
    r"""The mailbox marked ``\Sent`` (RFC 6154), else an own one whose name says so."""
    usable = [mailbox for mailbox in mailboxes if not mailbox.attributes & _NEVER]
    marked = next((mailbox for mailbox in usable if "\\sent" in mailbox.attributes), None)
    if marked is not None:
        return marked
    named = [mailbox for mailbox in usable if mailbox.leaf.casefold() in _SENT_NAMES and _is_own(mailbox)]
    return min(named, key=lambda mailbox: _SENT_NAMES.index(mailbox.leaf.casefold()), default=None)


def new_sent(prefix: str) -> Mailbox:
    """The mailbox to create when there is none."""
    return Mailbox(prefix + encode_name("Sent"), listed=False)


def _is_own(mailbox: Mailbox) -> bool:
    """At the top, or right below INBOX or a provider's root; not somebody's archive of another program."""
    levels = mailbox.name.split(mailbox.delimiter) if mailbox.delimiter else [mailbox.name]
    return len(levels) == 1 or (len(levels) == 2 and (levels[0].upper() == "INBOX" or levels[0].startswith("[")))


def uids(responses: Iterable[Response]) -> tuple[int, ...]:
    """The numbers of SEARCH responses."""
    found: list[int] = []
    for response in responses:
        if not response[0][:8].upper().startswith(b"* SEARCH"):
            continue
        values: list[Value] = parse(response)
        # A number has at most ten digits (RFC 3501 section 9); int() refuses thousands of them.
        found.extend(
            int(value) for value in values[2:] if isinstance(value, bytes) and value.isdigit() and len(value) <= 10
        )
    return tuple(found)
