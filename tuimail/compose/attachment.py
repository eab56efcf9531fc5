"""Attached files: checked when they are attached, read piece by piece when the letter is frozen.

Only regular files are accepted: a FIFO would block, and a device or a file in /proc has no fixed size.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.compose.content_type import content_type_of
from tuimail.compose.draft import Attachment
from tuimail.compose.file_name import own_name
from tuimail.errors import AttachmentError
from tuimail.mail.content import PIECE
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SIZE = 2 * 1024**3
"""Maximum size in bytes; no server accepts more."""

_HEAD = 4096
_KINDS = (
    (stat.S_ISDIR, "is a folder", "Attach its files, or pack it first (zip, tar)."),
    (stat.S_ISFIFO, "is a pipe, not a file", "Write its output to a file and attach that."),
    (stat.S_ISSOCK, "is a socket, not a file", "Attach a regular file."),
    (stat.S_ISCHR, "is a device, not a file", "Attach a regular file."),
    (stat.S_ISBLK, "is a device, not a file", "Attach a regular file."),
)
_REASONS = {
    errno.ENOENT: ("there is no such file", "Check the name."),
    errno.ENOTDIR: ("there is no such file", "Check the name."),
    errno.EACCES: ("it may not be read", "Check its permissions."),
    errno.EPERM: ("it may not be read", "Check its permissions."),
    errno.ELOOP: ("its links lead in a circle", "Attach the file itself."),
    errno.ENAMETOOLONG: ("its name is too long", "Check the name."),
}


def attach(path: str | Path) -> Attachment:
    """The attachment for the file at ``path`` (``~`` is the home folder).

    Raises:
        AttachmentError: it is missing, unreadable, not a regular file, or too large.
    """
    text = str(path)
    if "\0" in text:
        raise AttachmentError(f"{safe_line(text)} is no file name.", path=text, hint="Check the name.")
    absolute = str(Path(os.path.expanduser(text)).absolute())  # noqa: PTH111 - never raises for an unknown user
    descriptor, info = _open(absolute)
    with os.fdopen(descriptor, "rb") as file:
        try:
            head = file.read(_HEAD)
        except OSError as error:
            raise _unreadable(absolute, error) from error
    if not info.st_size and head:
        raise AttachmentError(
            f"{safe_line(absolute)} is made up by the system and has no size of its own.",
            path=absolute,
            hint="Copy it to a file and attach that.",
        )
    name = own_name(absolute)
    return Attachment(absolute, name, content_type_of(name, head), info.st_size, modified_ns=info.st_mtime_ns)


def check(attachment: Attachment) -> None:
    """Check that ``attachment`` is readable and unchanged.

    Raises:
        AttachmentError: it vanished, became unreadable, or was changed since.
    """
    os.close(_open_unchanged(attachment)[0])


class AttachedFile:
    """The bytes of an attached file (mail/content.Content), exactly as many as when it was attached.

    A letter is frozen in several passes over its files, which must all read the same bytes: a file that was replaced or
    written to since it was attached is refused.
    """

    def __init__(self, attachment: Attachment) -> None:
        self._attachment = attachment
        self._seen: tuple[int, int, int] | None = None

    @property
    def size(self) -> int:
        """Bytes when it was attached."""
        return self._attachment.size

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, at most ``length`` at a time.

        Raises:
            AttachmentError: it vanished, became unreadable, or changed since.
        """
        descriptor, info = _open_unchanged(self._attachment)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            self._refuse_another(info)
            left = self.size
            try:
                while left and (piece := file.read(min(length, left))):
                    left -= len(piece)
                    yield piece
                more = file.read(1)
                info = os.fstat(file.fileno())
            except OSError as error:
                raise _unreadable(self._attachment.path, error) from error
            if left or more:
                raise _changed(self._attachment)
            self._refuse_another(info)

    def _refuse_another(self, info: os.stat_result) -> None:
        now = (info.st_dev, info.st_ino, info.st_mtime_ns)
        if self._seen is None:
            self._seen = now
        if self._seen != now:
            raise _changed(self._attachment)


def _open(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file; checks before opening, which must not touch devices, and again afterwards."""
    try:
        _refuse_unusual(path, os.stat(path))  # noqa: PTH116 - the same call as fstat below
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        info = os.fstat(descriptor)
        _refuse_unusual(path, info)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, info


def _refuse_unusual(path: str, info: os.stat_result) -> None:
    shown = safe_line(path)
    for is_kind, words, hint in _KINDS:
        if is_kind(info.st_mode):
            raise AttachmentError(f"{shown} {words}.", path=path, hint=hint)
    if not stat.S_ISREG(info.st_mode):
        raise AttachmentError(f"{shown} is not a regular file.", path=path, hint="Attach a regular file.")
    if info.st_size > MAX_SIZE:
        raise AttachmentError(
            f"{shown} is larger than 2 GB, which no mail server takes.", path=path, hint="Send a link to it instead."
        )


def _open_unchanged(attachment: Attachment) -> tuple[int, os.stat_result]:
    descriptor, info = _open(attachment.path)
    rewritten = attachment.modified_ns and info.st_mtime_ns != attachment.modified_ns
    if rewritten or info.st_size != attachment.size:
        os.close(descriptor)
        raise _changed(attachment)
    return descriptor, info


def _unreadable(path: str, error: OSError) -> AttachmentError:
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error), "Check the file."))
    return AttachmentError(f"{safe_line(path)} cannot be attached: {reason}.", path=path, hint=hint)


def _changed(attachment: Attachment) -> AttachmentError:
    return AttachmentError(
        f"{safe_line(attachment.path)} has changed since it was attached.",
        path=attachment.path,
        hint="Remove it from the letter and attach it again.",
    )
