"""What may enter an editor: the user's own text and pastes, with nothing in them that is not text.

Unlike mail.text, which makes foreign text visible for reading, this keeps what a writer means to send (joiners,
direction marks): only control characters go, and every kind of line end becomes one kind. Pure.
"""

from __future__ import annotations

import re

from tuimail.mail.confusables import plain_form
from tuimail.mail.text import hidden

# What Python's splitlines(), and so Textual's document, takes for a line end besides \n.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# C0 but \t and \n, DEL, C1, and the noncharacters that the editor keeps for itself. A paste may hold the
# bracketed-paste marks again, which would otherwise leave "[201~" behind.
_NOT_TEXT = re.compile("\x1b\\[20[01]~|[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_DOMAIN_ENDS = re.compile(r"[\s,;<>]+")
HIDDEN_MARK = "\ufffd"
LONGEST_LOOK = 20_000
"""Characters of a field in which doubtful domains are looked for."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    r"""``text`` for the body: lines end in ``\n``, no control characters but tabs, no lone surrogates."""
    text = _LINE_ENDS.sub("\n", text)
    text = _NOT_TEXT.sub("", text)
    return _SURROGATES.sub("\ufffd", text)


def drawn(text: str) -> str:
    """``text`` with a mark in the place of each character that hides itself or reorders the line; of the same length.

    Tabs and the editor's own noncharacters stay.
    """
    places = hidden(text)
    if not places:
        return text
    characters = list(text)
    for at in places:
        characters[at] = HIDDEN_MARK
    return "".join(characters)


def about_addresses(text: str) -> str:
    """What the addresses typed hide: characters by name, a doubtful domain in A-labels; empty when nothing."""
    names = dict.fromkeys(f"U+{ord(text[at]):04X}" for at in hidden(text))
    domains = (each.rpartition("@")[2] for each in _DOMAIN_ENDS.split(text[:LONGEST_LOOK]) if "@" in each)
    plain = dict.fromkeys(filter(None, map(plain_form, domains)))
    return ", ".join([*(["hidden " + ", ".join(names)] if names else []), *plain])


def clean_line(text: str, *, joint: str = " ") -> str:
    """``text`` for a header field: one line, its lines joined by ``joint``, tabs as spaces."""
    lines = (line.strip() for line in clean_text(text).replace("\t", " ").split("\n"))
    filled = [line for line in lines if line]
    if len(filled) <= 1 and "\n" not in text and "\r" not in text:
        return clean_text(text).replace("\t", " ").replace("\n", joint)
    bare = joint.strip()
    return joint.join(
        line.removesuffix(bare).rstrip() if bare and i < len(filled) - 1 else line for i, line in enumerate(filled)
    )
