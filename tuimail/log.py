"""The log: one private file (0600), rotated, without secrets and addresses.

Every line passes ``redact``, which replaces registered secrets (also in base64, as in sign-ins), sign-in lines and
addresses. Nothing is logged to the terminal.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.private_files import open_private, private_dir
from tuimail.scrubber import HIDDEN, Scrubber

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_LIMIT = 512_000
"""Bytes after which the file becomes ``tuimail.log.1`` and replaces the previous one."""

_SIGN_IN = re.compile(
    r"(?i)\b(AUTH(?:ENTICATE)?[ ]+[\w-]+[ ]+|(?:Bearer|Basic)[ ]+|LOGIN[ ]+\S+[ ]+|passw(?:or)?d[ ]*[=:][ ]*)\S+"
)
# Only from the beginning of a word: from each of its characters it would take the square of a long one.
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),:;\[\]])[^\s<>\"'(),:;\[\]]+@[^\s<>\"'(),:;]+")
_secrets = Scrubber()


def register_secret(secret: str) -> None:
    """Keep ``secret`` out of the log, in every form in which it is sent."""
    _secrets.add(secret)


def redact(text: str) -> str:
    """``text`` without secrets, sign-ins and addresses."""
    return _ADDRESS.sub("<address>", _SIGN_IN.sub(rf"\1{HIDDEN}", _secrets.scrub(text)))


class _Redacting(logging.Formatter):
    """Redacts the whole entry, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _PrivateFile(logging.Handler):
    """Appends to one file; several processes may."""

    def __init__(self, file: Path, limit: int) -> None:
        super().__init__()
        self.file = file
        self.limit = limit
        self.setFormatter(_Redacting("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
            private_dir(self.file.parent)
            descriptor = open_private(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                os.write(descriptor, line)
                full = os.fstat(descriptor).st_size >= self.limit
            finally:
                os.close(descriptor)
            if full:
                self.file.replace(self.file.with_name(self.file.name + ".1"))
        except Exception:  # noqa: BLE001, S110  a full disk must not take the program along, nor write on the screen
            pass


def write_entry(file: Path, name: str, text: str) -> None:
    """Append one error to ``file`` whatever the state of logging, redacted like all; never raises."""
    _PrivateFile(file, SIZE_LIMIT).emit(logging.LogRecord(name, logging.ERROR, "", 0, "%s", (text,), None))


@contextmanager
def logging_to(file: Path, *, level: int = logging.WARNING, limit: int = SIZE_LIMIT) -> Iterator[None]:
    """Send every log entry of the process to ``file`` while the block runs, and none anywhere else.

    The file and its folder (0700) are made with the first entry; if they cannot be, nothing is logged.
    """
    root = logging.getLogger()
    handler = _PrivateFile(file, limit)
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
