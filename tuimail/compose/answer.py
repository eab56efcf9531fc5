"""A draft that answers a received message: its recipients, its thread, the quote. Pure, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.draft import Draft, new_draft_id
from tuimail.compose.quote import quote, signed
from tuimail.compose.template import parse
from tuimail.dates.format_date import format_full_date
from tuimail.errors import ConfigError
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.received_date import received_date
from tuimail.mail.reply_header import reply_ids, reply_subject
from tuimail.mail.reply_recipients import answered_header, reply_identity, reply_recipients
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Set
    from datetime import tzinfo

    from tuimail.compose.template import Template
    from tuimail.config.model import Account, Config, Identity
    from tuimail.mail.message_ref import MessageRef
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.mail.received_header import ReceivedHeader
    from tuimail.mail.reply_recipients import AnsweredHeader, ReplyKind

ATTRIBUTION = parse("On {date}, {name} wrote:", "attribution")
"""The line before the quote."""
ATTRIBUTION_WITHOUT_DATE = parse("{name} wrote:", "attribution")
"""The same where the message has no date, or an absurd one."""
_NAME = 200
"""Characters of the author's name that the line has."""


@dataclass(frozen=True, slots=True)
class OriginalMessage:
    """A received message that a draft is made of."""

    ref: MessageRef
    root: ReceivedPart


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft that was made of a received message."""

    draft: Draft
    note: str = ""
    """For the status line: who gets it, where that is not the author alone; empty if there is nothing to say."""


def reply(
    original: OriginalMessage,
    kind: ReplyKind,
    config: Config,
    *,
    selection: str = "",
    lists: Set[str] = frozenset(),
    now: float,
    zone: tzinfo | None = None,
) -> PreparedDraft:
    """The draft of a reply.

    Args:
        original: The message.
        kind: To whom.
        config: Its accounts and their identities are the user's own addresses.
        selection: Of its text as it is shown, what is quoted; empty: all of it.
        lists: Known mailing lists, each as ``own_addresses.mailbox_key`` gives it.
        now: Seconds since the epoch.
        zone: Of the date in the attribution; the machine's if None.

    Raises:
        ConfigError: there is no account.
    """
    header = original.root.header
    answered = answered_header(header)
    account, identity = sender_for(original, config)
    recipients = reply_recipients(answered, kind, own_addresses(config), lists)
    ids = reply_ids(*(header.value(name).decode("latin-1") for name in ("message-id", "references", "in-reply-to")))
    quotation = quote(original.root, selection)
    text = f"{attribution(header, answered, zone)}\n{quotation}\n" if quotation else ""
    draft = Draft(
        id=new_draft_id(),
        account=account.name,
        identity=identity.address,
        to=", ".join(each.text for each in recipients.to),
        cc=", ".join(each.text for each in recipients.cc),
        subject=reply_subject(decode_header(header.value("subject"))),
        body=signed(text, identity.signature),
        in_reply_to=ids.in_reply_to,
        references=ids.references,
        answers=AnsweredMessage(original.ref, AnswerKind.REPLIED),
        created_at=now,
        updated_at=now,
    )
    return PreparedDraft(draft, recipients.note)


def own_addresses(config: Config) -> OwnAddresses:
    """The addresses of all identities."""
    return OwnAddresses(identity.address for each in config.accounts.values() for identity in each.identities)


def sender_for(original: OriginalMessage, config: Config) -> tuple[Account, Identity]:
    """The account and identity that answer: to whom the message came; of its own account if that was among them.

    Where no address tells, the default identity of the account that the message is in.

    Raises:
        ConfigError: there is no account.
    """
    home = config.accounts.get(original.ref.account) or config.default
    if home is None:
        raise ConfigError("There is no account to send with.", hint="Add one to the config: see the README.")
    answered = answered_header(original.root.header)
    others = [each for each in config.accounts.values() if each is not home]
    for account in (home, *others):
        found = reply_identity(answered, OwnAddresses(each.address for each in account.identities), "")
        identity = account.identity_for(found) if found else None
        if identity is not None:
            return account, identity
    return home, home.identity


def attribution(
    header: ReceivedHeader,
    answered: AnsweredHeader,
    zone: tzinfo | None = None,
    *,
    template: Template = ATTRIBUTION,
    without_date: Template = ATTRIBUTION_WITHOUT_DATE,
) -> str:
    """The line that says when the message was written, and by whom."""
    date = received_date(header.value("date"))
    author = next(iter(answered.sender), None)
    name = "" if author is None else author.name.strip() or author.address.strip()
    name = safe_line(" ".join(name[:_NAME].split())) or "The author"
    if date is None:
        return without_date.fill({"name": name})
    return template.fill({"name": name, "date": format_full_date(date.at, zone)})
