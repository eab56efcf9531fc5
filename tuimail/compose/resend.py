"""A received message sent on as it is (RFC 5322 section 3.6.6). Pure.

Four fields are put before the old header, everything else stays byte for byte, but for what a submission needs: CRLF
line ends, no separator line of a mailbox file, and no Bcc, which must not reach anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.compose.build import sender_of
from tuimail.errors import MessageError
from tuimail.mail.address import parse_addresses
from tuimail.mail.content import InMemory
from tuimail.mail.date import format_date
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.envelope import Envelope, EnvelopeRecipient
from tuimail.mail.header import MAX_LINE, address_field, id_field, structured_field
from tuimail.mail.line_ends import with_crlf
from tuimail.mail.message_id import make_message_id
from tuimail.mail.outgoing import OutgoingMessage
from tuimail.mail.received_header import read_header
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from datetime import tzinfo

    from tuimail.config.model import Identity

_BLIND = frozenset({"bcc", "resent-bcc"})


def resend(
    raw: bytes,
    to: str,
    identity: Identity,
    account_name: str,
    *,
    now: float,
    tz: tzinfo | None = None,
    message_id: str | None = None,
) -> OutgoingMessage:
    """The message ``raw`` for the people in ``to``, resent by ``identity``.

    Args:
        raw: As it was received.
        to: Addresses as typed.
        identity: Who resends it.
        account_name: The account that submits it.
        now: Seconds since the epoch, for Resent-Date.
        tz: The zone of that; the machine's if None.
        message_id: Resent-Message-ID with angle brackets; a new one if None.

    Raises:
        AddressError: one of ``to`` is not valid; ``field`` is "to".
        MessageError: there is no recipient, or the message cannot be submitted as it is.
    """
    sender = sender_of(identity)
    addresses = tuple({each.key: each for each in parse_addresses(to, field="to")}.values())
    if not addresses:
        raise MessageError("The letter has no recipient.", hint="Write an address.", field="to")
    own_id = make_message_id(sender.domain) if message_id is None else message_id
    fields = [
        structured_field("Resent-Date", format_date(now, tz)),
        address_field("Resent-From", [sender]),
        address_field("Resent-To", addresses),
        id_field("Resent-Message-ID", [own_id]),
    ]
    header, body = _unblinded(raw)
    resent = b"".join(with_crlf([header, body]))
    _check(resent)
    content = b"".join((*fields, resent, b"" if resent.endswith(b"\r\n") else b"\r\n"))
    return OutgoingMessage(
        content=InMemory(content),
        envelope=Envelope(
            sender=sender.wire_spec(),
            recipients=tuple(EnvelopeRecipient(each.wire_spec(), name=each.display_name) for each in addresses),
            smtputf8=any(each.needs_smtputf8 for each in (sender, *addresses)) or _is_utf8(header),
            eight_bit=not content.isascii(),
        ),
        message_id=own_id,
        subject=safe_line(" ".join(decode_header(read_header(raw).value("subject")).split())),
        sender=str(sender),
        account=account_name,
        identity=identity.address,
    )


def _unblinded(raw: bytes) -> tuple[bytes, bytes]:
    """The header without Bcc and without the separator line of a mailbox file, and what follows it."""
    header = read_header(raw)
    if not header.fields:  # all of it is text
        rest = raw[header.body :] if raw[:1] in (b"\r", b"\n") else raw
        return b"", b"\r\n" + rest
    kept: list[bytes] = []
    position = header.fields[0].start
    for field in header.fields:
        if field.name in _BLIND:
            kept.append(raw[position : field.start])
            position = field.end
    kept.append(raw[position : header.body])
    return b"".join(kept), raw[header.body :]


def _check(content: bytes) -> None:
    hint = "Forward it as an attachment instead."
    if b"\0" in content:
        raise MessageError("It cannot be resent as it is: it contains a NUL byte.", hint=hint, field="body")
    for number, line in enumerate(content.split(b"\r\n"), 1):
        if len(line) > MAX_LINE:
            raise MessageError(
                f"It cannot be resent as it is: line {number} is longer than {MAX_LINE} bytes.", hint=hint, field="body"
            )


def _is_utf8(head: bytes) -> bool:
    """It has raw text that is UTF-8; in any other charset it is only 8-bit."""
    if head.isascii():
        return False
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return True
