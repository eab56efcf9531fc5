r"""format=flowed (RFC 3676): paragraphs that every receiver wraps to its own width. DelSp=no.

In a draft a paragraph is one line, however long; quoted ones begin with ``>``. On the wire it is several lines, all but
the last ending in a space. Trailing spaces of a paragraph are the mark of the format and so cannot be kept.
"""

from __future__ import annotations

import re

WIDTH = 78
SIGNATURE = "-- "
SIGNATURE_HEAD = f"\n\n{SIGNATURE}\n"
"""Between a text and the user's signature."""

_QUOTE = re.compile(r">*")
_WORD = re.compile(r"[^ ]* *")


def encode(text: str, *, width: int = WIDTH) -> str:
    r"""``text`` (paragraphs separated by ``\n``) with soft breaks at ``width`` columns where there are spaces."""
    return "\n".join(line for paragraph in text.split("\n") for line in _wrapped(paragraph, width))


def decode(text: str, *, delete_space: bool = False) -> str:
    r"""Received lines as paragraphs again; ``delete_space`` is the parameter DelSp=yes.

    Quote marks stay as they are; a change of the quoting depth ends a paragraph, as does the signature's separator.
    """
    out: list[list[str]] = []  # each line in its pieces: adding to a long one would copy it every time
    open_depth = -1  # depth of a paragraph that is still flowing
    for line in text.split("\n"):
        depth = _depth(line)
        rest = line[depth:]
        content = rest.removeprefix(" ")
        if content == SIGNATURE:
            out.append([line if depth else content])
            open_depth = -1
            continue
        flows = content.endswith(" ")
        body = content[:-1] if flows and delete_space else content
        if depth == open_depth:
            out[-1].append(body)
        elif depth:
            out.append([line[: depth + len(rest) - len(content)], body])
        else:
            out.append([body])
        open_depth = depth if flows else -1
    lines = ("".join(pieces) for pieces in out)
    return "\n".join(line if _content(line) == SIGNATURE else line.rstrip(" ") for line in lines)


def _depth(line: str) -> int:
    match = _QUOTE.match(line)
    return match.end() if match else 0


def _content(line: str) -> str:
    depth = _depth(line)
    return line[depth:].removeprefix(" ") if depth else line


def _wrapped(paragraph: str, width: int) -> list[str]:
    depth = _depth(paragraph)
    content = _content(paragraph)
    if content == SIGNATURE:
        return [paragraph]
    first = paragraph[: len(paragraph) - len(content)]
    content = content.rstrip(" ")
    if not content:
        return [paragraph[:depth]]
    later = ">" * depth + " " if depth else ""
    lines: list[str] = []
    line = ""
    for word in _WORD.findall(content):
        prefix = first if not lines else later
        if line and word and line != SIGNATURE and len(prefix) + len(_stuffed(line + word.rstrip(" "), depth)) >= width:
            lines.append(prefix + _stuffed(line, depth))
            line = ""
        line += word
    lines.append((first if not lines else later) + _stuffed(line, depth))
    return lines


def _stuffed(line: str, depth: int) -> str:
    """Space-stuffing of lines that would be misread (RFC 3676 section 4.4)."""
    return f" {line}" if not depth and line.startswith((" ", ">", "From ")) else line
