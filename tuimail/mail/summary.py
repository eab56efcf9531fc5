"""One row of a list of messages, made from a header (RFC 5322). Pure, bounded, never raises, and fast.

``mail/received_header`` keeps all fields with their offsets; here only those that a list shows are looked for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tuimail.mail.encoded_word import decode_header
from tuimail.mail.list_headers import list_id
from tuimail.mail.received_addresses import ReceivedAddress, received_addresses
from tuimail.mail.received_date import received_date
from tuimail.mail.received_header import HEAD_LIMIT, MOST_FIELDS
from tuimail.mail.report_signs import may_be_report
from tuimail.mail.row_recipients import BEFORE_CC, BETWEEN

MOST_REFERENCES = 20
"""The last ones: what a message answers stands at the end."""
MOST_RECIPIENTS = 50
"""Of To and of Cc."""
LONGEST_SUBJECT = 1000
_LONGEST_NAME = 300
_LONGEST_ADDRESS = 500
"""Characters of what a stranger wrote that a row keeps."""
_REMEMBERED = 1000
"""Bytes of a field up to which the people in it are remembered: the same ones write again."""
_LONGEST_LIST = 8192
"""Bytes of To and of Cc that are looked at."""
_REFERENCES = 32 * 1024
"""Bytes at the end of References that are looked at."""
_TOLERATED = 86400
"""Seconds a message may be dated later than it arrived: clocks differ."""

_WANTED = frozenset(
    {b"date", b"from", b"sender", b"subject", b"to", b"cc", b"message-id", b"in-reply-to", b"references", b"list-id"}
    | {b"content-type"}
)
_FOLD = re.compile(rb"\n[ \t]++")
_EMPTY_LINE = re.compile(rb"\n\r?\n|\r\r|\A\r?\n")
_MESSAGE_ID = re.compile(rb"<([^<>\s]{1,990})>")
_PREFIX = re.compile(
    r"\s*+(?:(?:(?:re|aw|antw|sv|vs|fwd?|wg|tr|rv|res|odp|ynt|r|i|enc|回复|答复|转发|회신)(?:\s?\[\d{1,3}\]|\^\d{1,3})?\s*+[:：]"
    r"|\[[^\[\]]{1,60}\])\s*+)++",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\s*+\(fwd\)\Z", re.IGNORECASE)


class Summary(NamedTuple):
    """What a list shows of a message. Decoded, not sanitised."""

    flags: int
    """Bits of ``mail/flags``."""
    keywords: str
    """Sorted, separated by spaces."""
    size: int
    """Bytes; 0 if it is not known."""
    arrived: int
    """Seconds since the epoch; 0 if it is not known."""
    date: int
    """Of the Date field; ``arrived`` if there is none, or it is absurd or to come."""
    from_name: str
    from_addr: str
    recipients: str
    """To and Cc: see ``row_recipients.split_recipients``."""
    subject: str
    base: str
    """The subject for comparing: without ``Re:``, ``Fwd:`` and ``[list]``, case folded."""
    message_id: str
    """In angle brackets; empty if there is none."""
    refs: str
    """Message-IDs of References and In-Reply-To, separated by spaces, the last one the message answered."""
    list_id: str
    attached: bool | None
    """Whether it has files, as far as Content-Type says; None if it does not."""
    report: bool = False
    """It may be a delivery report."""


def summary_of(header: bytes, *, flags: int = 0, keywords: str = "", size: int = 0, arrived: int = 0) -> Summary:
    """The row for a message with this ``header``; what follows the header's empty line is not looked at."""
    get = _fields(header).get
    people = _correspondent(get(b"from", b"")) or _correspondent(get(b"sender", b"")) or ("", "")
    written = received_date(get(b"date", b""))
    date = written.at if written is not None else arrived
    if arrived and date > arrived + _TOLERATED:
        date = arrived
    subject, kind = _subject(get(b"subject", b"")), get(b"content-type", b"")
    message_id = _MESSAGE_ID.search(get(b"message-id", b""))
    return Summary(
        flags,
        keywords,
        size,
        arrived,
        date,
        *people,
        _recipients(get(b"to", b""), get(b"cc", b"")),
        subject,
        base_subject(subject),
        message_id[0].decode("latin-1") if message_id else "",
        _references(get(b"references", b""), get(b"in-reply-to", b"")),
        list_id(get(b"list-id", b"")),
        _attached(kind),
        may_be_report(kind, people[1], subject),
    )


def base_subject(subject: str) -> str:
    """``subject`` as answers to it have it too, for comparing; never empty unless ``subject`` is."""
    found = _PREFIX.match(subject) if ":" in subject or "[" in subject or "：" in subject else None
    rest = subject[found.end() :] if found else subject
    if rest.endswith(")"):
        rest = _SUFFIX.sub("", rest)
    return (rest or subject).casefold()


def _fields(header: bytes) -> dict[bytes, bytes]:
    """The wanted fields, the first of each name, unfolded and stripped; names in lower case."""
    end = _EMPTY_LINE.search(header, 0, HEAD_LIMIT)
    block = header[: end.start() if end else HEAD_LIMIT]
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n " in block or b"\n\t" in block:
        block = _FOLD.sub(b" ", block)
    found: dict[bytes, bytes] = {}
    for line in block.split(b"\n", MOST_FIELDS)[:MOST_FIELDS]:
        name, _, value = line.partition(b":")
        key = name.lower().rstrip()
        if key in _WANTED and key not in found:
            found[key] = value.strip()
    return found


def _correspondent(value: bytes) -> tuple[str, str] | None:
    """Name and address of the first person in a field; None if there is none."""
    return _remembered_correspondent(value[:_REMEMBERED]) if value else None


@lru_cache(maxsize=8192)
def _remembered_correspondent(value: bytes) -> tuple[str, str] | None:
    found = received_addresses(value)
    if not found:
        return None
    return _kept(found[0].name, _LONGEST_NAME), _kept(found[0].address, _LONGEST_ADDRESS)


def _recipients(to: bytes, cc: bytes) -> str:
    found = _listed(to) if to else ""
    return f"{found}{BEFORE_CC}{_listed(cc)}" if cc else found


def _listed(value: bytes) -> str:
    if len(value) <= _REMEMBERED:
        return _remembered_list(value)
    if len(value) > _LONGEST_LIST:
        whole, _, _ = value[:_LONGEST_LIST].rpartition(b",")
        value = whole or value[:_LONGEST_LIST]
    return _list(value)


@lru_cache(maxsize=8192)
def _remembered_list(value: bytes) -> str:
    return _list(value)


def _list(value: bytes) -> str:
    return BETWEEN.join(map(_recipient, received_addresses(value)[:MOST_RECIPIENTS]))


def _recipient(person: ReceivedAddress) -> str:
    name, address = _kept(person.name, _LONGEST_NAME), _kept(person.address, _LONGEST_ADDRESS)
    if name and address:
        return f"{name} <{address}>"
    return address or name


def _kept(text: str, longest: int) -> str:
    """One line, as far as a row keeps it."""
    if text.isprintable() and len(text) <= longest:
        return text
    return " ".join(text.replace("\0", "\ufffd").split())[:longest]


def _subject(value: bytes) -> str:
    if not value:
        return ""
    return _kept(decode_header(value[: 8 * LONGEST_SUBJECT]), LONGEST_SUBJECT)


def _references(references: bytes, in_reply_to: bytes) -> str:
    found = _MESSAGE_ID.findall(references[-_REFERENCES:])[-MOST_REFERENCES:] if references else []
    if in_reply_to:
        answered = _MESSAGE_ID.search(in_reply_to)
        if answered is not None and answered[1] not in found:
            found = [*found[1 - MOST_REFERENCES :], answered[1]]
    return " ".join([f"<{each.decode('latin-1')}>" for each in found])


def _attached(content_type: bytes) -> bool | None:
    kind = content_type[:100].partition(b";")[0].strip().lower()
    if not kind or kind.startswith((b"text/", b"multipart/alternative")):
        return False
    if kind.startswith(b"multipart/") and kind != b"multipart/mixed":
        return None
    return b"/" in kind
