"""The letter file: envelope, exact bytes, and what was done with them. The truth the index is rebuilt from.

::

    tuimail-letter 1 5f3c0a91                  magic, version, CRC-32 of the next line
    {"account": "work", "envelope": ...}       one line of JSON: the head
    From: ...                                  exactly head.size bytes: the content, as on the wire
    <empty line>
    {"mark": "committing", ...} 9a0b11c2       marks and their CRC-32, appended one by one, each after an empty line

Everything above the marks is written once, durably, before the composer is told "queued" (rule 2). A mark is one
``write`` with O_APPEND and one fsync. It begins with a line end, so that a torn mark before it costs itself alone; it
carries its CRC, so that a flipped byte is noticed. A torn mark never counts: its fsync had
not returned, so nothing was done because of it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuimail.durable import put_in_place, storage_error, write_aside
from tuimail.errors import MessageError, StorageError
from tuimail.mail.answered_message import parse_answered_message
from tuimail.mail.draft_copy import parse_draft_copy
from tuimail.outbox.store.codec import UNREADABLE, dump, envelope_of, envelope_plain, parse_date
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tuimail.config.model import WhenLate
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.mail.content import Content
    from tuimail.mail.draft_copy import DraftCopy
    from tuimail.mail.envelope import Envelope
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.store.fingerprint import Measured

SUFFIX = ".letter"
MAGIC = b"tuimail-letter 1 "
_LARGEST = 1 << 53
"""Bytes that no letter has."""
LONGEST_HEAD = 16_000_000
"""Bytes of the head line; more is not a letter of ours (100,000 recipients are about 8 MB)."""


class LetterDamagedError(StorageError):
    """The top of a letter file cannot be read."""


def letter_path(folder: Path, item_id: str) -> Path:
    """Where the letter of an item is."""
    return folder / f"{item_id}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top of a letter; never changes."""

    id: str
    envelope: Envelope
    account: str
    identity: str
    composing: str
    message_id: str
    subject: str
    sender: str
    queued_at: float
    digest: str
    size: int
    sha256: str
    not_before: float | None = None
    held: bool = False
    revision: int = 1
    on_late: str = ""
    """A WhenLate, or empty."""
    revises: str = ""
    """Id of the item it is a new revision of."""
    rank: float | None = None
    """Its place in the queue, when that is not the time it was queued."""
    answers: str = ""
    """The AnsweredMessage as text, or empty."""
    draft_copy: str = ""
    """The DraftCopy as text, or empty."""


Mark = dict[str, Any]
"""One mark: "mark" (its kind), "at" (seconds since the epoch), and what the kind needs (outbox/store/journal)."""


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A letter as read: head, where the content begins, marks in order."""

    head: Head
    offset: int
    marks: tuple[Mark, ...]
    whole: bool
    """The content is all there (its bytes are compared with ``sha256`` when they are sent)."""
    doubtful: bool
    """A mark that was whole once cannot be read: what it said is not known."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a letter, read from its file piece by piece (mail/content.Content).

    The last piece is given away only after the SHA-256 of all of them was found right: damaged bytes end in OSError
    before the letter's end, and a letter without its end is never delivered.
    """

    path: Path
    offset: int
    size: int
    sha256: str = ""

    def chunks(self, length: int = 65536) -> Iterator[bytes]:
        """The bytes in order, at most ``length`` at a time. Raises OSError: gone, short, damaged."""
        import hashlib

        seen = hashlib.sha256()
        left = self.size
        with os.fdopen(open_private(self.path, os.O_RDONLY), "rb") as file:
            file.seek(self.offset)
            while left:
                chunk = file.read(min(length, left))
                if not chunk:
                    raise OSError(errno.EIO, "the letter's file is shorter than the letter", str(self.path))
                left -= len(chunk)
                seen.update(chunk)
                if not left and self.sha256 and seen.hexdigest() != self.sha256:
                    raise OSError(errno.EIO, "the letter's bytes were changed on the disk", str(self.path))
                yield chunk


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter that is durable, but not yet in the outbox: its file gets its name last."""

    head: Head
    path: Path
    offset: int
    """Where its content begins."""
    temporary: Path

    def put_in_place(self) -> None:
        """Give the file its name; it survives a power cut after ``durable.fsync_folder``. Raises StorageError."""
        put_in_place(self.temporary, self.path)

    def discard(self) -> None:
        """Take the file away; one that is in place already stays."""
        with contextlib.suppress(OSError):
            self.temporary.unlink(missing_ok=True)


def prepare_letter(path: Path, head: Head, content: Content) -> Prepared:
    """Write a letter durably beside ``path``, piece by piece.

    Raises:
        StorageError: the disk refuses; no part of the file is left.
        MessageError: the content is not what ``head`` says, since an attached file changed meanwhile; likewise.
    """
    top = _top(head)
    return Prepared(head, path, len(top), write_aside(path, _checked(top, head, content)))


def _checked(top: bytes, head: Head, content: Content) -> Iterator[bytes]:
    yield top
    import hashlib

    seen, size = hashlib.sha256(), 0
    for piece in content.chunks():
        seen.update(piece)
        size += len(piece)
        yield piece
    if size != head.size or seen.hexdigest() != head.sha256:
        raise MessageError(
            "An attached file changed while the letter was being stored, so it was not queued.",
            hint="Attach the file again when it is finished.",
            field="attachment",
        )


def head_for(
    item_id: str,
    message: OutgoingMessage,
    *,
    composing: str,
    queued_at: float,
    measured: Measured,
    not_before: float | None,
    held: bool,
    revision: int,
    on_late: WhenLate | None = None,
    revises: str = "",
    rank: float | None = None,
    answers: AnsweredMessage | None = None,
    draft_copy: DraftCopy | None = None,
) -> Head:
    """The head of a new letter."""
    return Head(
        id=item_id,
        envelope=message.envelope,
        account=message.account,
        identity=message.identity,
        composing=composing,
        message_id=message.message_id,
        subject=message.subject,
        sender=message.sender,
        queued_at=queued_at,
        digest=measured.digest,
        size=message.size,
        sha256=measured.sha256,
        not_before=not_before,
        held=held,
        revision=revision,
        on_late="" if on_late is None else on_late.value,
        revises=revises,
        rank=rank,
        answers="" if answers is None else str(answers),
        draft_copy="" if draft_copy is None else str(draft_copy),
    )


def read_letter(path: Path) -> LetterFile:
    """Head and marks; the content is skipped.

    Raises:
        LetterDamagedError: the top is not that of a letter.
        StorageError: the file cannot be read.
    """
    try:
        with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
            magic = file.readline(len(MAGIC) + 10)
            line = file.readline(LONGEST_HEAD)
            head = _head_of(magic, line, path)
            offset = len(magic) + len(line)
            size = os.fstat(file.fileno()).st_size
            whole = size >= offset + head.size
            file.seek(offset + head.size)
            marks, doubtful = _marks_of(file.read() if whole else b"")
    except OSError as error:
        raise StorageError(
            f"The letter {path} cannot be read: {error.strerror or error}.", hint="Check the disk and its permissions."
        ) from error
    return LetterFile(head=head, offset=offset, marks=marks, whole=whole, doubtful=doubtful)


def append_mark(path: Path, kind: str, at: float, said: Mapping[str, object] | None = None) -> None:
    """Append a mark durably: one write, one fsync.

    Raises:
        StorageError: the disk refuses, or the letter's file is gone.
    """
    descriptor = write_mark(path, kind, at, said)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        os.close(descriptor)


def write_mark(path: Path, kind: str, at: float, said: Mapping[str, object] | None = None) -> int:
    """Append a mark; it counts when the file, which is left open, was fsynced. Returns its descriptor.

    Raises:
        StorageError: the disk refuses, or the letter's file is gone.
    """
    text = dump({"mark": kind, "at": at, **(said or {})}).encode()
    line = b"\n%s %08x\n" % (text, zlib.crc32(text))
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
        try:
            written = os.write(descriptor, line)
            if written != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise storage_error(path, error) from error
    return descriptor


def letter_files(folder: Path) -> Iterable[tuple[str, Path]]:
    """(id, path) of every letter in ``folder``, oldest id first.

    Raises:
        StorageError: the folder cannot be read.
    """
    try:
        # The kernel says of each name what it is: ten thousand letters need not be looked at one by one.
        with os.scandir(folder) as found:
            names = sorted(each.name for each in found if each.name.endswith(SUFFIX) and each.is_file())
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    return [(name.removesuffix(SUFFIX), folder / name) for name in names]


def _top(head: Head) -> bytes:
    plain = {name: getattr(head, name) for name in Head.__slots__ if name != "envelope"}
    for name in ("answers", "draft_copy"):
        if not plain[name]:
            del plain[name]  # earlier versions read letters that have no such name
    line = dump({**plain, "envelope": envelope_plain(head.envelope)}).encode() + b"\n"
    return MAGIC + b"%08x\n" % zlib.crc32(line) + line


def _head_of(magic: bytes, line: bytes, path: Path) -> Head:
    try:
        if not magic.startswith(MAGIC) or int(magic[len(MAGIC) :], 16) != zlib.crc32(line):
            raise ValueError(magic)
        plain = json.loads(line)
        _check_head(plain)
        return Head(**{**plain, "envelope": envelope_of(plain["envelope"])})
    except UNREADABLE:
        raise LetterDamagedError(
            f"The letter {path} is damaged: its envelope cannot be read.",
            hint="Its text can still be read with any pager; send it anew from there.",
        ) from None


_NUMBERS = frozenset({"size", "revision"})
_MOMENTS = frozenset({"queued_at", "not_before", "rank"})


def _check_head(plain: dict[str, object]) -> None:
    """Raises ValueError when a value is not of its kind: a checksum can be right for anything."""
    for name, value in plain.items():
        if name in _NUMBERS:
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST
        elif name in _MOMENTS:
            fits = (value is None and name != "queued_at") or parse_date(value) is not None
        elif name == "held":
            fits = isinstance(value, bool)
        elif name == "answers":
            fits = isinstance(value, str) and parse_answered_message(value) is not None
        elif name == "draft_copy":
            fits = isinstance(value, str) and parse_draft_copy(value) is not None
        else:
            fits = name == "envelope" or isinstance(value, str)
        if not fits:
            raise ValueError(name)


def _marks_of(data: bytes) -> tuple[tuple[Mark, ...], bool]:
    marks: list[Mark] = []
    doubtful = False
    for line in data.split(b"\n"):
        text, checksum = line[:-9], line[-8:]
        try:
            if int(checksum, 16) != zlib.crc32(text):
                raise ValueError(line)
            mark = json.loads(text)
            marks.append({**mark, "mark": str(mark["mark"]), "at": parse_date(mark["at"])})
        except UNREADABLE:
            doubtful = doubtful or _was_whole(line)
    return tuple(marks), doubtful


def _was_whole(line: bytes) -> bool:
    """Whether a line that is no mark was one once; a torn one was cut short, and nothing was done because of it.

    A flipped byte leaves two of the three signs of an end; a torn line has one at most, but for a freak of chance.
    """
    signs = (
        line[-10:-9] == b"}",
        line[-9:-8] == b" ",
        len(line) > 8 and all(c in b"0123456789abcdef" for c in line[-8:]),
    )
    return sum(signs) >= 2
