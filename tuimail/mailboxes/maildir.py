"""A local Maildir: durable delivery and search by Message-ID.

https://cr.yp.to/proto/maildir.html. A letter is complete in ``cur`` or it is not there: it is written in ``tmp``,
fsynced, renamed, and the folder is fsynced. Letters are kept with LF line ends, as every program that reads Maildirs
expects; the letters have only CRLF line ends, so ``pieces`` can restore them exactly.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from typing import TYPE_CHECKING

from tuimail.durable import fsync_folder, storage_error
from tuimail.mail.content import PIECE
from tuimail.mail.line_ends import with_lf
from tuimail.private_files import make_private, open_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HEADER_LIMIT = 256 * 1024
"""Bytes of a file that are searched for its Message-ID."""

STALE_AFTER = 36 * 3600.0
"""Seconds after which a file in ``tmp`` is a dead writer's (the specification's 36 hours)."""

_PARTS = ("tmp", "new", "cur")
_SENT_NAMES = ("Sent", ".Sent", ".INBOX.Sent", "Sent Items", ".Sent Items", "Sent Messages", ".Sent Messages", "sent")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def sent_folder(root: Path) -> Path:
    """Where the Maildir at ``root`` keeps sent letters: the folder it has, or the name it should get.

    Maildir++ (folders beside ``cur``, with a dot) and plain folders are both understood.
    """
    for name in _SENT_NAMES:
        if (root / name / "cur").is_dir():
            return root / name
    return root / (".Sent" if (root / "cur").is_dir() else "Sent")


def deliver(
    folder: Path, content: Iterable[bytes], *, flags: str = "S", date: float | None = None, name: str = ""
) -> Path:
    """Put a letter into the Maildir ``folder`` (made if missing); when it returns, a power cut does not lose it.

    Args:
        folder: holds, or will hold, ``tmp``, ``new`` and ``cur``.
        content: the letter in pieces, CRLF line ends.
        flags: Maildir info flags ("S": seen).
        date: seconds since the epoch that readers show as the time of arrival; default now.
        name: the unique part of its name; a new one if empty.

    Raises:
        StorageError: the disk refuses; no part of the letter is left behind.
    """
    try:
        _make(folder)
        _remove_stale(folder / "tmp")
        left_over = bool(name)  # of a try that was cut short
        name = name or unique_name()
        temporary = folder / "tmp" / name
        if left_over:
            temporary.unlink(missing_ok=True)
        target = folder / "cur" / f"{name}:2,{''.join(sorted(set(flags)))}"
        descriptor = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in with_lf(content):
                    file.write(piece)
                file.flush()
                if date is not None:
                    os.utime(file.fileno(), (date, date))
                os.fsync(file.fileno())
            temporary.rename(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_error(folder, error) from error
    fsync_folder(folder / "cur")
    return target


def find(folder: Path, message_id: str, *, since: float) -> Path | None:
    """The letter with this Message-ID among those that came after ``since`` (seconds since the epoch), or None.

    A folder that is not there or cannot be read holds nothing.
    """
    wanted = message_id.encode("utf-8", "surrogateescape")
    for part in ("cur", "new"):
        with contextlib.suppress(OSError), os.scandir(folder / part) as entries:
            for entry in entries:
                # The change time: the modification time is the letter's date, and older than its arrival.
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_ctime >= since and _message_id(entry.path) == wanted:
                        return folder / part / entry.name
    return None


def pieces(path: Path, length: int = PIECE) -> Iterator[bytes]:
    """The letter at ``path`` with its CRLF line ends restored, about ``length`` bytes at a time.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        for piece in with_lf(iter(lambda: file.read(length), b"")):
            yield piece.replace(b"\n", b"\r\n")


def _message_id(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        head = file.read(HEADER_LIMIT)
    end = _END_OF_HEADERS.search(head)
    found = _MESSAGE_ID.search(head, 0, end.start() if end else len(head))
    return found.group(1) if found else b""


def unique_name() -> str:
    """A new unique part: seconds, microseconds, process, random, and a host part that gives no machine away."""
    now = time.time_ns()
    return f"{now // 10**9}.M{now // 1000 % 10**6}P{os.getpid()}R{secrets.token_hex(6)}.tuimail"


def _make(folder: Path) -> None:
    for part in _PARTS:
        _make_folder(folder / part)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    make_private(folder)
    fsync_folder(folder.parent)


def _remove_stale(temporary: Path) -> None:
    limit = time.time() - STALE_AFTER
    with contextlib.suppress(OSError), os.scandir(temporary) as entries:
        for entry in entries:
            if entry.stat(follow_symlinks=False).st_ctime < limit:
                (temporary / entry.name).unlink()
