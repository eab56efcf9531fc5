"""A received message read for the screen: its header, text, links and files. Read and parsed in a thread, bounded."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail.charset import decode
from tuimail.mail.confusables import plain_form
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.html_text import HtmlLink
from tuimail.mail.list_headers import ListHeaders, list_headers
from tuimail.mail.message_text import Mark, MessageText, TextLine, message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.part_text import embedded_message
from tuimail.mail.plain_links import plain_links
from tuimail.mail.received_addresses import ReceivedAddress, received_addresses
from tuimail.mail.received_date import ReceivedDate, received_date
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any, BinaryIO

    from tuimail.engine.mail import Mail
    from tuimail.mail.message_ref import MessageRef
    from tuimail.mail.message_text import FileInMessage
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.mail.received_header import ReceivedHeader

READ = 64 * 1024 * 1024
"""Bytes of a message that are read."""
MOST_LINKS = 500
"""Links that get a number."""
MOST_PEOPLE = 30
"""Addresses of a field that are shown; the whole field is in the full header."""
LONGEST_FIELD = 5000
"""Characters of a field that are shown."""
LONGEST_ADDRESS = 320

_LINK_LINE = re.compile(r"\[(\d+)\] ")


class HeaderLine(NamedTuple):
    """A field of the header, safe to show."""

    name: str
    value: str


class LinkPlace(NamedTuple):
    """Where a numbered link stands: characters ``start`` to ``end`` of line ``line`` of the text."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadMessage:
    """A message that was read."""

    root: ReceivedPart
    """Its parts; holds its bytes."""
    subject: str
    sender: str
    people: tuple[HeaderLine, ...]
    """From, Reply-To where that is somebody else, To, Cc."""
    date: ReceivedDate | None
    fields: tuple[HeaderLine, ...]
    """The whole header, in its order."""
    warnings: tuple[str, ...]
    """What is odd about the header, or was not read; safe to show."""
    lines: tuple[TextLine, ...]
    """The text, plain links in it numbered."""
    files: tuple[FileInMessage, ...]
    links: tuple[HtmlLink, ...]
    """All links, by number from 1."""
    places: dict[int, LinkPlace]
    """Where each link stands."""
    numbers: dict[int, tuple[tuple[int, int], ...]]
    """Index of a line -> start and end of each number that was put behind a link of plain text in it."""
    lists: ListHeaders
    whole: bool
    """All of its bytes were read."""
    other: str
    """As in MessageText: the form to ask for instead of this one; empty if there is none."""


def read_message(raw: bytes, *, prefer: str = "", own: OwnAddresses | None = None, cut: bool = False) -> ReadMessage:
    """``raw`` for the screen; ``cut``: the message is longer than that. Never raises."""
    return read_part(read_tree(raw), prefer=prefer, own=own, cut=cut)


def read_part(
    root: ReceivedPart, *, prefer: str = "", own: OwnAddresses | None = None, cut: bool = False
) -> ReadMessage:
    """The message that ``root`` is the tree of."""
    header = root.header
    text = message_text(root, prefer=prefer)
    lines, links, places, numbers = _with_links(text)
    people, warnings = _people(header, own or OwnAddresses())
    if header.cut:
        warnings.append("The header is too long; only its beginning was read.")
    if cut:
        warnings.append(f"Only the first {READ // 1_000_000} MB were read.")
    return ReadMessage(
        root=root,
        subject=_decoded(header.value("subject")),
        sender=people[0].value if people and people[0].name == "From" else "",
        people=tuple(people),
        date=received_date(header.value("date")),
        fields=tuple(_fields(header)),
        warnings=tuple(warnings),
        lines=tuple(lines + _remarks(text)),
        files=text.files,
        links=tuple(links),
        places=places,
        numbers=numbers,
        lists=list_headers(header),
        whole=not cut,
        other=text.other,
    )


def _decoded(value: bytes) -> str:
    """An unfolded field, decoded and safe to show."""
    return safe_line(decode_header(value[: 4 * LONGEST_FIELD]))[:LONGEST_FIELD]


def _fields(header: ReceivedHeader) -> list[HeaderLine]:
    found = []
    for field in header.fields:
        name = header.raw[field.start : field.value].decode("latin-1").rstrip(": \t")
        found.append(HeaderLine(safe_line(name[:80]), _decoded(header.value_of(field))))
    return found


def _people(header: ReceivedHeader, own: OwnAddresses) -> tuple[list[HeaderLine], list[str]]:
    """The fields with people in them, and what is odd about them."""
    shown, warnings = [], []
    senders = received_addresses(header.value("from"))
    fields = [("From", senders), ("Sender", ()), ("Reply-To", ()), ("To", ()), ("Cc", ())]
    from_keys = {each.address.casefold() for each in senders}
    for name, given in fields:
        addresses = given or received_addresses(header.value(name.lower()))
        if name in ("Sender", "Reply-To") and {each.address.casefold() for each in addresses} <= from_keys:
            continue
        if addresses:
            # A sender who claims to be the user is shown as written.
            mine = own if name in ("To", "Cc") else OwnAddresses()
            shown.append(HeaderLine(name, _listed(addresses, mine)))
    if len(header.values("from")) > 1:
        warnings.append("It has several From fields; the first is shown.")
    for each in (*senders, *received_addresses(header.value("reply-to"))):
        claimed = each.name.strip().casefold()
        if "@" in claimed and each.address and claimed != each.address.casefold():
            warnings.append(f"The name {safe_line(each.name[:80])!r} looks like an address, but is none.")
            break
    return shown, warnings


def _listed(addresses: Sequence[ReceivedAddress], own: OwnAddresses) -> str:
    words = [_person(each, own) for each in addresses[:MOST_PEOPLE]]
    if len(addresses) > MOST_PEOPLE:
        words.append(f"and {len(addresses) - MOST_PEOPLE:,} more")
    return ", ".join(words)


def _person(person: ReceivedAddress, own: OwnAddresses) -> str:
    address = person.address[:LONGEST_ADDRESS]
    if address and address in own:
        return "you"
    plain = plain_form(address.rpartition("@")[2])
    shown = safe_line(address) + (f" [{plain}]" if plain else "")
    name = safe_line(" ".join(person.name[:LONGEST_ADDRESS].split()))
    if not address or name == shown:
        return name or shown
    return f"{name} <{shown}>" if name else shown


class _Numbered(NamedTuple):
    """A text with the links of its plain text numbered."""

    lines: list[TextLine]
    links: list[HtmlLink]
    places: dict[int, LinkPlace]
    numbers: dict[int, tuple[tuple[int, int], ...]]


def _with_links(text: MessageText) -> _Numbered:
    lines: list[TextLine] = []
    links = list(text.links)
    places: dict[int, LinkPlace] = {}
    known = {each.target: each.number for each in links}
    numbers: dict[int, tuple[tuple[int, int], ...]] = {}
    for line in text.lines:
        words = line.text
        if line.mark is Mark.LINK:
            match = _LINK_LINE.match(words)
            if match is not None:
                places[int(match[1])] = LinkPlace(len(lines), match.end(), len(words))
        elif line.mark in (Mark.TEXT, Mark.SIGNATURE, Mark.INVITATION) and len(links) < MOST_LINKS:
            words, added = _numbered(words, len(lines), links, known, places)
            if added:
                numbers[len(lines)] = added
        lines.append(line if words is line.text else line._replace(text=words))
    return _Numbered(lines, links, places, numbers)


def _numbered(
    words: str, line: int, links: list[HtmlLink], numbers: dict[str, int], places: dict[int, LinkPlace]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A line with a number behind each of its links, and where these are."""
    pieces: list[str] = []
    added: list[tuple[int, int]] = []
    end = offset = 0
    for start, stop, target in plain_links(words):
        if target not in numbers:
            if len(links) >= MOST_LINKS:
                break
            numbers[target] = len(links) + 1
            links.append(HtmlLink(numbers[target], target, misleading=False))
        number = numbers[target]
        places.setdefault(number, LinkPlace(line, offset + start - end, offset + stop - end))
        pieces.append(f"{words[end:stop]} [{number}]")
        added.append((offset + stop - end, offset + len(pieces[-1])))
        offset += len(pieces[-1])
        end = stop
    return ("".join([*pieces, words[end:]]) if pieces else words), tuple(added)


def _remarks(text: MessageText) -> list[TextLine]:
    """What HTML holds besides its text."""
    found = []
    if text.images:
        count = "1 image was" if text.images == 1 else f"{text.images:,} images were"
        found.append(f"{count} not fetched")
    if text.hidden:
        found.append(f"the HTML hides {text.hidden:,} characters of text")
    return [TextLine(""), TextLine("; ".join(found), Mark.NOTICE)] if found else []


def source_text(message: ReadMessage, limit: int) -> tuple[str, bool]:
    """The message's bytes as text (not sanitised), at most ``limit`` of them, and whether there are more."""
    raw, start, end = message.root.raw, message.root.header.start, message.root.end
    text, _ = decode(raw[start : min(end, start + limit)], "", cut=end - start > limit)
    return text, end - start > limit


class MessageReader:
    """Reads messages in threads. A call that is cancelled is finished all the same, so that no file stays open."""

    def __init__(self, mail: Mail, own: OwnAddresses | None = None) -> None:
        self._mail = mail
        self._own = own
        self._running: set[asyncio.Task[ReadMessage]] = set()

    async def read(self, ref: MessageRef, *, prefer: str = "") -> ReadMessage:
        """The message ``ref``. Raises TuimailError: it is gone or cannot be read."""

        async def read() -> ReadMessage:
            file = await self._mail.open(ref)
            return await asyncio.to_thread(_read_file, file, prefer, self._own)

        return await self._finished(read())

    async def in_form(self, message: ReadMessage, prefer: str) -> ReadMessage:
        """The same message in its other form, HTML or PLAIN."""
        return await asyncio.to_thread(read_part, message.root, prefer=prefer, own=self._own, cut=not message.whole)

    async def embedded(self, part: ReceivedPart) -> ReadMessage | None:
        """The message within a part; None if there is none."""

        def read() -> ReadMessage | None:
            inner = embedded_message(part)
            return None if inner is None else read_part(inner, own=self._own)

        return await asyncio.to_thread(read)

    async def _finished(self, read: Coroutine[Any, Any, ReadMessage]) -> ReadMessage:
        task = asyncio.create_task(read)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[ReadMessage]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # asked for, though nobody may wait for it any more


def _read_file(file: BinaryIO, prefer: str, own: OwnAddresses | None) -> ReadMessage:
    with file:
        raw = file.read(READ)
        cut = bool(file.read(1))
    return read_message(raw, prefer=prefer, own=own, cut=cut)
