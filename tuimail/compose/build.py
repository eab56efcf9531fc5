"""Freezes a draft: makes the exact bytes of the letter and its envelope, which never change afterwards.

The letter contains what the user wrote and nothing about the machine: no User-Agent, no host name, no Bcc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.compose import attachment as files
from tuimail.compose.mime import file_part, mixed, text_part, verbatim_part
from tuimail.errors import InjectionError, MessageError
from tuimail.mail.address import Address, parse_address, parse_addresses
from tuimail.mail.date import format_date
from tuimail.mail.envelope import Envelope, EnvelopeRecipient, RecipientField
from tuimail.mail.header import address_field, check_text, id_field, is_message_id, structured_field, text_field
from tuimail.mail.message_id import make_message_id
from tuimail.mail.outgoing import OutgoingMessage
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from tuimail.compose.draft import Attachment, Draft
    from tuimail.compose.mime import MimePart
    from tuimail.config.model import Identity
    from tuimail.mail.content import Content

NO_VISIBLE_RECIPIENT = "undisclosed-recipients:;"

RESERVED = frozenset(
    {
        *("from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to"),
        *("references", "mime-version", "received", "return-path", "delivered-to", "errors-to", "apparently-to"),
        *("dkim-signature", "authentication-results"),
    }
)
"""Fields that the program writes itself or that only servers write."""
_RESERVED_PREFIXES = ("content-", "resent-", "arc-")


def build(
    draft: Draft,
    identity: Identity,
    account_name: str,
    *,
    now: float,
    tz: tzinfo | None = None,
    message_id: str | None = None,
    read: Callable[[Attachment], Content] = files.AttachedFile,
) -> OutgoingMessage:
    """Freeze ``draft``, written as ``identity``, for submission by the account ``account_name``.

    Args:
        draft: The draft; its address fields are parsed here.
        identity: The author.
        account_name: Stable id of the account.
        now: Seconds since the epoch, for the Date field.
        tz: The zone of the Date field; the machine's if None.
        message_id: With angle brackets; a new one if None.
        read: Reads an attachment. Its bytes are not kept, but read again whenever the letter is read.

    Raises:
        MessageError: no recipients, a bad address, a control character, a reserved header field, an unreadable
            attachment; ``field`` says where.
    """
    sender = sender_of(identity)
    fields = recipients_of(draft)
    reply_to = parse_addresses(draft.reply_to, field="reply-to")
    recipients = envelope_recipients(fields)
    if not recipients:
        raise MessageError("The letter has no recipient.", hint="Write an address in To, Cc or Bcc.", field="to")
    own_id = make_message_id(sender.domain) if message_id is None else message_id
    body = body_of(draft, read)
    date = structured_field("Date", format_date(now, tz))
    head = b"".join([date, *_header(draft, sender, fields, reply_to, own_id)])
    written = (sender, *reply_to, *(address for field in fields.values() for address in field))
    return OutgoingMessage(
        content=body.after(head),
        envelope=Envelope(
            sender=sender.wire_spec(),
            recipients=recipients,
            smtputf8=any(address.needs_smtputf8 for address in written),
            eight_bit=not head.isascii(),  # every part is 7-bit (compose/mime)
        ),
        message_id=own_id,
        subject=draft.subject,
        sender=str(sender),
        account=account_name,
        identity=identity.address,
    )


def _header(
    draft: Draft,
    sender: Address,
    fields: Mapping[RecipientField, Sequence[Address]],
    reply_to: Sequence[Address],
    message_id: str,
) -> Iterator[bytes]:
    """The fields after Date, in their order; those of the content follow (compose/mime)."""
    yield address_field("From", [sender])
    yield from _recipient_fields(fields)
    if reply_to:
        yield address_field("Reply-To", reply_to)
    if draft.subject:
        yield text_field("Subject", draft.subject)
    yield id_field("Message-ID", [message_id])
    yield from thread_fields(draft)
    yield from extra_fields(draft.headers)
    yield structured_field("MIME-Version", "1.0")


def body_of(draft: Draft, read: Callable[[Attachment], Content]) -> MimePart:
    """Its text and files. Raises MessageError: a file cannot be read."""
    text = verbatim_part(draft.body) if draft.verbatim else text_part(draft.body.replace("\r\n", "\n").rstrip("\n"))
    parts = [file_part(each, read(each)) for each in draft.attachments]
    return mixed([text, *parts]) if parts else text


def is_reserved(name: str) -> bool:
    """Whether users may not set a header field of this name."""
    lowered = name.casefold()
    return lowered in RESERVED or lowered.startswith(_RESERVED_PREFIXES)


def sender_of(identity: Identity) -> Address:
    """The address of the From field.

    Raises:
        MessageError: the identity's address or name is not valid there; ``field`` is "from".
    """
    check_text("From", f"{identity.address}{identity.name}")
    address = parse_address(identity.address, field="from")
    return Address(identity.name, address.local_part, address.domain)


def recipients_of(draft: Draft) -> dict[RecipientField, tuple[Address, ...]]:
    """The addresses of To, Cc and Bcc.

    Raises:
        AddressError: one of them is not valid.
    """
    typed = {RecipientField.TO: draft.to, RecipientField.CC: draft.cc, RecipientField.BCC: draft.bcc}
    return {field: parse_addresses(text, field=field.value) for field, text in typed.items()}


def envelope_recipients(fields: Mapping[RecipientField, Sequence[Address]]) -> tuple[EnvelopeRecipient, ...]:
    """Every recipient once, in the order of To, Cc, Bcc; of two spellings of a mailbox the first one is used."""
    found: dict[str, EnvelopeRecipient] = {}
    for field, addresses in fields.items():
        for address in addresses:
            found.setdefault(address.key, EnvelopeRecipient(address.wire_spec(), field, address.display_name))
    return tuple(found.values())


def _recipient_fields(fields: Mapping[RecipientField, Sequence[Address]]) -> Iterator[bytes]:
    if fields[RecipientField.TO]:
        yield address_field("To", fields[RecipientField.TO])
    elif not fields[RecipientField.CC]:
        yield address_field("To", (), if_none=NO_VISIBLE_RECIPIENT)
    if fields[RecipientField.CC]:
        yield address_field("Cc", fields[RecipientField.CC])


def thread_fields(draft: Draft) -> Iterator[bytes]:
    """The threading fields. Ids come from other people's letters: malformed ones are dropped, unsafe ones refused."""
    for name, ids in (("In-Reply-To", draft.in_reply_to.split(" ")), ("References", draft.references)):
        for each in ids:
            check_text(name, each)
        sound = [each for each in ids if is_message_id(each)]
        if sound:
            yield id_field(name, sound)


def extra_fields(headers: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """The user's own fields. Raises InjectionError: one of them is not theirs to write."""
    for name, value in headers:
        if is_reserved(name):
            raise InjectionError(
                f"{safe_line(name)} cannot be set as an extra header field: the program or a server writes it.",
                hint="Take it out of the extra header fields.",
                field=name.casefold(),
            )
        yield text_field(name, value)
