"""What a caller hands over on standard input: a letter's text or a file to attach. None of it is lost on an error.

What cannot be queued is kept in a private file, and the error names it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tuimail.cli.output import is_terminal, note
from tuimail.errors import DuplicateLetterError, StorageError, TuimailError, UsageError
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

MARK = "-"
"""The file name that means standard input."""
PIECE = 1 << 20
MOST_KEPT = 200_000_000
"""Bytes of a text that is kept; what goes on beyond that may never end."""
_ENDINGS = {
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "message/rfc822": ".eml",
}


def is_attached(args: argparse.Namespace) -> bool:
    """Whether ``-a -`` attaches standard input.

    Raises:
        UsageError: standard input is named twice, and can be read once.
    """
    times = args.attach.count(MARK) + (args.input == MARK)
    if times > 1:
        raise UsageError("Standard input is named twice; it can be read once.", hint="Write one of them to a file.")
    return MARK in args.attach


def refuse(args: argparse.Namespace) -> None:
    """The composer reads its keys from standard input. Raises UsageError when a file name is ``-``."""
    if MARK in (*args.attach, args.input):
        raise UsageError("The composer reads your keys from standard input, so - cannot name a file.", hint="Name one.")


def stream(what: str) -> BinaryIO:
    """Standard input as bytes; a person at a terminal is told to type ``what``. Raises UsageError: it is closed."""
    if sys.stdin is None:
        raise UsageError(f"There is no {what}: standard input is closed.", hint="Use -i FILE.")
    if is_terminal(sys.stdin):
        note(f"Write the {what}; end it with ^D on an empty line, give up with ^C.")
    return sys.stdin.buffer


@dataclass
class PipedInput:
    """What came on standard input; it is ours to keep until ``queued``."""

    folder: Path
    """Where it is kept."""
    queued: bool = False
    """A letter has it."""
    _text: bytes = b""
    _rest: BinaryIO | None = None
    _file: Path | None = field(default=None)

    def text(self, limit: int) -> bytes:
        """The first ``limit`` bytes of a text. Raises UsageError: standard input is closed."""
        source = stream("text")
        self._text = source.read(limit)
        self._rest = source if len(self._text) == limit else None
        return self._text

    def file(self, limit: int) -> Path:
        """All of it in a file of its own, ``limit`` bytes at most.

        Raises:
            UsageError: standard input is closed.
            StorageError: the disk refuses.
        """
        from tuimail.compose.content_type import content_type_of
        from tuimail.durable import write_durably

        source = stream("file")
        head = source.read(PIECE)
        ending = _ENDINGS.get(content_type_of("stdin", head), "")
        place = private_dir(private_dir(self.folder) / os.urandom(6).hex())
        self._file = place / f"stdin{ending}"
        write_durably(self._file, _pieces(head, source, limit))
        return self._file

    def keep(self) -> str:
        """Make sure that it is kept; a sentence says where. Empty when there is nothing to keep."""
        from tuimail.durable import write_durably

        if self._file is not None and not _passes_by():
            self.clear()
            return ""
        if self._file is not None:
            return f"What came on standard input is kept in {self._file}."
        if not self._text.strip() or not _passes_by():
            return ""
        # A script that fails every night with the same words needs one file for them.
        name = hashlib.sha256(self._text).hexdigest()[:16]
        path = self.folder / f"{name}.txt"
        try:
            private_dir(self.folder)
            write_durably(path, _pieces(self._text, self._rest, MOST_KEPT))
            whole = self._rest is None or not self._rest.read(1)
        except (StorageError, OSError) as error:
            return f"The text could not be kept: {error}"
        return f"{'The text' if whole else 'The beginning of the text'} is kept in {path}."

    def clear(self) -> None:
        """Remove the file that a letter has a copy of."""
        if self._file is not None:
            shutil.rmtree(self._file.parent, ignore_errors=True)


@contextlib.contextmanager
def handed_over(folder: Path) -> Iterator[PipedInput]:
    """What came on standard input; when an error ends the command before a letter has it, the error names its file."""
    handed = PipedInput(folder)
    try:
        yield handed
    except DuplicateLetterError:
        handed.clear()  # the outbox has this very letter
        raise
    except TuimailError as error:
        if not handed.queued:
            error.hint = " ".join(filter(None, (error.hint, handed.keep())))
        raise
    except OSError:
        if not handed.queued and (words := handed.keep()):
            note(f"tuimail: {words}")
        raise
    else:
        handed.clear()


def _passes_by() -> bool:
    """Whether what comes on standard input is gone once it is read: a file is there still, a device has no end."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return True
    return not stat.S_ISREG(mode) and (not stat.S_ISCHR(mode) or is_terminal(sys.stdin))


def _pieces(first: bytes, rest: BinaryIO | None, limit: int) -> Iterator[bytes]:
    """``first`` and what follows in ``rest``, up to about ``limit`` bytes."""
    yield first
    length = len(first)
    while rest is not None and length < limit and (piece := rest.read(PIECE)):
        length += len(piece)
        yield piece
