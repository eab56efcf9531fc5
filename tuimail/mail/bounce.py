"""Reading a delivery status notification (RFC 3464, RFC 6533), and the bounces of qmail and old Exim. Pure.

A bounce is a stranger's letter: it is read only so far, never raises, and everything it says is sanitised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.dsn import Report, ReportAction
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import Message

LONGEST = 512_000
"""Bytes that are read; what is reported stands before the returned letter."""

_DEEPEST = 5
_NESTED = 100
"""Boundaries in what is read; more are made to keep the parser busy."""
_MOST = 1000
"""Recipients of one report."""
_WORDS = 300
"""Characters of a server's words that are kept."""

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_QMAIL = re.compile(r"^Hi\. This is the [\w.-]+ (?:program )?at ([\w.-]+)", re.MULTILINE)
_QMAIL_FAILED = re.compile(r"^<([^<>\s]{3,320})>:\n((?:[^\n]+\n?){1,20})", re.MULTILINE)
_REPLY = re.compile(r"\b([45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} ?)?[^\n]*)")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_MESSAGE_ID = re.compile(r"^Message-ID:[ \t]*(?:\n[ \t]+)?(<[^<>\s]{1,900}>)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reported:
    """What is said of one recipient."""

    address: str
    """The last address the letter went to."""
    original: str
    """The address we had given; empty when not told."""
    report: Report


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A whole notification."""

    recipients: tuple[Reported, ...]
    """At least one."""
    envelope_id: str = ""
    """ENVID of the letter it is about: the outbox item."""
    message_id: str = ""
    """Message-ID of the letter it is about."""


def read_report(raw: bytes, now: float) -> DeliveryReport | None:
    """The delivery report in ``raw``, a whole letter; None when it is none.

    Args:
        raw: as it came.
        now: seconds since the epoch; taken where the report has no date, or one to come.
    """
    from email.parser import BytesParser
    from email.policy import compat32

    raw = raw[:LONGEST]
    if raw.lower().count(b"boundary=") > _NESTED:
        return None
    try:
        letter = BytesParser(policy=compat32).parsebytes(raw)
        return _standard(letter, now) or _plain(letter, now)
    except Exception:  # noqa: BLE001 - the email package has its own ideas about what may go wrong with garbage
        return None


# -- RFC 3464
def _standard(letter: Message, now: float) -> DeliveryReport | None:
    found: list[Reported] = []
    envelope_id = message_id = ""
    for part in _parts(letter, 0):
        kind = part.get_content_type()
        if kind in _STATUS:
            about, *each = _blocks(part)
            envelope_id = envelope_id or safe_line(about.get("original-envelope-id", ""))
            told = (_reported(fields, about, letter, now) for fields in each[:_MOST])
            found.extend(one for one in told if one is not None)
        elif kind in _RETURNED and not message_id:
            match = _MESSAGE_ID.search(_text(part))
            message_id = match[1] if match else ""
    return DeliveryReport(tuple(found), envelope_id, message_id) if found else None


def _parts(letter: Message, depth: int) -> Iterator[Message]:
    """The parts, not going into letters that are in this one."""
    payload = letter.get_payload()
    if letter.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < _DEEPEST:
        for part in payload:
            if not isinstance(part, str):
                yield from _parts(part, depth + 1)
    else:
        yield letter


def _blocks(part: Message) -> list[dict[str, str]]:
    """The groups of fields of a delivery-status part: one about the letter, one for each recipient."""
    blocks: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", _text(part)):
        fields: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        if fields:
            blocks.append(fields)
    return blocks or [{}]


def _text(part: Message) -> str:
    """A part as text, decoded, with plain line ends; of a letter within, its head and more."""
    payload = part.get_payload()
    if isinstance(payload, list):
        text = "\n\n".join(each.as_string() if hasattr(each, "as_string") else str(each) for each in payload)
        if str(part.get("content-transfer-encoding", "")).strip().lower() in ("base64", "quoted-printable"):
            # RFC 6533 allows it; the email package takes the encoded text for a letter.
            import base64
            import quopri

            encoding = str(part["content-transfer-encoding"]).strip().lower()
            data = text.encode("ascii", "replace")
            raw = base64.b64decode(data) if encoding == "base64" else quopri.decodestring(data)
            text = raw.decode("utf-8", "replace")
    else:
        decoded = part.get_payload(decode=True)
        text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else str(payload)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reported(fields: dict[str, str], about: dict[str, str], letter: Message, now: float) -> Reported | None:
    word = re.match(r"[a-z]+", fields.get("action", "").lower())
    final, original = _address(fields.get("final-recipient", "")), _address(fields.get("original-recipient", ""))
    if word is None or word[0] not in set(ReportAction) or not (final or original):
        return None
    status = _ENHANCED.search(fields.get("status", ""))
    mta = _typed(fields.get("remote-mta", "")) or _typed(about.get("reporting-mta", ""))
    report = Report(
        action=ReportAction(word[0]),
        status=status[0] if status else "",
        words=_words(_typed(fields.get("diagnostic-code", ""))),
        mta=safe_line(mta.split(" ")[0])[:255],
        at=_moment((fields.get("last-attempt-date", ""), str(letter.get("date", ""))), now),
    )
    return Reported(final or original, original, report)


def _typed(value: str) -> str:
    """The value of a field of the form "type; value"."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon else kind.strip()


def _address(value: str) -> str:
    kind, _, _ = value.partition(";")
    address = _typed(value).strip().strip("<>").strip()
    if kind.strip().lower() == "utf-8":  # RFC 6533 section 3: "\\x{44F}" for what is not ASCII
        address = re.sub(r"\\x\{([0-9A-Fa-f]{1,6})\}", lambda code: _character(int(code[1], 16)), address)
    return safe_line(address)[:320] if "@" in address else ""


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _words(text: str) -> str:
    """A server's words on one line: "550-5.1.1 No such 550 5.1.1 user" is said once."""
    text = " ".join(text.split())
    many = re.match(r"([45]\d\d)-([45]\.\d{1,3}\.\d{1,3} )?", text)
    if many:
        again = re.compile(rf" {many[1]}[ -]{re.escape(many[2] or '')}")
        text = f"{many[1]} {many[2] or ''}{again.sub(' ', text[many.end() :])}"
    text = safe_line(text)
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


def _moment(dates: Iterable[str], now: float) -> float:
    from email.utils import parsedate_to_datetime

    for date in dates:
        try:
            moment = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        if 0 < moment <= now:
            return moment
    return now


# -- before RFC 3464
def _plain(letter: Message, now: float) -> DeliveryReport | None:
    """The QSBMF of qmail and what Exim wrote: a text, then the letter."""
    text = next((_text(part) for part in _parts(letter, 0) if part.get_content_maintype() == "text"), "")
    match = _MESSAGE_ID.search(text)
    message_id = match[1] if match else ""
    at = _moment((str(letter.get("date", "")),), now)
    qmail = _QMAIL.search(text)
    if qmail:
        said = text[: text.find("\n--- Below this line")] if "\n--- Below this line" in text else text
        failed = [(address, why) for address, why in _QMAIL_FAILED.findall(said)[:_MOST] if "@" in address]
        found = tuple(Reported(safe_line(to), "", _failure(why, qmail[1], at)) for to, why in failed)
        return DeliveryReport(found, message_id=message_id) if found else None
    listed = [each.strip() for each in str(letter.get("x-failed-recipients", "")).split(",")][:_MOST]
    failed = [(each, _exim_words(text, each)) for each in listed if "@" in each]
    if not failed:
        return None
    found = tuple(Reported(safe_line(to)[:320], "", _failure(why, "", at)) for to, why in failed)
    return DeliveryReport(found, message_id=message_id)


def _exim_words(text: str, address: str) -> str:
    """The indented lines below the address."""
    after = re.search(rf"^  {re.escape(address)}\n((?:    [^\n]*\n?){{1,20}})", text, re.MULTILINE)
    return after[1] if after else ""


def _failure(why: str, mta: str, at: float) -> Report:
    reply = _REPLY.search(why)
    words = reply[1] if reply else " ".join(why.split())
    status = _ENHANCED.search(words)
    host = re.search(r"host ([\w.-]+)", why)
    return Report(
        ReportAction.FAILED, status[0] if status else "", _words(words), safe_line(host[1] if host else mta), at
    )
