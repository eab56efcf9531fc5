r"""A draft as a message for \Drafts: what was typed so far, whether or not it could be sent. Pure but for the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.compose import attachment as files
from tuimail.compose.build import body_of, extra_fields, sender_of, thread_fields
from tuimail.errors import AddressError
from tuimail.mail.address import parse_addresses
from tuimail.mail.date import format_date
from tuimail.mail.header import address_field, id_field, structured_field, text_field
from tuimail.mail.message_id import make_message_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from tuimail.compose.draft import Attachment, Draft
    from tuimail.config.model import Identity
    from tuimail.mail.content import Content

DRAFT_ID = "X-Tuimail-Draft"
"""The header field that says which draft of ours a message is."""


class DraftLetter(NamedTuple):
    """The message."""

    content: Content
    message_id: str
    """A new one each time: so a copy that another program wrote anew is not taken for ours."""


def draft_letter(
    draft: Draft,
    identity: Identity,
    *,
    now: float,
    tz: tzinfo | None = None,
    read: Callable[[Attachment], Content] = files.AttachedFile,
) -> DraftLetter:
    """``draft`` as a message with its Bcc and its id. Addresses that cannot be sent to yet stay as they were typed.

    Arguments as of compose/build.

    Raises:
        MessageError: a control character, a reserved header field, or an unreadable attachment.
    """
    sender = sender_of(identity)
    message_id = make_message_id(sender.domain)
    fields = [
        structured_field("Date", format_date(now, tz)),
        address_field("From", [sender]),
        *_typed("To", draft.to),
        *_typed("Cc", draft.cc),
        *_typed("Bcc", draft.bcc),
        *_typed("Reply-To", draft.reply_to),
        *([text_field("Subject", draft.subject)] if draft.subject else []),
        id_field("Message-ID", [message_id]),
        *thread_fields(draft),
        *extra_fields(draft.headers),
        structured_field(DRAFT_ID, draft.id),
        structured_field("MIME-Version", "1.0"),
    ]
    return DraftLetter(body_of(draft, read).after(b"".join(fields)), message_id)


def _typed(name: str, text: str) -> Iterator[bytes]:
    if not text.strip():
        return
    try:
        yield address_field(name, parse_addresses(text))
    except AddressError:
        yield text_field(name, text)
