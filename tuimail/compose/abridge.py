"""A letter with its long sections replaced by placeholders, so that a large letter can be parsed with little memory.

The bodies of large files are the only long sections without a delimiter line (``--``). In the abridged text an
unguessable placeholder replaces each of them. Wherever the parser puts the placeholder, it can be replaced by the bytes
it stands for.
"""

from __future__ import annotations

import errno
import re
import secrets
from typing import TYPE_CHECKING

from tuimail.mail.content import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.mail.content import Content

LONG = PIECE
"""Length in bytes above which a section is replaced."""


class AbridgedText:
    """One letter in abridged form."""

    def __init__(self, content: Content) -> None:
        """Read ``content`` once, piece by piece. Raises OSError."""
        self._content = content
        self._stretches: list[tuple[int, int]] = []
        self._secret = secrets.token_hex(16)
        self._word = re.compile(rb"left-out-%s-(\d+)-" % self._secret.encode())
        self._source: Iterator[bytes] = iter(())
        self._rest, self._at = b"", 0
        self.text = bytes(self._read())
        """The letter with placeholders for its long sections."""

    def restored(self, text: bytes) -> Iterator[bytes]:
        """``text``, a part of the abridged text, with its placeholders replaced, piece by piece.

        Fastest in the order of the letter. Raises OSError.
        """
        position = 0
        for word in self._word.finditer(text):
            yield text[position : word.start()]
            yield from self._between(*self._stretches[int(word[1])])
            position = word.end()
        yield text[position:]

    def _read(self) -> bytearray:
        """The abridged text: fields, delimiters, short sections and placeholders."""
        found, run = bytearray(), bytearray()
        in_fields = at_start = True
        position = start = 0
        last, long = b"", False

        def end_run() -> None:
            nonlocal long
            found.extend(self._left_out(start, position, last) if long else run)
            run.clear()
            long = False

        for line in _lines(self._content.chunks()):
            if at_start and line.startswith(b"--"):
                end_run()
                found += line
                in_fields = True
            elif in_fields:
                found += line
                in_fields = not (at_start and line in (b"\r\n", b"\n"))
                start = position + len(line)
            else:
                if not long:
                    run += line
                    long = len(run) > LONG
                    if long:
                        run.clear()
                last = line
            position += len(line)
            at_start = line.endswith(b"\n")
        end_run()
        return found

    def _left_out(self, start: int, end: int, last: bytes) -> bytes:
        """The placeholder for a section; the line end before a delimiter belongs to the delimiter and stays."""
        line_end = b"\r\n" if last.endswith(b"\r\n") else b"\n" if last.endswith(b"\n") else b""
        self._stretches.append((start, end - len(line_end)))
        return b"left-out-%s-%d-%s" % (self._secret.encode(), len(self._stretches) - 1, line_end)

    def _between(self, start: int, end: int) -> Iterator[bytes]:
        if start < self._at:
            self._rest, self._at, self._source = b"", 0, iter(())
        if not self._at and not self._rest:
            self._source = self._content.chunks()
        while self._at < end:
            if not self._rest:
                self._rest = next(self._source, b"")
                if not self._rest:
                    raise OSError(errno.EIO, "the letter is shorter than it was")
            skipped = max(start - self._at, 0)
            taken, self._rest = self._rest[: end - self._at], self._rest[end - self._at :]
            self._at += len(taken)
            if len(taken) > skipped:
                yield taken[skipped:]


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their line ends; long lines in several pieces, never split between CR and LF."""
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
        if len(held) > LONG:
            yield held[:-1]
            held = held[-1:]
    if held:
        yield held
