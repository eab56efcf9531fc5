"""What the people of the demo answer to a letter. Pure."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.demo.letters.parts import text_part, wrapped
from tuimail.demo.letters.people import PEOPLE
from tuimail.demo.letters.rendering import message_id
from tuimail.demo.manners import MANNERS, SILENT, USUAL, QuoteStyle
from tuimail.mail.address import Address
from tuimail.mail.date import format_date
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.header import address_field, id_field, structured_field, text_field
from tuimail.mail.message_text import Mark, message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.received_addresses import received_addresses
from tuimail.mail.received_date import received_date
from tuimail.mail.reply_header import reply_ids, reply_subject
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.demo.letters.people import Person
    from tuimail.demo.manners import Manner
    from tuimail.mail.mime_tree import ReceivedPart

READ = 256 * 1024
"""Bytes of a letter that are read to answer it."""
QUOTED = 12
"""Lines of it that are quoted."""

_PREFIX = re.compile(r"(?:re|fwd?): ?", re.IGNORECASE)
_TOPIC = 60
_LINE = 1000
"""Characters of a line that are quoted at most."""


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """An answer that is yet to be written."""

    delay: float
    """Seconds after the letter came."""
    person: Person
    words: str
    quotes: QuoteStyle
    number: int
    """Of the answers of this person to this letter, from 0."""
    automatic: bool
    letter: _ReadLetter

    def content(self, at: float) -> bytes:
        """The answer as it arrives ``at``, seconds since the epoch; LF line ends."""
        letter, person = self.letter, self.person
        local, _, domain = person.address.rpartition("@")
        mark = zlib.crc32(f"{letter.message_id} {person.address} {self.number}".encode("utf-8", "replace"))
        fields = [
            structured_field("Received", f"from mx.{domain} by mail.demo.example with ESMTPS; {format_date(at)}"),
            structured_field("Date", format_date(at, person.tz)),
            address_field("From", [Address(person.name, local, domain)]),
            address_field("To", [letter.sender]),
            text_field("Subject", reply_subject(letter.subject)),
            id_field("Message-ID", [message_id(f"answer-{mark:08x}-{int(at)}", domain)]),
        ]
        ids = reply_ids(letter.message_id, letter.references, letter.in_reply_to)
        if ids.in_reply_to:
            fields += [id_field("In-Reply-To", [ids.in_reply_to]), id_field("References", ids.references)]
        if self.automatic:
            fields.append(structured_field("Auto-Submitted", "auto-replied"))
        fields.append(structured_field("MIME-Version", "1.0"))
        return b"".join(fields).replace(b"\r\n", b"\n") + text_part(self._text())

    def _text(self) -> str:
        answer = wrapped(self.words)
        name = self.person.name.split()[0]
        if self.quotes is QuoteStyle.BELOW and self.letter.quote:
            return f"{answer}\n\n{name}\n\n{self.letter.quote}"
        signed = f"{answer}\n\n-- \n{self.person.signature}" if self.person.signature else f"{answer}\n\n{name}"
        quote = self.letter.quote if self.quotes is QuoteStyle.ABOVE else ""
        return f"{quote}\n\n{signed}" if quote else signed


@dataclass(frozen=True, slots=True)
class _ReadLetter:
    """What an answer needs of the letter."""

    sender: Address
    subject: str
    message_id: str
    references: str
    in_reply_to: str
    quote: str


def plan_answers(content: bytes, recipients: Iterable[str], sender: str) -> list[PlannedAnswer]:
    """The answers to the letter ``content`` that ``sender`` sent to ``recipients``; what comes first stands first.

    Nobody answers an automatic letter (RFC 3834), nor does anybody who is not known here.
    """
    tree = read_tree(content[:READ])
    if tree.header.value("auto-submitted").strip().lower() not in (b"", b"no"):
        return []
    known = {person.address: person for person in PEOPLE.values()}
    folded = dict.fromkeys(each.casefold() for each in recipients)
    answering = [known[each] for each in folded if each in known and each not in SILENT]
    if not answering:
        return []
    letter, text, file = _read(tree, sender)
    planned: list[PlannedAnswer] = []
    for person in answering:
        manner = MANNERS.get(person.address, USUAL)
        words = _words(manner, letter, text, file)
        said = [(manner.delay, words, manner.quotes)]
        if manner.afterthought:
            said.append((manner.afterthought_delay, manner.afterthought, QuoteStyle.NONE))
        planned += [
            PlannedAnswer(delay, person, each, quotes, number, manner.automatic, letter)
            for number, (delay, each, quotes) in enumerate(said)
        ]
    return sorted(planned, key=lambda each: each.delay)


def _read(tree: ReceivedPart, sender: str) -> tuple[_ReadLetter, str, str]:
    """The letter, its own text without quotes, and the name of the first file in it."""
    header = tree.header
    shown = message_text(tree)
    lines = [line.text for line in shown.lines if line.mark is Mark.TEXT]
    while lines and not lines[-1].strip():
        lines.pop()
    own = "\n".join(line.text for line in shown.lines if line.mark is Mark.TEXT and not line.depth)
    author = received_addresses(header.value("from"))
    local, _, domain = sender.rpartition("@")
    address = Address(safe_line(author[0].name) if author else "", local, domain)
    letter = _ReadLetter(
        address,
        safe_line(decode_header(header.value("subject"))),
        _ascii(header.value("message-id")),
        _ascii(header.value("references")),
        _ascii(header.value("in-reply-to")),
        _quote(lines, address, header.value("date")),
    )
    return letter, own, shown.files[0].name if shown.files else ""


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace")


def _quote(lines: list[str], author: Address, date: bytes) -> str:
    if not lines:
        return ""
    found = received_date(date)
    when = f"On {format_date(found.at).rpartition(':')[0]}, " if found is not None else ""
    name = author.display_name or author.addr_spec
    beginning = "\n".join(line[:_LINE] for line in lines[: QUOTED + 1])
    broken = wrapped(beginning).split("\n")
    quoted = [f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in broken]
    if len(quoted) > QUOTED:
        quoted = [*quoted[:QUOTED], "> [...]"]
    return f"{when}{name} wrote:\n" + "\n".join(quoted)


def _words(manner: Manner, letter: _ReadLetter, text: str, file: str) -> str:
    """One of the manner's texts, always the same for the same letter."""
    choices = manner.asked if "?" in text or "?" in letter.subject else manner.told
    chosen = choices[zlib.crc32(letter.message_id.encode("utf-8", "replace")) % len(choices)]
    topic = _PREFIX.sub("", letter.subject)[:_TOPIC] or "your letter"
    words = chosen.replace("{topic}", topic)
    return f"{words}\n\n{manner.sent_file.replace('{file}', file)}" if file else words
