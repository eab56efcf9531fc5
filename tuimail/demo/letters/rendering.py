"""Turns rows of the tables into mail: who answers what, what is quoted, the header, the place in a Maildir. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.demo.letters.message import NEW
from tuimail.demo.letters.parts import text_part, wrapped
from tuimail.demo.letters.people import PEOPLE
from tuimail.mail import flowed
from tuimail.mail.address import Address
from tuimail.mail.date import format_date
from tuimail.mail.header import address_field, id_field, text_field
from tuimail.mail.reply_header import reply_subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tuimail.demo.letters.message import SampleMessage
    from tuimail.demo.letters.people import Person

_FLOWED = '; format="flowed"'
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """A letter and its place in the Maildir of its account."""

    account: str
    folder: str
    name: str
    """The file's: ``new/...`` or ``cur/...``."""
    arrived: float
    """Seconds since the epoch."""
    content: bytes
    """With LF line ends."""


@dataclass(frozen=True, slots=True)
class _Written:
    message: SampleMessage
    ids: tuple[str, ...]
    """Those of the thread down to this letter, its own last."""
    subject: str
    text: str
    """Without the signature: what an answer quotes."""


def render(messages: Iterable[SampleMessage], now: float) -> Iterator[WrittenMessage]:
    """Each of ``messages`` as mail that came before ``now``, seconds since the epoch.

    The same ``messages`` and ``now`` give the same bytes.

    Raises:
        KeyError: a row names a person that there is not.
    """
    known: dict[str, _Written] = {}
    for number, message in enumerate(messages):
        written = _resolved(message, known, now)
        known[message.key] = written
        content = message.raw(now) if message.raw is not None else _content(written, now)
        arrived = now - message.ago
        unique = f"{int(arrived)}.M{number:06d}P{zlib.crc32(message.key.encode()):08x}.demo"
        place = f"new/{unique}" if message.flags == NEW else f"cur/{unique}:2,{''.join(sorted(message.flags))}"
        yield WrittenMessage(message.account, message.folder, place, arrived, content)


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a letter of the demo."""
    return f"<{key}@{domain}>"


def _resolved(message: SampleMessage, known: dict[str, _Written], now: float) -> _Written:
    person = PEOPLE[message.sender]
    own = message_id(message.key, person.domain)
    answered = known.get(message.answers)
    if answered is None:
        # What is not in the tables is a letter of the sample outbox, which Ada wrote.
        thread = (message_id(message.answers, PEOPLE["ada"].domain),) if message.answers else ()
        return _Written(message, (*thread, own), message.subject, message.text)
    text = message.text
    if "{quote}" in text:
        text = text.replace("{quote}", _quoted(answered, now))
    return _Written(message, (*answered.ids, own), message.subject or reply_subject(answered.subject), text)


def _quoted(answered: _Written, now: float) -> str:
    person = PEOPLE[answered.message.sender]
    when = format_date(now - answered.message.ago, person.tz).rpartition(":")[0]
    text = answered.text if answered.message.flowed else wrapped(answered.text)
    lines = (f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in text.strip("\n").split("\n"))
    return f"On {when}, {person.name} wrote:\n" + "\n".join(lines)


def _content(written: _Written, now: float) -> bytes:
    message, person = written.message, PEOPLE[written.message.sender]
    fields = [
        *_transport(message, person, now),
        _field("Date", format_date(now - message.ago, person.tz)),
        address_field("From", [_address(person)]),
        address_field("To", _addresses(message.to)),
    ]
    if message.cc:
        fields.append(address_field("Cc", _addresses(message.cc)))
    if written.subject:
        fields.append(text_field("Subject", written.subject))
    fields.append(id_field("Message-ID", written.ids[-1:]))
    if len(written.ids) > 1:
        fields += [id_field("In-Reply-To", written.ids[-2:-1]), id_field("References", written.ids[:-1])]
    fields += [_field(name, value) for name, value in message.headers]
    fields.append(b"MIME-Version: 1.0\n")
    head = b"".join(fields).replace(b"\r\n", b"\n")
    return head + _body(written, person, now)


def _body(written: _Written, person: Person, now: float) -> bytes:
    message = written.message
    text = written.text.strip("\n")
    if person.signature and text:
        text = f"{text}\n\n-- \n{person.signature}"
    if message.body is not None:
        return message.body(wrapped(text), now)
    if message.flowed:
        return text_part(flowed.encode(text, width=_WIDTH), parameters=_FLOWED)
    return text_part(wrapped(text))


def _transport(message: SampleMessage, person: Person, now: float) -> list[bytes]:
    """What the servers on the way wrote; nothing for Ada's own letters."""
    if message.sender.startswith("ada"):
        return []
    moment = format_date(now - message.ago + 1, PEOPLE["ada"].tz)
    token = f"{zlib.crc32(message.key.encode()):08X}"
    return [
        _field("Return-Path", f"<{person.address}>"),
        _field(
            "Received",
            f"from mx.{person.domain} (mx.{person.domain} [192.0.2.{len(message.key)}])\n"
            f"\tby mail.demo.example with ESMTPS id {token}; {moment}",
        ),
    ]


def _field(name: str, value: str) -> bytes:
    return f"{name}: {value}\n".encode()


def _addresses(keys: Sequence[str]) -> list[Address]:
    return [_address(PEOPLE[key]) for key in keys]


def _address(person: Person) -> Address:
    local, _, domain = person.address.rpartition("@")
    return Address(person.name, local, domain)
