"""Brings the rows of one mbox file into step with it. Called on the thread that writes the cache.

Other programs append to the file and rewrite it at the same time. What is read counts only as far as the file was the
same before and afterwards; a message that is being written is left for the next look.
"""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tuimail.cache.folders import mailbox_of, update_mailbox
from tuimail.cache.summaries import FlagChange, NewMessage, insert, known_messages, set_flags, vanish
from tuimail.mail.flags import OLD, from_maildir
from tuimail.mail.received_date import received_date
from tuimail.mail.received_header import HEAD_LIMIT
from tuimail.mail.summary import summary_of
from tuimail.mailboxes.maildir_folder import STILL
from tuimail.mailboxes.mbox import messages, open_mbox
from tuimail.mailboxes.mbox_folder import MboxNames, digest_of, message_at, unreadable
from tuimail.sync.mailbox_sync import FolderChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tuimail.cache.database import WritableCache
    from tuimail.mail.summary import Summary
    from tuimail.mailboxes.mbox import MboxMessage
    from tuimail.mailboxes.mbox_folder import MboxFolder

BATCH = 500
"""Messages that are stored in one transaction."""
CHECKED_AFTER = 30.0
"""Seconds that a file which has grown must be left alone until all of it is read: flags may have changed in place."""
GIVE_WAY = 5
"""Messages that are read until another thread may run."""
_FIRST = 16 * 1024
"""Bytes read of a message at first: most headers end within them."""
_INTERNAL = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA"
"""The first message of an mbox that pine and other programs on c-client wrote: no letter."""


class _Stamp(NamedTuple):
    """What is the same as long as nobody changes a file. The change time, too: mutt sets the other one back."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class _Known(NamedTuple):
    id: int
    flags: int
    start: int


class _Read(NamedTuple):
    name: str
    message: MboxMessage


@dataclass(slots=True)
class _Counts:
    new: int = 0
    changed: int = 0
    gone: int = 0


class MboxFileSync:
    """One mbox file and its folder in the cache."""

    def __init__(self, cache: WritableCache, folder: MboxFolder, mailbox: int, *, now: Callable[[], float]) -> None:
        self._cache = cache
        self._folder = folder
        self._mailbox = mailbox
        self._now = now
        self._stamp: _Stamp | None = None
        """Of the file as it was read."""
        self._is_current = False
        """Everything that was in it then was read."""
        self._is_checked = False
        """All of it was read since it grew."""
        self._known: dict[str, _Known] | None = None
        self._was_cut = False
        """The last message of this reading may not be complete."""
        self.again_in: float | None = None
        """Seconds after which the file is to be looked at again; None: nothing is in doubt."""

    def sync(self, progress: Callable[[str, int], None] | None = None) -> FolderChange | None:
        """Look at the file; None: nothing differed.

        Raises:
            StorageError: it cannot be read, or the cache cannot be written.
        """
        if self._known is None:
            self._load()
        try:
            stamp = _stamp(self._folder.path.stat())
            if stamp != self._stamp or not self._is_current or (not self._is_checked and self._is_quiet(stamp)):
                with open_mbox(self._folder.path) as file:
                    counts = self._read(file, progress)
            else:
                counts = _Counts()
        except OSError as error:
            raise unreadable(self._folder.path, error) from error
        self.again_in = None
        if not self._is_current:
            self.again_in = STILL
        elif not self._is_checked:
            self.again_in = CHECKED_AFTER
        if counts == _Counts():
            return None
        return FolderChange(self._folder.name, counts.new, counts.changed, counts.gone)

    def _read(self, file: BinaryIO, progress: Callable[[str, int], None] | None) -> _Counts:
        """Read what is new, or all of it."""
        stamp = _stamp(os.fstat(file.fileno()))
        known = self._messages_known
        resumed = self._resumed(file, stamp)
        before = [] if resumed is None else [name for name, each in known.items() if each.start < resumed]
        unseen = set(known) if resumed is None else set()
        counts, last = _Counts(), None
        names = MboxNames(before)
        whole = self._whole_messages(file, resumed or 0, stamp)
        named = (_Read(names.name(digest_of(file, each)), each) for each in whole)
        while batch := tuple(itertools.islice(named, BATCH)):
            self._store(file, batch, counts)
            unseen.difference_update(each.name for each in batch)
            last = batch[-1]
            if progress is not None:
                progress(self._folder.name, counts.new)
        after = _stamp(self._folder.path.stat())
        if resumed is None and unseen and (after == stamp or _has_only_grown(file, stamp, after, last)):
            self._remove(unseen, counts)
        elif resumed is None and unseen:
            self._was_cut = True
        self._keep(stamp, is_current=after == stamp and not self._was_cut, is_checked=resumed is None)
        return counts

    def _resumed(self, file: BinaryIO, stamp: _Stamp) -> int | None:
        """Where reading may go on, at the last known message; None: all of it must be read."""
        earlier, known = self._stamp, self._messages_known
        if earlier is None or not known or earlier[:2] != stamp[:2] or stamp.size < earlier.size:
            return None
        if stamp.size == earlier.size and self._is_current:  # changed in place, or due to be read as a whole
            return None
        name, last = max(known.items(), key=lambda each: each[1].start)
        message = message_at(file, last.start)
        if message is None or digest_of(file, message) != name.partition(".")[0]:
            return None
        return last.start

    def _whole_messages(self, file: BinaryIO, start: int, stamp: _Stamp) -> Iterator[MboxMessage]:
        """The messages from ``start`` on, without the last one if it is still being written."""
        self._was_cut = False
        held: MboxMessage | None = None
        for number, message in enumerate(messages(file, start)):
            if held is not None:
                yield held
            held = None if message.start == 0 and _is_internal(file, message) else message
            if number % GIVE_WAY == 0:
                time.sleep(0)  # else the interface waits for the interpreter's lock
        if held is None:
            return
        if self._age(stamp) >= STILL or _ends_with_empty_line(file):
            yield held
        else:
            self._was_cut = True

    def _store(self, file: BinaryIO, batch: Iterable[_Read], counts: _Counts) -> None:
        known = self._messages_known
        fresh: list[tuple[str, int, Summary]] = []
        changes: dict[str, FlagChange] = {}
        for name, message in batch:
            earlier, flags = known.get(name), _flags(message)
            if earlier is None:
                fresh.append((name, message.start, _summary(file, message, flags)))
            elif (earlier.flags, earlier.start) != (flags, message.start):
                counts.changed += earlier.flags != flags
                changes[name] = FlagChange(earlier.id, flags, server_flags=flags, modseq=message.start)
        if not fresh and not changes:
            return
        with self._cache.writing() as db:
            box = mailbox_of(db, self._mailbox)
            first = box.uidnext if box else 1
            new = [
                NewMessage(summary, first + at, name, modseq=start) for at, (name, start, summary) in enumerate(fresh)
            ]
            ids = insert(db, self._mailbox, new)
            set_flags(db, changes.values())
            update_mailbox(db, self._mailbox, uidnext=first + len(new))
        for number, (name, start, row) in zip(ids, fresh, strict=True):
            known[name] = _Known(number, row.flags, start)
        for name, change in changes.items():
            known[name] = _Known(change.id, change.flags, change.modseq or 0)
        counts.new += len(fresh)

    def _remove(self, names: set[str], counts: _Counts) -> None:
        known = self._messages_known
        with self._cache.writing() as db:
            vanish(db, [known[name].id for name in names])
        for name in names:
            del known[name]
        counts.gone += len(names)

    # -- what is known of the file
    @property
    def _messages_known(self) -> dict[str, _Known]:
        assert self._known is not None  # noqa: S101 - sync() loads it
        return self._known

    def _load(self) -> None:
        with self._cache.writing() as db:
            self._known = {
                each.emailid: _Known(each.id, each.server_flags, each.modseq)
                for each in known_messages(db, self._mailbox)
            }
            box = mailbox_of(db, self._mailbox)
        numbers = box.objectid.split(".") if box is not None else []
        if len(numbers) == len(_Stamp._fields) + 2:
            self._stamp = _Stamp._make(map(int, numbers[:-2]))
            self._is_current, self._is_checked = (each == "1" for each in numbers[-2:])

    def _keep(self, stamp: _Stamp, *, is_current: bool, is_checked: bool) -> None:
        self._stamp, self._is_current, self._is_checked = stamp, is_current, is_checked
        with self._cache.writing() as db:
            update_mailbox(db, self._mailbox, objectid=".".join(map(str, map(int, (*stamp, is_current, is_checked)))))

    def _is_quiet(self, stamp: _Stamp) -> bool:
        return self._age(stamp) >= CHECKED_AFTER

    def _age(self, stamp: _Stamp) -> float:
        """Seconds since the last change; for ever ago where the clock of the disk is ahead of ours."""
        age = self._now() - max(stamp.modified, stamp.changed) / 1e9
        return age if age >= 0 else float("inf")


def _stamp(info: os.stat_result) -> _Stamp:
    return _Stamp(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


def _has_only_grown(file: BinaryIO, before: _Stamp, after: _Stamp, last: _Read | None) -> bool:
    """It is the same file, and what was read last is still where it was read."""
    if after[:2] != before[:2] or after.size < before.size or last is None:
        return False
    message = message_at(file, last.message.start)
    return message is not None and digest_of(file, message) == last.name.partition(".")[0]


def _ends_with_empty_line(file: BinaryIO) -> bool:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(size - 4, 0))
    return file.read(4).replace(b"\r", b"").endswith(b"\n\n")


def _is_internal(file: BinaryIO, message: MboxMessage) -> bool:
    return _INTERNAL in _head(file, message)


def _head(file: BinaryIO, message: MboxMessage) -> bytes:
    """The header, and perhaps more."""
    length = message.end - message.header
    file.seek(message.header)
    head = file.read(min(_FIRST, length))
    if b"\n\n" not in head and b"\n\r\n" not in head:
        head += file.read(max(min(HEAD_LIMIT, length) - _FIRST, 0))
    return head


def _flags(message: MboxMessage) -> int:
    return from_maildir(message.flags) | (0 if message.is_new else OLD)


def _summary(file: BinaryIO, message: MboxMessage, flags: int) -> Summary:
    """The row of a message. It arrived when its ``From sender date`` line says, else when it was written."""
    file.seek(message.start)
    line = file.read(message.header - message.start)
    sent = received_date(line.partition(b" ")[2].partition(b" ")[2])
    size = message.end - message.header
    head = _head(file, message)
    if sent is not None:
        return summary_of(head, flags=flags, size=size, arrived=sent.at)
    row = summary_of(head, flags=flags, size=size)
    return row._replace(arrived=row.date)
