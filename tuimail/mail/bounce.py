"""Parser for delivery status notifications (RFC 3464, RFC 6533) and the bounces of qmail and old Exim. Pure.

A bounce is untrusted: sizes are limited, nothing raises, and all text is sanitised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.dsn import DeliveryAction, DeliveryStatus
from tuimail.mail.mime_tree import leaves, read_tree
from tuimail.mail.part_text import decoded_text, plain_line_ends
from tuimail.mail.received_addresses import received_addresses
from tuimail.mail.received_date import received_date
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.mail.mime_tree import ReceivedPart

LONGEST = 512_000
"""Maximum number of bytes that are read; the report comes before the returned letter."""

_MOST = 1000
"""Maximum number of recipients of one report."""
_WORDS = 300
"""Maximum number of characters of a server's text that are kept."""
_SAID = 10 * _WORDS
"""Maximum number of characters of a server's text that are searched."""
_ADDRESS = 320
"""Maximum length of an address (RFC 3696 erratum 1690)."""

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_QMAIL = re.compile(r"^Hi\. This is the [\w.-]+ (?:program )?at ([\w.-]+)", re.MULTILINE)
_QMAIL_FAILED = re.compile(r"^<([^<>\s]{3,320})>:\n((?:[^\n]++\n?+){1,20}+)", re.MULTILINE)
_EXIM_FAILED = re.compile(r"^  ([^\s]{3,320})\n((?:    [^\n]*+\n?+){1,20}+)", re.MULTILINE)
_REPLY = re.compile(r"\b([45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} ?)?[^\n]*)")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_MESSAGE_ID = re.compile(r"^Message-ID:[ \t]*+(?:\n[ \t]++)?+(<[^<>\s]{1,900}>)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """The report about one recipient."""

    address: str
    """The final address; its domain as A-labels if it is a valid domain."""
    original: str
    """The address to which the letter was sent; empty if not reported."""
    report: DeliveryStatus


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A whole notification."""

    recipients: tuple[RecipientReport, ...]
    """At least one."""
    envelope_id: str = ""
    """ENVID of the letter it is about: the outbox item."""
    message_id: str = ""
    """Message-ID of the letter it is about."""


def read_report(raw: bytes, now: float) -> DeliveryReport | None:
    """The delivery report in ``raw``, a whole message; None if it is not one.

    Args:
        raw: the message as received.
        now: seconds since the epoch; used if the report has no date or one in the future.
    """
    try:
        letter = read_tree(raw[:LONGEST])
        return _standard(letter, now) or _plain(letter, now)
    except Exception:  # noqa: BLE001 - whatever a stranger thinks of, it is no report then
        return None


# -- RFC 3464
def _standard(letter: ReceivedPart, now: float) -> DeliveryReport | None:
    found: list[RecipientReport] = []
    envelope_id = message_id = ""
    for part in leaves(letter):
        kind = part.content_type
        if kind in _STATUS:
            about, *each = _blocks(part)
            envelope_id = envelope_id or safe_line(about.get("original-envelope-id", "")[:_SAID])
            told = (_reported(fields, about, letter, now) for fields in each[: _MOST - len(found)])
            found.extend(one for one in told if one is not None)
        elif kind in _RETURNED and not message_id:
            match = _MESSAGE_ID.search(_text(part))
            message_id = match[1] if match else ""
    return DeliveryReport(tuple(found), envelope_id, message_id) if found else None


def _text(part: ReceivedPart) -> str:
    return plain_line_ends(decoded_text(part, LONGEST).text)


def _blocks(part: ReceivedPart) -> list[dict[str, str]]:
    """The groups of fields of a delivery-status part: one about the letter, one for each recipient."""
    blocks: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*+\n", _text(part), maxsplit=_MOST + 1):
        fields: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]++", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        if fields:
            blocks.append(fields)
    return blocks or [{}]


def _reported(
    fields: dict[str, str], about: dict[str, str], letter: ReceivedPart, now: float
) -> RecipientReport | None:
    word = re.match(r"[a-z]+", fields.get("action", "").lower())
    final, original = _address(fields.get("final-recipient", "")), _address(fields.get("original-recipient", ""))
    if word is None or word[0] not in set(DeliveryAction) or not (final or original):
        return None
    status = _ENHANCED.search(fields.get("status", ""))
    mta = _typed(fields.get("remote-mta", "")) or _typed(about.get("reporting-mta", ""))
    report = DeliveryStatus(
        action=DeliveryAction(word[0]),
        status=status[0] if status else "",
        text=_words(_typed(fields.get("diagnostic-code", ""))),
        mta=safe_line(mta[:255].split(" ")[0]),
        at=_moment(fields.get("last-attempt-date", "").encode(), letter, now),
    )
    return RecipientReport(final or original, original, report)


def _typed(value: str) -> str:
    """The value of a field of the form "type; value"."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon else kind.strip()


def _address(value: str) -> str:
    kind, _, _ = value.partition(";")
    address = _typed(value)[:_SAID].strip().strip("<>").strip()
    if kind.strip().lower() == "utf-8":  # RFC 6533 section 3: "\\x{44F}" for what is not ASCII
        address = re.sub(r"\\x\{([0-9A-Fa-f]{1,6})\}", lambda code: _character(int(code[1], 16)), address)
    return _with_a_labels(safe_line(address[:_ADDRESS])) if "@" in address else ""


def _with_a_labels(address: str) -> str:
    """``address`` with its domain as in an envelope (mail/domain: IDNA 2008), so that it can be found there."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{ascii_domain(domain.removesuffix('.'))}"
    except DomainError:
        return address


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _words(text: str) -> str:
    """A server's text on one line, without repeated codes: "550-5.1.1 No such 550 5.1.1 user"."""
    text = " ".join(text[:_SAID].split())
    many = re.match(r"([45]\d\d)-([45]\.\d{1,3}\.\d{1,3} )?", text)
    if many:
        again = re.compile(rf" {many[1]}[ -]{re.escape(many[2] or '')}")
        text = f"{many[1]} {many[2] or ''}{again.sub(' ', text[many.end() :])}"
    text = safe_line(text)
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


def _moment(date: bytes, letter: ReceivedPart, now: float) -> float:
    """``date``, else the date of ``letter``, else ``now``."""
    for each in (date, letter.header.value("date")):
        found = received_date(each)
        if found is not None and found.at <= now:
            return float(found.at)
    return now


# -- before RFC 3464
def _plain(letter: ReceivedPart, now: float) -> DeliveryReport | None:
    """The QSBMF of qmail and what Exim wrote: a text, then the letter."""
    text = next((_text(part) for part in leaves(letter) if part.content_type.startswith("text/")), "")
    match = _MESSAGE_ID.search(text)
    message_id = match[1] if match else ""
    at = _moment(b"", letter, now)
    qmail = _QMAIL.search(text)
    if qmail:
        said = text[: text.find("\n--- Below this line")] if "\n--- Below this line" in text else text
        failed = [(address, why) for address, why in _QMAIL_FAILED.findall(said)[:_MOST] if "@" in address]
        found = tuple(
            RecipientReport(_with_a_labels(safe_line(to)), "", _failure(why, qmail[1], at)) for to, why in failed
        )
        return DeliveryReport(found, message_id=message_id) if found else None
    listed = received_addresses(letter.header.value("x-failed-recipients"))[:_MOST]
    wanted = [each.address for each in listed if "@" in each.address]
    if not wanted:
        return None
    why_of: dict[str, str] = {}
    for address, why in _EXIM_FAILED.findall(text):
        why_of.setdefault(address, why)
    found = tuple(
        RecipientReport(_with_a_labels(safe_line(to[:_ADDRESS])), "", _failure(why_of.get(to, ""), "", at))
        for to in wanted
    )
    return DeliveryReport(found, message_id=message_id)


def _failure(why: str, mta: str, at: float) -> DeliveryStatus:
    why = why[:_SAID]
    reply = _REPLY.search(why)
    words = reply[1] if reply else " ".join(why.split())
    status = _ENHANCED.search(words)
    host = re.search(r"host ([\w.-]+)", why)
    return DeliveryStatus(
        DeliveryAction.FAILED, status[0] if status else "", _words(words), safe_line(host[1] if host else mta), at
    )
