"""The text of a received message for the draft that answers or forwards it. Pure, bounded, never raises.

A draft has each paragraph in one line, and quotes it by one mark for each level and a blank (``>> like this``), which
format=flowed keeps together however a receiver wraps it (RFC 3676 section 4.5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuimail.mail.flowed import SIGNATURE_HEAD
from tuimail.mail.message_text import Mark, message_text
from tuimail.mail.text import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.mail.message_text import MessageText
    from tuimail.mail.mime_tree import ReceivedPart

HTML_LIMIT = 256 * 1024
"""Characters of HTML that a reply quotes; a reader waits for it, and nobody answers more than that."""
REST = "[not quoted: the rest of a long text]"

_MARKS = re.compile(r"(?:>[ \t]?)++")
_QUOTED = frozenset({Mark.TEXT, Mark.LINK, Mark.INVITATION})
_FORWARDED = _QUOTED | {Mark.SIGNATURE, Mark.NOTICE}


def quoted(lines: Iterable[str]) -> str:
    """``lines`` one level deeper, whatever their marks look like; without the empty ones around them."""
    return "\n".join(map(_deeper, _trimmed(lines)))


def quote(root: ReceivedPart, selection: str = "") -> str:
    """What a reply quotes: the text of ``root`` without its signature, or ``selection``, a part of it; may be empty.

    HTML is quoted as the text that is shown of it. What is too long to be quoted is said in the last line.
    """
    if selection.strip():
        return quoted(safe_text(selection).split("\n"))
    shown = message_text(root, html_limit=HTML_LIMIT)
    lines = [line.text for line in shown.lines if line.mark in _QUOTED]
    return quoted([*lines, REST] if shown.cut else lines)


def forwarded_text(shown: MessageText) -> str:
    """All that is shown of a message, without the lines that name its files; what is missing is said."""
    lines = (
        f"[{line.text}]" if line.mark is Mark.NOTICE else line.text for line in shown.lines if line.mark in _FORWARDED
    )
    return "\n".join(_trimmed(lines))


def signed(text: str, signature: str) -> str:
    """``text`` with the user's ``signature`` at its end, where the composer looks for it; room to write before."""
    return f"{text}{SIGNATURE_HEAD}{signature}" if signature else text


def _deeper(line: str) -> str:
    found = _MARKS.match(line)
    marks = found[0].count(">") if found else 0
    rest = (line[found.end() :] if found else line).rstrip()
    return f"{'>' * (marks + 1)} {rest}" if rest else ">" * (marks + 1)


def _trimmed(lines: Iterable[str]) -> list[str]:
    kept = list(lines)
    first, end = 0, len(kept)
    while first < end and not kept[first].strip():
        first += 1
    while first < end and not kept[end - 1].strip():
        end -= 1
    return kept[first:end]
