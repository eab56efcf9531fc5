"""To whom a reply goes, and from which identity (RFC 5322 section 3.6.3, RFC 2369, Mail-Followup-To). Pure.

An address of the received message that ``mail/address`` refuses stands in the reply's field as it was, with its error:
it is not dropped, and not corrected by a guess. Bcc is never looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tuimail.errors import AddressError
from tuimail.mail.address import Address, parse_address, quoted_phrase
from tuimail.mail.address_tokens import EDGES
from tuimail.mail.list_headers import list_headers
from tuimail.mail.own_addresses import OwnAddresses, mailbox_key
from tuimail.mail.received_addresses import ReceivedAddress, received_addresses
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from tuimail.mail.received_header import ReceivedHeader

_NO_POST = re.compile(rb"\s*+no\b", re.IGNORECASE)
_SPECIAL = frozenset('()<>[]:;,\\"')


class ReplyKind(StrEnum):
    """To whom the user wants to reply."""

    REPLY = "reply"
    """To Reply-To, else From."""
    AUTHOR = "author"
    """The same, but to From if Reply-To is the address of the list."""
    ALL = "all"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class AnsweredHeader:
    """The fields of a received message that a reply depends on."""

    sender: tuple[ReceivedAddress, ...] = ()
    """From, or Sender if that is absent."""
    reply_to: tuple[ReceivedAddress, ...] = ()
    to: tuple[ReceivedAddress, ...] = ()
    cc: tuple[ReceivedAddress, ...] = ()
    followup_to: tuple[ReceivedAddress, ...] = ()
    """Mail-Followup-To."""
    list_post: str = ""
    """Where the list takes messages, a mailto link; empty if nowhere or nothing is said."""
    list_closed: bool = False
    """The list takes no messages (``List-Post: NO``)."""
    delivered_to: tuple[ReceivedAddress, ...] = ()
    original_to: tuple[ReceivedAddress, ...] = ()
    """X-Original-To."""


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """One recipient of a reply."""

    text: str
    """As it stands in the field; a list of such texts, with commas between, is read back as the same recipients."""
    address: Address | None
    error: AddressError | None = None
    """Why there is no ``address``."""

    @property
    def key(self) -> str:
        """Equal for two spellings of one recipient."""
        return self.text if self.address is None else self.address.key


@dataclass(frozen=True, slots=True)
class ReplyRecipients:
    """The recipient fields of a reply."""

    to: tuple[ReplyAddress, ...]
    """Empty only if there is nobody to reply to; ``note`` says why."""
    cc: tuple[ReplyAddress, ...] = ()
    note: str = ""
    """For the status line, where it is not the sender who gets the reply; empty if it is."""


def answered_header(header: ReceivedHeader) -> AnsweredHeader:
    """What a reply needs of ``header``; a field that stands there several times counts as one."""

    def people(name: str) -> tuple[ReceivedAddress, ...]:
        return tuple(each for value in header.values(name) for each in received_addresses(value))

    return AnsweredHeader(
        sender=people("from") or people("sender"),
        reply_to=people("reply-to"),
        to=people("to"),
        cc=people("cc"),
        followup_to=people("mail-followup-to"),
        list_post=list_headers(header).post,
        list_closed=_NO_POST.match(header.value("list-post")) is not None,
        delivered_to=people("delivered-to"),
        original_to=people("x-original-to"),
    )


def reply_recipients(
    header: AnsweredHeader, kind: ReplyKind, own: OwnAddresses, lists: Set[str] = frozenset()
) -> ReplyRecipients:
    """The recipients of a reply; ``lists`` are known mailing lists, each as ``mailbox_key`` gives it."""
    if kind is ReplyKind.LIST:
        return _to_list(header, own, lists)
    if kind is ReplyKind.ALL:
        return _to_all(header, own)
    return _to_sender(header, own, author=kind is ReplyKind.AUTHOR)


def reply_identity(header: AnsweredHeader, own: OwnAddresses, default: str) -> str:
    """The own address to reply from: the one that the message came to, else ``default``, its account's.

    ``own`` holds the identities' addresses; one of them is returned as it was given there. To a message of one's own,
    it is the one that it came from.
    """
    for field in (header.sender, header.to, header.cc, header.delivered_to, header.original_to):
        for each in field:
            found = own.identity(each.address)
            if found is not None:
                return found
    return default


def _posting_address(header: AnsweredHeader) -> str:
    """The address that takes messages for the list; empty if there is none."""
    _, _, rest = header.list_post.partition(":")
    return unquote(rest.partition("?")[0], errors="replace").strip()


def _to_sender(header: AnsweredHeader, own: OwnAddresses, *, author: bool) -> ReplyRecipients:
    if _is_own(header, own):
        to = _unique(header.to)
        others = _without_own(to, own)
        return ReplyRecipients(others or to or _unique(header.sender), note=_OWN)
    reply_to = _unique(header.reply_to)
    sender = _unique(header.sender)
    post = mailbox_key(_posting_address(header))
    from_list = [each for each in reply_to if each.address is not None and mailbox_key(each.address.addr_spec) == post]
    if not from_list:
        return _said(reply_to or sender, "")
    if author:
        others = tuple(each for each in reply_to if each not in from_list)
        return _said(others or sender, "Reply-To is the address of the list; this goes to the author.")
    return ReplyRecipients(reply_to, note="Reply-To is the address of the list; this goes to all who read it.")


def _to_all(header: AnsweredHeader, own: OwnAddresses) -> ReplyRecipients:
    note = ""
    sender = _unique(header.reply_to) or _unique(header.sender)
    copied = header.cc
    if _is_own(header, own):
        asked, note = _unique(header.to), _OWN
    elif header.followup_to:
        asked, copied = _unique(header.followup_to), ()
        note = "The sender has named who gets replies (Mail-Followup-To)."
    else:
        asked = _first_of_each((*sender, *_unique(header.to)))
    to = _without_own(asked, own)
    known = {each.key for each in to}
    cc = tuple(each for each in _without_own(_unique(copied), own) if each.key not in known)
    if not to:
        to, cc = cc, ()
    return ReplyRecipients(to, cc, note) if to else _said(asked or sender, note)


def _to_list(header: AnsweredHeader, own: OwnAddresses, lists: Set[str]) -> ReplyRecipients:
    post = _posting_address(header)
    if post:
        return ReplyRecipients(_unique([ReceivedAddress("", post)]))
    if header.list_closed:
        return ReplyRecipients((), note="This list takes no messages (List-Post: NO).")
    followup = _without_own(_unique(header.followup_to), own)
    if followup:
        return ReplyRecipients(followup, note="The sender has named who gets replies (Mail-Followup-To).")
    known = [each for each in (*header.to, *header.cc) if mailbox_key(each.address) in lists]
    if known:
        return ReplyRecipients(_unique(known))
    return ReplyRecipients((), note="This message is from no known mailing list.")


_OWN = "This message is your own; the reply goes to its recipients."


def _said(to: tuple[ReplyAddress, ...], note: str) -> ReplyRecipients:
    return ReplyRecipients(to, note=note if to else "The message does not say who sent it.")


def _is_own(header: AnsweredHeader, own: OwnAddresses) -> bool:
    return bool(header.sender) and all(each.address in own for each in header.sender)


def _without_own(addresses: Iterable[ReplyAddress], own: OwnAddresses) -> tuple[ReplyAddress, ...]:
    return tuple(each for each in addresses if each.address is None or each.address.addr_spec not in own)


def _unique(received: Iterable[ReceivedAddress]) -> tuple[ReplyAddress, ...]:
    """Each recipient once; the names of empty groups (``undisclosed-recipients:;``) are none."""
    return _first_of_each(_reply_address(each) for each in received if _spec(each))


def _first_of_each(addresses: Iterable[ReplyAddress]) -> tuple[ReplyAddress, ...]:
    found: dict[str, ReplyAddress] = {}
    for each in addresses:
        found.setdefault(each.key, each)
    return tuple(found.values())


def _spec(received: ReceivedAddress) -> str:
    """Its address without white space around it, on one line."""
    return " ".join(received.address.split()).strip(EDGES)


def _reply_address(received: ReceivedAddress) -> ReplyAddress:
    name = safe_line(" ".join(received.name.split())).strip(EDGES)
    spec = _spec(received)
    try:
        address = parse_address(spec)
    except AddressError as error:
        # In quotation marks it cannot run into its neighbours, nor be read as several addresses.
        if _SPECIAL & set(spec):
            text = quoted_phrase(f"{name} <{spec}>" if name else spec)
        else:
            text = f"{quoted_phrase(name)} <{spec}>" if name else spec
        return ReplyAddress(text, None, error)
    address = replace(address, display_name=name or address.display_name)
    return ReplyAddress(str(address), address)
