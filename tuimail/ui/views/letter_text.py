"""A letter as its receiver reads it, as lines: the head, the text, the files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line, safe_text
from tuimail.ui.text.cells import Line, Span, TextRole, fit, wrap
from tuimail.ui.views.prose import prose

if TYPE_CHECKING:
    from tuimail.compose.letter_text import FilePart, LetterText

MARGIN = "   "
LABEL = 10
"""Cells of a label and the space behind it."""
_KIND = 26
_SIZE = 8
MOST = 5_000
"""Characters of a field that are drawn."""
UNNAMED = {"text/html": "the text as HTML", "message/rfc822": "a letter"}


def letter_lines(letter: LetterText, width: int) -> list[Line]:
    """Every line, made safe to draw."""
    lines: list[Line] = []
    for name, value in letter.fields:
        lines += _field(name, safe_line(value[:MOST]), width)
    lines.append(())
    lines += prose(safe_text(letter.text), width) if letter.text else [(Span(f"{MARGIN}(no text)", TextRole.DIM),)]
    if letter.cut:
        lines += [(), (Span(f"{MARGIN}The text goes on; only its first million bytes are shown.", TextRole.DIM),)]
    if letter.files:
        count = len(letter.files)
        lines += [(), (Span(f"{MARGIN}{'1 attachment' if count == 1 else f'{count} attachments'}", TextRole.ACCENT),)]
        lines += [_file(each, width) for each in letter.files]
    return lines


def _field(name: str, value: str, width: int) -> list[Line]:
    role = TextRole.STRONG if name == "Subject" else TextRole.TEXT
    parts = wrap(value, max(10, width - len(MARGIN) - LABEL - 1))
    labels = [name, *[""] * len(parts)]
    return [
        (Span(f"{MARGIN}{label:<{LABEL}}", TextRole.LABEL), Span(part, role))
        for label, part in zip(labels, parts, strict=False)
    ]


def _file(file: FilePart, width: int) -> Line:
    name = safe_line(file.name) or UNNAMED.get(file.content_type, "(no name)")
    room = width - len(MARGIN) * 2 - _SIZE
    kind = min(_KIND, room // 3)
    return (
        Span(MARGIN + fit(name, room - kind - 4) + "  ", TextRole.STRONG if file.name else TextRole.TEXT),
        Span(fit(safe_line(file.content_type), kind) + "  ", TextRole.DIM),
        Span(fit(format_size(file.size), _SIZE, right=True)),
    )
