"""What the full-text index takes from a message: its subject, its people, its text and the names of its files. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tuimail.mail.message_text import Mark, message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.summary import summary_of

BODY_LIMIT = 64 * 1024
"""Characters of the text that are indexed."""
LINK_LIMIT = 100
"""Characters of a link's target: what follows in longer ones is nothing that anybody looks for."""
_NAMES_LIMIT = 8 * 1024
_NO_WORDS = (Mark.NOTICE, Mark.ATTACHMENT)


class IndexedText(NamedTuple):
    """The columns of the index, decoded."""

    subject: str
    people: str
    body: str
    names: str
    """Of attachments."""


NO_TEXT = IndexedText("", "", "", "")
"""Of a message that cannot be read."""


def indexed_text(raw: bytes) -> IndexedText:
    """What is to be found of the message ``raw``."""
    tree = read_tree(raw)
    row = summary_of(raw[tree.header.start : tree.body])
    shown = message_text(tree)
    room = BODY_LIMIT
    lines: list[str] = []
    for line in shown.lines:
        if line.mark in _NO_WORDS:
            continue
        lines.append(line.text[: min(LINK_LIMIT if line.mark is Mark.LINK else room, room)])
        room -= len(lines[-1]) + 1
        if room <= 0:
            break
    people = "\n".join((row.from_name, row.from_addr, row.recipients))
    names = "\n".join(each.name for each in shown.files if each.name)
    return IndexedText(row.subject, people, "\n".join(lines), names[:_NAMES_LIMIT])
