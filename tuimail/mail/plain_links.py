"""Addresses of pages and mailboxes in plain text. Pure, linear."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 2000
"""Characters of a link; a longer one is none."""

_LINK = re.compile(r"(?<![\w@.])(?:https?://|mailto:)(?=\w)[^\s<>\"]++", re.IGNORECASE)
_NUMBERED = re.compile(r" ?\[\d{1,4}\]")
_AT_END = ".,;:!?'*_"
_OPENED = {")": "(", "]": "[", "}": "{"}


class PlainLink(NamedTuple):
    """A link: ``text[start:end]``."""

    start: int
    end: int
    target: str


def plain_links(text: str) -> list[PlainLink]:
    """The links in one line, without the punctuation of the sentence around them.

    One that a number in brackets follows is left out: that is how links of HTML are shown.
    """
    if ":" not in text:
        return []
    found = []
    for match in _LINK.finditer(text):
        if match.end() - match.start() > LONGEST:
            continue
        target = _without_punctuation(match[0])
        end = match.start() + len(target)
        if not _NUMBERED.match(text, end):
            found.append(PlainLink(match.start(), end, target))
    return found


def _without_punctuation(link: str) -> str:
    end = len(link)
    if link[-1] not in _AT_END and link[-1] not in _OPENED:
        return link
    unopened = {close: link.count(close) - link.count(opened) for close, opened in _OPENED.items()}
    while end:
        last = link[end - 1]
        if last in _OPENED and unopened[last] > 0:
            unopened[last] -= 1
        elif last not in _AT_END:
            break
        end -= 1
    return link[:end]
