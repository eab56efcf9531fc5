"""A received message as lines to read: which parts are shown, and what each line is. Pure, bounded, never raises.

What is not shown is said, in the place where it is: files, and what lies beyond the limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail import flowed
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.html_text import html_text
from tuimail.mail.invitation import LENGTH as INVITATION_LENGTH
from tuimail.mail.invitation import read_invitation
from tuimail.mail.mime_tree import MESSAGE_TYPES, walk
from tuimail.mail.part_text import decoded_text, embedded_message, part_size, part_text
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from datetime import tzinfo

    from tuimail.mail.html_text import HtmlLink, HtmlText
    from tuimail.mail.mime_tree import ReceivedPart

MOST_LINES = 50_000
TEXT_LIMIT = 1024 * 1024
"""Bytes of a part that are shown."""
WHOLE_LIMIT = 4 * 1024 * 1024
"""Characters of a message that are shown."""
HTML_LIMIT = 1024 * 1024
"""Of these, characters of HTML: it takes much longer to read."""

PLAIN, HTML = "plain", "html"
_SHOWN_TYPES = frozenset(
    {"text/plain", "text/html", "text/x-diff", "text/x-patch", "text/markdown", "text/x-markdown"}
    | {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}
)
_ALWAYS_FILES = frozenset({"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/csv"})
_NAME = 200
"""Characters of a name that are shown."""
_QUOTE = re.compile(r"(?:>[ \t]?)+")
_NO_HTML = re.compile(
    r"(?:mail|e-mail|email)[ -](?:client|reader|program|application|software|viewer)\s.{0,80}"
    r"(?:not|n't|unable)|(?:view|read|see).{0,60}(?:html|browser)|html.{0,40}(?:not|n't|enable|support)"
    r"|kann.{0,60}html|html-?f[aä]hig",
    re.IGNORECASE | re.DOTALL,
)
_SHORT_SIGNATURE = 20
_EXCUSE = 400
"""Characters up to which a plain part may be nothing but the sentence that there is none."""


class Mark(StrEnum):
    """What a line is."""

    TEXT = "text"
    SIGNATURE = "signature"
    LINK = "link"
    """The target of a numbered link."""
    INVITATION = "invitation"
    ATTACHMENT = "attachment"
    NOTICE = "notice"
    """Words of ours: what is not shown, and why."""


class TextLine(NamedTuple):
    """A line, safe to show, not wrapped."""

    text: str
    mark: Mark = Mark.TEXT
    depth: int = 0
    """Of quoting; the text has its marks."""
    part: str = ""
    """Number of the part that an attachment's line is about."""


class FileInMessage(NamedTuple):
    """A part that is not shown as text, or only opened on request."""

    part: ReceivedPart
    name: str
    """Safe to show, not to be used as a path; empty if it has none."""
    size: int
    """Bytes; estimated if it is encoded."""
    is_message: bool


@dataclass(frozen=True, slots=True)
class MessageText:
    """What a reader sees of a message below its header."""

    lines: tuple[TextLine, ...]
    files: tuple[FileInMessage, ...]
    links: tuple[HtmlLink, ...]
    other: str
    """PLAIN or HTML if the message can be shown in another form too: what to ask ``prefer`` for; else empty."""
    hidden: int
    """Characters of text that HTML hides."""
    images: int
    """Images in HTML; none is fetched."""
    cut: bool
    """The rest of a text is not among the lines."""


def message_text(
    root: ReceivedPart, *, prefer: str = "", zone: tzinfo | None = None, html_limit: int = HTML_LIMIT
) -> MessageText:
    """The lines of ``root``, a message or a part of one.

    ``prefer`` is PLAIN or HTML for that form of what is there in both; empty for the one that says more. Times of an
    invitation are those of ``zone``, else of this machine. Of HTML ``html_limit`` characters are read.
    """
    return _Composer(prefer, zone, html_limit).compose(root)


class _Composer:
    """Collects the lines of one message."""

    def __init__(self, prefer: str, zone: tzinfo | None, html_limit: int) -> None:
        self._prefer = prefer
        self._zone = zone
        self._invited = False
        """An invitation is shown; many are sent as a file once more."""
        self._lines: list[TextLine] = []
        self._files: list[FileInMessage] = []
        self._links: list[HtmlLink] = []
        self._other = ""
        self._hidden = self._images = 0
        self._room = WHOLE_LIMIT
        self._html_room = html_limit
        self._compared_room = html_limit
        """Characters of HTML that may still be read only to see whether it says more than the plain form."""
        self._full = False
        self._cut = False

    def compose(self, root: ReceivedPart) -> MessageText:
        self._part(root)
        return MessageText(
            tuple(self._lines),
            tuple(self._files),
            tuple(self._links),
            self._other,
            self._hidden,
            self._images,
            self._cut or self._full,
        )

    def _part(self, part: ReceivedPart) -> None:
        kind = part.content_type
        if part.omitted is not None:
            self._notice(f"not shown: {part.omitted}")
            self._file(part)
        elif kind == "text/calendar":
            self._invitation(part)
            self._file(part)
        elif part.children and kind.startswith("multipart/"):
            self._multipart(part)
        elif not _is_shown(part):
            self._file(part)
        elif self._room <= 0 or (kind == "text/html" and self._html_room <= 0):
            self._cut = True
            self._notice("not shown: too much text")
            self._file(part)
        else:
            if part.name:
                self._file(part)
            if kind == "text/html":
                self._html(part)
            else:
                self._plain(part)

    def _multipart(self, part: ReceivedPart) -> None:
        kind = part.content_type
        if kind == "multipart/alternative":
            self._alternative(part)
        elif kind == "multipart/related":
            root = _related_root(part)
            for child in part.children:
                if child is root:
                    self._part(child)
                else:
                    self._files_of(child)
        elif kind == "multipart/signed":
            self._part(part.children[0])
            for child in part.children[1:]:
                self._files_of(child)
        elif kind == "multipart/encrypted":
            self._notice("not shown: encrypted")
            for child in part.children:
                self._files_of(child)
        else:
            for child in part.children:
                self._part(child)

    # -- the alternatives
    def _alternative(self, part: ReceivedPart) -> None:
        forms = [child for child in part.children if child.content_type != "text/calendar" and _can_show(child)]
        plain = next((child for child in forms if child.content_type == "text/plain"), None)
        rich = next((child for child in reversed(forms) if child.content_type != "text/plain"), None)
        chosen = plain or rich
        if plain is not None and rich is not None:
            form = self._prefer or (PLAIN if self._says_enough(plain, rich) else HTML)
            chosen = plain if form == PLAIN else rich
            self._other = HTML if form == PLAIN else PLAIN
        for child in part.children:
            if child is chosen or child.content_type == "text/calendar":
                self._part(child)
            elif child not in forms or child.content_type.startswith("multipart/"):
                self._files_of(child)

    def _says_enough(self, plain: ReceivedPart, rich: ReceivedPart) -> bool:
        """Whether the plain form is worth reading: it has words, and not only that one needs another program."""
        words = " ".join(part_text(plain, TEXT_LIMIT).text.split())
        if not words or (len(words) < _EXCUSE and _NO_HTML.search(words)):
            return False
        page = next((part for part in walk(rich) if part.content_type == "text/html"), None)
        if page is None or len(words) * 10 >= page.end - page.body or self._compared_room <= 0:
            return True
        markup = decoded_text(page, self._compared_room).text
        self._compared_room -= len(markup)
        return len(words) * 10 >= sum(len(line.text) for line in html_text(markup).lines)

    def _files_of(self, part: ReceivedPart) -> None:
        """List what a part that is not shown contains, apart from other forms of the text."""
        for each in walk(part):
            if not each.children and (each is part or each.is_attachment or not each.content_type.startswith("text/")):
                self._file(each)

    # -- lines
    def _add(self, line: TextLine) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append(line)
        elif not self._full:
            self._full = True
            self._lines.append(TextLine(f"not shown: more than {MOST_LINES} lines", Mark.NOTICE))

    def _notice(self, text: str) -> None:
        self._add(TextLine(safe_line(text), Mark.NOTICE))

    def _file(self, part: ReceivedPart) -> None:
        is_message = part.content_type in MESSAGE_TYPES
        name = safe_line(part.name[:_NAME])
        if is_message and not name:
            inner = embedded_message(part)
            name = safe_line(decode_header(inner.header.value("subject")[:1000])[:_NAME]) if inner else ""
        size = part_size(part)
        self._files.append(FileInMessage(part, name, size, is_message))
        kind = "letter" if is_message else "attachment"
        words = ", ".join(filter(None, [name, safe_line(part.content_type), format_size(size)]))
        self._add(TextLine(f"[{kind} {part.number}: {words}]", Mark.ATTACHMENT, 0, part.number))

    def _separate(self) -> None:
        if self._lines and self._lines[-1].text:
            self._add(TextLine(""))

    def _plain(self, part: ReceivedPart) -> None:
        found = part_text(part, min(TEXT_LIMIT, self._room))
        self._room -= len(found.text)
        text = found.text
        if part.parameters.get("format", "").lower() == "flowed":
            text = flowed.decode(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        lines = text.rstrip("\n").split("\n")
        self._separate()
        signature = _signature_at(lines)
        for number, line in enumerate(lines):
            if self._full:
                break
            if number >= signature:
                self._add(TextLine(line, Mark.SIGNATURE))
            elif line.startswith(">"):
                self._add(TextLine(line, Mark.TEXT, quote_depth(line)))
            else:
                self._add(TextLine(line))
        self._say_what_is_missing(part, known=found.known, cut=found.cut)

    def _html(self, part: ReceivedPart) -> None:
        found = decoded_text(part, min(self._html_room, self._room))
        self._room -= len(found.text)
        self._html_room -= len(found.text)
        shown = html_text(found.text, first_link=len(self._links) + 1)
        self._separate()
        if not shown.lines:
            images = f", with {shown.images} image{'s' if shown.images > 1 else ''}" if shown.images else ""
            self._notice(f"not shown: HTML without text{images}")
        self._html_lines(shown)
        self._links.extend(shown.links)
        self._hidden += shown.hidden
        self._images += shown.images
        self._say_what_is_missing(part, known=found.known, cut=found.cut or shown.cut)

    def _html_lines(self, shown: HtmlText) -> None:
        signature = _signature_at([line.text if not line.depth else ">" for line in shown.lines])
        for number, (text, depth) in enumerate(shown.lines):
            marks = f"{'>' * depth} " if depth else ""
            self._add(TextLine(marks + text, Mark.SIGNATURE if number >= signature else Mark.TEXT, depth))
        if shown.links:
            self._separate()
        for link in shown.links:
            doubt = " (the text names another host)" if link.misleading else ""
            self._add(TextLine(f"[{link.number}] {link.target}{doubt}", Mark.LINK))

    def _invitation(self, part: ReceivedPart) -> None:
        found = None if self._invited else read_invitation(decoded_text(part, INVITATION_LENGTH).text)
        if found is None:
            return
        self._invited = True
        self._separate()
        for line in found.lines(self._zone):
            self._add(TextLine(line, Mark.INVITATION))

    def _say_what_is_missing(self, part: ReceivedPart, *, known: bool, cut: bool) -> None:
        if not known:
            self._notice(f"the charset {part.charset[:_NAME]!r} is not known: some characters may be wrong")
        if cut:
            self._cut = True
            self._notice("not shown: the rest of this text")


def quote_depth(line: str) -> int:
    """How often ``line`` is quoted: ``> > a`` twice."""
    match = _QUOTE.match(line)
    return match[0].count(">") if match else 0


def _signature_at(lines: list[str]) -> int:
    """Index of the separator of the signature; the number of lines if there is none."""
    for index in range(len(lines) - 1, -1, -1):
        # Its space is lost in HTML and on the way through some servers; further up it is a line of dashes.
        if lines[index] == "-- " or (lines[index] == "--" and len(lines) - index <= _SHORT_SIGNATURE):
            return index
    return len(lines)


def _is_shown(part: ReceivedPart) -> bool:
    """Whether a part without parts is shown as text."""
    kind = part.content_type
    if part.is_attachment:
        return False
    if kind.startswith("multipart/"):  # one in which no delimiter was found
        return True
    if part.name and kind == "text/html":
        return False
    return kind in _SHOWN_TYPES or (kind.startswith("text/") and kind not in _ALWAYS_FILES and not part.name)


def _can_show(part: ReceivedPart) -> bool:
    return bool(part.children) or (part.content_type in _SHOWN_TYPES and _is_shown(part))


def _related_root(part: ReceivedPart) -> ReceivedPart:
    """The part that the others belong to (RFC 2387 section 3.2)."""
    start = part.parameters.get("start", "").strip("<> ")
    if start:
        for child in part.children:
            if child.content_id == start:
                return child
    return part.children[0]
