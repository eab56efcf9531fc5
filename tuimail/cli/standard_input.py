"""Standard input as a letter's text or an attachment. Nothing of it is lost on an error.

Input that cannot be queued is kept in a private file, which the error names.
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

from tuimail.cli.output import is_terminal, print_note
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
"""Maximum number of bytes of a text that are kept: the input may be endless."""
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
    """Raises UsageError if a file name is ``-``: the composer reads its keys from standard input."""
    if MARK in (*args.attach, args.input):
        raise UsageError("The composer reads your keys from standard input, so - cannot name a file.", hint="Name one.")


def stream(what: str) -> BinaryIO:
    """Standard input as bytes; asks a user at a terminal to type ``what``. Raises UsageError if it is closed."""
    if sys.stdin is None:
        raise UsageError(f"There is no {what}: standard input is closed.", hint="Use -i FILE.")
    if is_terminal(sys.stdin):
        print_note(f"Write the {what}; end it with ^D on an empty line, give up with ^C.")
    return sys.stdin.buffer


@dataclass
class PipedInput:
    """The data from standard input, which is kept until a letter is ``queued``."""

    folder: Path
    """The folder in which it is kept."""
    queued: bool = False
    """A queued letter contains it."""
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
        """All of it in a file, at most ``limit`` bytes.

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
        """Save it; returns a sentence that says where, or nothing if there is nothing to keep."""
        from tuimail.durable import write_durably

        if self._file is not None and not _passes_by():
            self.clear()
            return ""
        if self._file is not None:
            return f"What came on standard input is kept in {self._file}."
        if not self._text.strip() or not _passes_by():
            return ""
        # The same text gets the same file, so that a script that fails every night does not fill the disk.
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
        """Remove the file, of which the letter has its own copy."""
        if self._file is not None:
            shutil.rmtree(self._file.parent, ignore_errors=True)


@contextlib.contextmanager
def handed_over(folder: Path) -> Iterator[PipedInput]:
    """A context with the piped input; if an error ends the command before it is queued, the error names its file."""
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
            print_note(f"tuimail: {words}")
        raise
    else:
        handed.clear()


def _passes_by() -> bool:
    """Whether standard input is lost once it is read; not for a file, and not for an endless device."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return True
    return not stat.S_ISREG(mode) and (not stat.S_ISCHR(mode) or is_terminal(sys.stdin))


def _pieces(first: bytes, rest: BinaryIO | None, limit: int) -> Iterator[bytes]:
    """``first`` and then ``rest``, up to about ``limit`` bytes."""
    yield first
    length = len(first)
    while rest is not None and length < limit and (piece := rest.read(PIECE)):
        length += len(piece)
        yield piece
