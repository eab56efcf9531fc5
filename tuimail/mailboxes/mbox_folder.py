"""The mbox files of an account, and messages in them by a name that is theirs.

A message has no name in an mbox, and where it begins changes when another program deletes one before it. So it is named
by a hash of its content without the fields in which mail programs keep its state; of messages that are the same, the
second one has ".2" behind it. A name that is found is proved by reading: the bytes that are given out have that hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tuimail.errors import StorageError
from tuimail.mail.content import PIECE
from tuimail.mailboxes.maildir_folder import DEEPEST, MOST_FOLDERS, MessageGoneError
from tuimail.mailboxes.mbox import HEADER_LIMIT, MboxMessage, content, messages, open_mbox, raw_content
from tuimail.mailboxes.watch import WatchedPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

IN_MEMORY = 16 * 1024 * 1024
"""Bytes up to which a message is read before any of it is given out."""

_STATE = re.compile(
    rb"^(?:Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|Content-Length|Lines|X-Mozilla-(?:Status2?|Keys))[ \t]*:"
    rb"[^\n]*+\n(?:[ \t][^\n]*+\n)*+",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(r"([0-9a-f]{32})(?:\.([1-9]\d{0,8}))?", re.ASCII)
_OTHER_FILES = (".lock", ".lck", ".msf", ".idx", ".ibex", ".cmeta", "~")
"""What mail programs put beside mbox files."""
_LINE_ENDS = b"\n" * PIECE
_SUBFOLDERS = ".sbd"
"""What Thunderbird calls the folder of the mbox files below an mbox."""


@dataclass(frozen=True, slots=True)
class MboxFolder:
    """A folder of mail in one mbox file: ``name`` is "INBOX" for the only one, else the file's name."""

    name: str
    path: Path


def find_mboxes(root: Path) -> list[MboxFolder]:
    """The mbox file ``root``, or those in the folder ``root``, sorted by name.

    Raises:
        StorageError: ``root`` cannot be read, or is neither.
    """
    try:
        info = root.stat()
    except OSError as error:
        raise unreadable(root, error) from error
    if not stat.S_ISDIR(info.st_mode):
        return [MboxFolder("INBOX", root)]
    found: dict[str, MboxFolder] = {}
    for path, name in _files(root):
        if _is_mbox(path):
            found.setdefault(name, MboxFolder(name, path))
    return sorted(found.values(), key=lambda each: each.name)


def mbox_places(root: Path) -> Iterator[WatchedPlace]:
    """What is watched of ``root``, an mbox file or a folder of them. Raises StorageError: it cannot be read."""
    yield WatchedPlace(root)
    if root.is_dir():
        for path in sorted({each.parent for each, _ in _files(root)} - {root}):
            yield WatchedPlace(path)


def _files(root: Path, levels: tuple[str, ...] = ()) -> Iterator[tuple[Path, str]]:
    """The files below ``root`` that may be mbox files, and their names."""
    try:
        with os.scandir(root) as entries:
            found = sorted(entries, key=lambda each: each.name)[:MOST_FOLDERS]
    except OSError as error:
        if not levels:
            raise unreadable(root, error) from error
        return
    for each in found:
        if each.name.startswith(".") or each.name.endswith(_OTHER_FILES):
            continue
        if each.is_dir(follow_symlinks=False) and len(levels) < DEEPEST:
            yield from _files(root / each.name, (*levels, each.name.removesuffix(_SUBFOLDERS)))
        elif each.is_file():
            name = "/".join((*levels, each.name)).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            yield root / each.name, "INBOX" if name.casefold() == "inbox" else name


def _is_mbox(path: Path) -> bool:
    """It begins with a message, or is empty."""
    try:
        with open_mbox(path) as file:
            return file.read(5) in (b"", b"From ")
    except (StorageError, OSError):
        return False


class MboxNames:
    """Names the messages of a file in order."""

    def __init__(self, before: Iterable[str] = ()) -> None:
        """``before`` has the names of the messages that come earlier in the file."""
        self._seen: Counter[str] = Counter(each.partition(".")[0] for each in before)

    def name(self, digest: str) -> str:
        """The name of the next message, from its ``digest``."""
        self._seen[digest] += 1
        number = self._seen[digest]
        return digest if number == 1 else f"{digest}.{number}"


def digest_of(file: BinaryIO, message: MboxMessage) -> str:
    """What names the message, the same whatever its state. Raises OSError."""
    return _digest(raw_content(file, message))


def _digest(pieces: Iterable[bytes]) -> str:
    made = hashlib.sha256()
    head, in_head, line_ends = b"", True, 0
    for piece in pieces:
        rest = piece
        if in_head:
            head += piece
            end = 0 if head.startswith(b"\n") else head.find(b"\n\n") + 1 or HEADER_LIMIT
            if end > len(head):
                continue
            made.update(_STATE.sub(b"", head[:end]))
            in_head, rest = False, head[end:]
        kept = rest.rstrip(b"\n")
        if kept:  # empty lines at the end may belong to the file
            for _ in range(line_ends // PIECE):
                made.update(_LINE_ENDS)
            made.update(_LINE_ENDS[: line_ends % PIECE] + kept)
            line_ends = 0
        line_ends += len(rest) - len(kept)
    if in_head:
        made.update(_STATE.sub(b"", head).rstrip(b"\n"))
    return made.hexdigest()[:32]


def find_message(
    file: BinaryIO, name: str, *, near: int | None = None, stopped: Callable[[], bool] = lambda: False
) -> MboxMessage:
    """The message of this name: where it was last, at offset ``near``, or elsewhere in the file.

    Raises:
        MessageGoneError: there is none, or ``stopped`` said so.
        OSError: the file cannot be read.
    """
    found = _NAME.fullmatch(name)
    if found is not None:
        digest, number = found[1], int(found[2] or 1)
        if near is not None:
            message = message_at(file, near)
            if message is not None and digest_of(file, message) == digest:
                return message
        for message in messages(file):
            if stopped():
                break
            if digest_of(file, message) == digest:
                number -= 1
                if not number:
                    return message
    raise MessageGoneError("The letter is gone: another program deleted or changed it.", hint="Choose another one.")


def message_at(file: BinaryIO, offset: int) -> MboxMessage | None:
    """The message that begins exactly at ``offset``; None if none does. Raises OSError."""
    if offset:
        file.seek(offset - 1)
        if file.read(1) != b"\n":
            return None
    found = next(messages(file, offset), None)
    return found if found is not None and found.start == offset else None


def read_message(file: BinaryIO, message: MboxMessage, limit: int) -> bytes:
    """The first bytes of its content, ``limit`` at most, with LF line ends. Raises OSError."""
    made = bytearray()
    for piece in content(file, message):
        made += piece
        if len(made) >= limit:
            break
    return bytes(made[:limit])


def open_mbox_message(path: Path, name: str, *, near: int | None = None) -> BinaryIO:
    """The content of a message, for reading once, with LF line ends.

    Raises:
        MessageGoneError: the file has no message of this name.
        StorageError: it cannot be read.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open_mbox(path))
        try:
            message = find_message(file, name, near=near)
            if message.end - message.header > IN_MEMORY:
                stack.pop_all()
                return io.BufferedReader(_ContentStream(file, content(file, message)))
            given = read_message(file, message, IN_MEMORY)
            # Proved again: another program may have changed the file between the first reading and this one.
            if digest_of(file, message) != name.partition(".")[0]:
                raise MessageGoneError("The letter was changed by another program just now.", hint="Try again.")
        except OSError as error:
            raise unreadable(path, error) from error
    return io.BytesIO(given)


class _ContentStream(io.RawIOBase):
    """A content that is too large for the memory, as a file."""

    def __init__(self, file: BinaryIO, pieces: Iterator[bytes]) -> None:
        self._file = file
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def unreadable(path: Path, error: OSError) -> StorageError:
    """The error to raise when ``path`` cannot be read."""
    return StorageError(
        f"{path} cannot be read: {error.strerror or error}.", hint="Check that it is there and its permissions."
    )
