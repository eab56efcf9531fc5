r"""What the composer does with text. Pure.

In a draft a paragraph is one line, however long; the screen wraps it and format=flowed breaks it on the wire.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import MessageError, UsageError
from tuimail.mail.flowed import SIGNATURE
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.compose.draft import Draft

_PREFIX = re.compile(r"(?:> ?)*")
_FIELDS = {"To": "to", "Cc": "cc", "Bcc": "bcc", "Reply-To": "reply_to", "Subject": "subject"}


def justify(text: str, row: int, *, width: int = 0) -> tuple[str, int]:
    """Fill the paragraph that line ``row`` (from 0) is in: its lines become one, or lines of at most ``width`` columns.

    A paragraph is a run of lines with the same quote marks, ended by blank lines and the signature's separator.

    Returns:
        The text, and the row after the paragraph, where the cursor goes.
    """
    lines = text.split("\n")
    row = max(0, min(row, len(lines) - 1))
    if not _fillable(lines[row]):
        return text, min(row + 1, len(lines) - 1)
    marks = _marks(lines[row])
    first = last = row
    while first and _fillable(lines[first - 1]) and _marks(lines[first - 1]) == marks:
        first -= 1
    while last + 1 < len(lines) and _fillable(lines[last + 1]) and _marks(lines[last + 1]) == marks:
        last += 1
    joined = " ".join(_content(line) for line in lines[first : last + 1])
    prefix = f"{marks} " if marks else ""
    if width:
        room = max(20, width - len(prefix))
        filled = textwrap.wrap(joined, room, break_long_words=False, break_on_hyphens=False)
    else:
        filled = [joined]
    lines[first : last + 1] = [prefix + line for line in filled]
    return "\n".join(lines), min(first + len(filled), len(lines) - 1)


def insert_signature(body: str, signature: str, *, previous: str = "") -> str:
    """``body`` with ``signature`` below its separator at the end, in place of ``previous`` if that stands there."""
    text = body
    if previous and body.endswith(_below(previous)):
        text = body.removesuffix(_below(previous))
    if not signature.strip("\n"):
        return text
    gap = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return text + gap + _below(signature)


def editor_argv(command: str, path: Path) -> tuple[str, ...]:
    """How to run the user's editor on ``path``, without a shell.

    Raises:
        UsageError: ``command`` is empty or has an open quotation mark.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            f'The editor "{safe_line(command)}" cannot be run: {error}.', hint="Check [ui] editor, or $EDITOR."
        ) from error
    if not words:
        raise UsageError("No editor is named.", hint='Set [ui] editor = "$EDITOR" and EDITOR=vi, say.')
    return (*words, str(path))


def to_file(draft: Draft, *, headers: bool = False) -> str:
    """The text an external editor gets: the body, below the header fields if wanted."""
    body = f"{draft.body}\n"
    if not headers:
        return body
    fields = "".join(f"{name}: {safe_line(getattr(draft, attribute))}\n" for name, attribute in _FIELDS.items())
    return f"{fields}\n{body}"


def from_file(draft: Draft, text: str, *, headers: bool = False) -> Draft:
    """``draft`` as the editor left it. Inverse of :func:`to_file`; line ends of other systems and a BOM are mended.

    Raises:
        MessageError: with ``headers``, a line above the first empty one is none of the fields.
    """
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not headers:
        return replace(draft, body=clean.removesuffix("\n"))
    above, _, body = clean.partition("\n\n") if not clean.startswith("\n") else ("", "", clean[1:])
    names = {name.casefold(): attribute for name, attribute in _FIELDS.items()}
    found: dict[str, str] = {}
    for line in above.split("\n") if above else []:
        name, colon, value = line.partition(":")
        attribute = names.get(name.strip().casefold())
        if not colon or attribute is None or attribute in found:
            raise MessageError(
                f'"{safe_line(line)[:60]}" above the text is not understood.',
                hint=f"Keep to {', '.join(_FIELDS)}, one line each, then an empty line.",
                field="header",
            )
        found[attribute] = value.removeprefix(" ")
    return replace(
        draft,
        to=found.get("to", ""),
        cc=found.get("cc", ""),
        bcc=found.get("bcc", ""),
        reply_to=found.get("reply_to", ""),
        subject=found.get("subject", ""),
        body=body.removesuffix("\n"),
    )


def _below(signature: str) -> str:
    text = signature.strip("\n")
    return text if text.startswith(SIGNATURE + "\n") else f"{SIGNATURE}\n{text}"


def _fillable(line: str) -> bool:
    return bool(_content(line)) and _PREFIX.sub("", line, count=1) != SIGNATURE


def _marks(line: str) -> str:
    match = _PREFIX.match(line)
    return match.group().rstrip() if match else ""


def _content(line: str) -> str:
    return _PREFIX.sub("", line, count=1).strip(" ")
