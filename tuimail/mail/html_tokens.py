"""Splits HTML into tags and texts, as browsers do (WHATWG HTML section 13.2.5). Pure, linear, never raises.

Parsers that build a tree take quadratic time and memory for some inputs (a tag that is never closed, repeated); text
needs no tree.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSIDE = r"""(?:[^\s/>=]++|[\s/]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)*+"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)({_INSIDE})>")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>?")
"""Once a tag never ends, quotes count no more: what follows would be looked at again from each tag on."""
_ATTRIBUTE = re.compile(r"""([^\s/>="']++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+""")
_HUGE_NUMBER = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{8,}+);?")
_RAW_TEXT = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}


class HtmlToken(NamedTuple):
    """A start tag, an end tag, or a text."""

    name: str
    """Of the tag, in lower case; empty for a text."""
    closes: bool
    text: str
    """A text, character references decoded; of a tag its attributes as written."""


def tokens(markup: str) -> Iterator[HtmlToken]:
    """The tags and texts of ``markup``, in order; comments and declarations are left out.

    What stands within script, style and their like is one text behind their tag.
    """
    tag, position, end = _TAG, 0, len(markup)
    while position < end:
        start = markup.find("<", position)
        if start != position:
            start = end if start < 0 else start
            yield HtmlToken("", False, decoded(markup[position:start]))
            position = start
            continue
        match = tag.match(markup, position)
        if match is not None:
            name = match[2].lower()
            yield HtmlToken(name, bool(match[1]), match[3])
            position = match.end()
            if name in _RAW_TEXT and not match[1]:
                close = _RAW_END[name].search(markup, position)
                stop = close.start() if close else end
                yield HtmlToken("", False, markup[position:stop])
                position = stop
            continue
        following = markup[position + 1 : position + 2]
        if following in ("!", "?") or (following == "/" and not markup[position + 2 : position + 3].isalpha()):
            position = _behind_comment(markup, position)
        elif (following.isascii() and following.isalpha()) or following == "/":
            tag = _LOOSE_TAG
            if _LOOSE_TAG.match(markup, position) is None:
                yield HtmlToken("", False, "<")
                position += 1
        else:
            yield HtmlToken("", False, "<")
            position += 1


def attributes(written: str) -> dict[str, str]:
    """The attributes of a tag, names in lower case; of several of one name the first."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        value = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4] or ""
        found.setdefault(match[1].lower(), decoded(value))
    return found


def decoded(text: str) -> str:
    """``text`` with its character references decoded. It may contain any control character then."""
    if "&" not in text:
        return text
    # A number of thousands of digits is an error of Python's.
    return unescape(_HUGE_NUMBER.sub("\ufffd", text))


def _behind_comment(markup: str, position: int) -> int:
    """Where a comment, declaration or end tag without a name ends; at the end of ``markup`` if it never does."""
    if markup.startswith("<!--", position):
        end = markup.find("-->", position + 2)
        return end + 3 if end >= 0 else len(markup)
    end = markup.find(">", position)
    return end + 1 if end >= 0 else len(markup)
