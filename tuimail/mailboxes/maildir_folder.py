"""A Maildir that other programs write to at the same time: its folders, its messages, flags by rename.

https://cr.yp.to/proto/maildir.html. A message is known by the unique part of its file's name, before the colon; the
letters behind ``:2,`` are its flags, and every change of them renames the file. A listing of a folder can miss files
that are renamed meanwhile (ext4 does), so a message counts as gone only when two scans agree and the folder was still
from before the first to after the second. Nothing here moves a message from ``new`` to ``cur`` unless it is told to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tuimail.durable import storage_error
from tuimail.errors import EX_NOINPUT, StorageError
from tuimail.mailboxes.mailbox_names import decode_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

STILL = 2.0
"""Seconds that a folder must not have changed before a listing of it is believed: time stamps can be that coarse."""
SHORTEST_PAUSE = 0.05
"""Seconds before a folder that is being changed is scanned again, at least."""
TRIES = 50
"""Times a message is looked up whose name changes under our hands."""
MOST_FOLDERS = 10_000
"""Folders that are looked at below a Maildir."""
DEEPEST = 10

_PARTS = ("cur", "new", "tmp")
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""What the system says of a name that is not there; whatever else it says, something is."""
_SIZE = re.compile(r",S=(\d{1,15})(?:,|$)")
_Stamps = tuple[int, int]


class MessageGoneError(StorageError):
    """Another program deleted the message or moved it to another folder."""

    exit_code = EX_NOINPUT


@dataclass(frozen=True, slots=True)
class MaildirFolder:
    """A folder of a Maildir: ``name`` is "INBOX" for the Maildir itself, else its decoded levels with "/" between."""

    name: str
    path: Path


def find_folders(root: Path) -> list[MaildirFolder]:
    """The folders of the Maildir at ``root``, sorted by name: Maildir++ (``.Lists.Rust``) and plain (``Lists/Rust``).

    Raises:
        StorageError: ``root`` cannot be read.
    """
    found = {"INBOX": MaildirFolder("INBOX", root)} if _is_folder(root) else {}
    looked_at: set[tuple[int, int]] = set()
    for path, levels in _below(root, (), looked_at):
        if not _is_folder(path):
            continue
        name = "/".join(map(decode_name, levels))
        if name != "INBOX" or "INBOX" not in found:
            found.setdefault(name, MaildirFolder(name, path))
    return sorted(found.values(), key=lambda each: each.name)


def find_directories(root: Path) -> Iterator[Path]:
    """``root`` and the directories below it that are folders, hold folders, or may come to.

    Raises:
        StorageError: ``root`` cannot be read.
    """
    yield root
    for path, _ in _below(root, (), set()):
        yield path


def folders_there(root: Path) -> list[MaildirFolder]:
    """``find_folders`` of a Maildir that is to be there.

    Raises:
        StorageError: ``root`` cannot be read, or holds no folder: its disk is not mounted, perhaps.
    """
    found = find_folders(root)
    if not found:
        raise StorageError(
            f"There is no Maildir in {root}.", hint="Check that its disk is mounted, and its path in the config."
        )
    return found


def _below(
    folder: Path, levels: tuple[str, ...], looked_at: set[tuple[int, int]]
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - a Path for each name costs more than reading it
    except OSError as error:
        if not levels:
            raise _unreadable(folder, error) from error
        return
    for name in names:
        path = folder / name
        if name in _PARTS or len(looked_at) >= MOST_FOLDERS:
            continue
        try:
            info = path.stat()
        except OSError as error:
            if error.errno not in _ABSENT:  # it cannot be looked at now, and is not gone
                yield path, (*levels, *(each for each in name.split(".") if each))
            continue
        if not stat.S_ISDIR(info.st_mode) or (info.st_dev, info.st_ino) in looked_at:
            continue
        looked_at.add((info.st_dev, info.st_ino))
        if name.startswith("."):
            yield path, (*levels, *(each for each in name.split(".") if each))
        else:
            yield path, (*levels, name)
            if len(levels) < DEEPEST:
                yield from _below(path, (*levels, name), looked_at)


def _is_folder(path: Path) -> bool:
    """It is one, or nobody may look whether it is: one that cannot be read now is not gone."""
    try:
        return stat.S_ISDIR((path / "cur").stat().st_mode)
    except OSError as error:
        return error.errno not in _ABSENT


def unique_part(name: str) -> str:
    """What stays of a file's name whatever its flags."""
    return name.rpartition("/")[2].partition(":")[0]


def is_new(path: str) -> bool:
    """The message at ``new/...`` or ``cur/...`` has not been seen by any program that shows mail."""
    return path.startswith("new/")


def flags_of(path: str) -> str:
    """The flags in a file's name, sorted: Draft, Flagged, Passed on, Replied, Seen, Trashed.

    Small letters are keywords of Dovecot.
    """
    return "".join(sorted(set(path.partition(":2,")[2].partition(",")[0])))


def size_of(path: str) -> int | None:
    """Bytes of the message as its name tells them (``,S=``); None: it does not."""
    found = _SIZE.search(unique_part(path))
    return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class MaildirChange:
    """What differs from the scan before. Paths are relative to the folder: ``cur/...`` or ``new/...``."""

    appeared: dict[str, str] = field(default_factory=dict)
    """Paths of messages not known before, by unique part."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Paths of those that have another name now: other flags, or no longer in ``new``."""
    gone: frozenset[str] = frozenset()
    """Unique parts of messages that are certainly not there any more."""
    again_in: float | None = None
    """Seconds after which the folder must be scanned again; None: nothing is in doubt."""


class MaildirScanner:
    """Compares a folder with what was there at the last scan."""

    def __init__(
        self,
        folder: Path,
        known: Iterable[str] = (),
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the unique parts that are ``known`` from earlier; their names are reported as ``renamed``."""
        self.folder = folder
        self.files: dict[str, str] = dict.fromkeys(known, "")
        """Path of each message by unique part; "" as long as it is known from earlier only."""
        self._now = now
        self._monotonic = monotonic
        self._stamps: _Stamps | None = None
        self._still_since = 0.0
        self._absent: frozenset[str] = frozenset()
        self._certain = False

    def scan(self) -> MaildirChange:
        """Read the names and compare.

        Raises:
            StorageError: the folder cannot be read; nothing counts as gone then.
        """
        try:
            stamps = self._read_stamps()
            agrees = self._see(stamps)
            believed = agrees and self._is_still(stamps)
            files = _names(self.folder)
            still = stamps == self._read_stamps()
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        if not still:
            self._stamps = None
        change = self._compare(files, believed=believed and still)
        self._certain = change.again_in is None
        return change

    def unchanged(self) -> bool:
        """Nothing was in doubt after the last scan, and the folder was not changed since. Costs two calls of stat."""
        try:
            return self._certain and self._stamps == self._read_stamps()
        except OSError:
            return False

    @property
    def stamps(self) -> str:
        """The folder's time stamps when nothing was in doubt (``folder_stamps``); empty: something is."""
        return _written(self._stamps) if self._certain and self._stamps is not None else ""

    def forget(self, uniques: Collection[str]) -> None:
        """Whatever has such a name at the next scan appears anew; that scan comes when the folder changes."""
        for unique in uniques:
            self.files.pop(unique, None)
        self._absent -= set(uniques)

    def doubt(self, uniques: Iterable[str]) -> None:
        """The next scan reports these as renamed, whatever their names are."""
        for unique in uniques:
            if unique in self.files:
                self.files[unique] = ""

    def _compare(self, files: dict[str, str], *, believed: bool) -> MaildirChange:
        before = self.files
        differing = dict(files.items() - before.items())
        appeared = {unique: path for unique, path in differing.items() if unique not in before}
        renamed = {unique: path for unique, path in differing.items() if unique in before}
        absent = before.keys() - files.keys()
        gone = self._absent & absent if believed else frozenset()
        self._absent = frozenset(absent - gone)
        self.files = files
        for unique in self._absent:
            files[unique] = before[unique]
        doubtful = self._absent or not believed
        return MaildirChange(appeared, renamed, gone, self._pause() if doubtful else None)

    def _read_stamps(self) -> _Stamps:
        return _stamps(self.folder)

    def _see(self, stamps: _Stamps) -> bool:
        """Remember the folder's time stamps; they are those of the scan before."""
        if stamps == self._stamps:
            return True
        self._stamps = stamps
        self._still_since = self._monotonic()
        return False

    def _is_still(self, stamps: _Stamps) -> bool:
        """The last change is long enough ago, by its time stamp or by how long we have seen the same one.

        The clock of a file server may be ahead of ours, so the stamp alone is not asked.
        """
        return self._now() - max(stamps) / 1e9 >= STILL or self._monotonic() - self._still_since >= STILL

    def _pause(self) -> float:
        if self._stamps is None:
            return STILL
        age = max(self._now() - max(self._stamps) / 1e9, self._monotonic() - self._still_since)
        return min(max(STILL - age, SHORTEST_PAUSE), STILL)


def folder_stamps(folder: Path) -> str:
    """When the names in a folder were changed last, as a text; empty: it cannot be read."""
    try:
        return _written(_stamps(folder))
    except OSError:
        return ""


def _stamps(folder: Path) -> _Stamps:
    cur = (folder / "cur").stat().st_mtime_ns
    try:
        return cur, (folder / "new").stat().st_mtime_ns
    except FileNotFoundError:
        return cur, 0


def _written(stamps: _Stamps) -> str:
    return f"{stamps[0]} {stamps[1]}"


def keep_as_old(root: Path, name: str, uniques: Iterable[str]) -> None:
    """Move messages of the folder called ``name`` from ``new`` to ``cur``; those that are gone are passed over.

    Raises:
        StorageError: the disk refuses.
    """
    folder = next((each.path for each in find_folders(root) if each.name == name), None)
    if folder is None:
        return
    for unique in uniques:
        if (folder / "new" / unique).exists():
            with contextlib.suppress(MessageGoneError):
                change_flags(folder, unique, path=f"new/{unique}")


def find_path(folder: Path, unique: str) -> str | None:
    """Where the message is now, relative to ``folder``; None: it is gone.

    Raises:
        StorageError: the folder cannot be read.
    """
    try:
        for attempt in range(TRIES):
            before = (folder / "cur").stat().st_mtime_ns
            path = _names(folder).get(unique)
            if path is not None:
                return path
            if before == (folder / "cur").stat().st_mtime_ns and attempt:
                return None
            time.sleep(0.001 * attempt)  # it may have been missed because files are being renamed
    except OSError as error:
        raise _unreadable(folder, error) from error
    return None


def settled_paths(folder: Path) -> tuple[dict[str, str], bool]:
    """Where every message is, by unique part; and whether none can be missing, though others rename meanwhile.

    Raises:
        StorageError: the folder cannot be read.
    """
    found: dict[str, str] = {}
    try:
        for attempt in range(TRIES):
            before = _stamps(folder)
            found.update(_names(folder))
            if attempt and before == _stamps(folder):
                return found, True
            time.sleep(0.001 * attempt)  # some may have been missed because files are being renamed
    except OSError as error:
        raise _unreadable(folder, error) from error
    return found, False


def change_flags(folder: Path, unique: str, *, add: str = "", remove: str = "", path: str = "") -> str:
    """Give the message other flags, in ``cur``, whoever else renames it; returns its path now.

    With nothing to add or remove a message is moved from ``new`` to ``cur``. Letters not named stay.

    Args:
        folder: the Maildir folder.
        unique: unique part of the file's name.
        add: letters to set.
        remove: letters to take away.
        path: where it was last; it is looked up when it is not there any more.

    Raises:
        MessageGoneError: it is not in the folder.
        StorageError: the disk refuses.
    """
    for _ in range(TRIES):
        current = path or _found(folder, unique)
        target = f"cur/{unique}:2,{''.join(sorted(set(flags_of(current)) - set(remove) | set(add)))}"
        try:
            if _rename(folder, current, target):
                return target
        except OSError as error:
            raise storage_error(folder / current, error) from error
        path = ""
    raise StorageError(f"Another program renames {unique} all the time.", hint="Try again in a moment.")


def open_message(folder: Path, unique: str, *, path: str = "") -> tuple[BinaryIO, str]:
    """Open the message for reading, under whatever name it has by now; returns the file and its path.

    Raises:
        MessageGoneError: it is not in the folder.
        StorageError: it cannot be read, or is not a regular file.
    """
    for _ in range(TRIES):
        current = path or _found(folder, unique)
        with contextlib.suppress(FileNotFoundError):
            try:
                return _open(folder / current), current
            except FileNotFoundError:
                raise
            except OSError as error:
                raise _unreadable(folder / current, error) from error
        path = ""
    raise StorageError(f"Another program renames {unique} all the time.", hint="Try again in a moment.")


def _names(folder: Path) -> dict[str, str]:
    """``new`` first: what is moved to ``cur`` meanwhile is seen there."""
    found: dict[str, str] = {}
    for part in ("new", "cur"):
        try:
            names = os.listdir(folder / part)  # noqa: PTH208 - a Path for each name costs more than reading it
        except FileNotFoundError:
            if part == "cur":
                raise
            continue
        found.update({name.partition(":")[0]: f"{part}/{name}" for name in names if name[0] != "."})
    return found


def _found(folder: Path, unique: str) -> str:
    path = find_path(folder, unique)
    if path is None:
        raise MessageGoneError("The letter is gone: another program moved or deleted it.", hint="Choose another one.")
    return path


def _rename(folder: Path, current: str, target: str) -> bool:
    """False: there is no ``current`` any more."""
    if current == target:
        return os.path.lexists(folder / current)
    if os.path.lexists(folder / target):
        # Another program was faster, or a copy of the Maildir was unpacked over it; never overwrite a message.
        if os.path.lexists(folder / current):
            raise FileExistsError(errno.EEXIST, "There are two files for one letter")
        return False
    try:
        (folder / current).rename(folder / target)
    except FileNotFoundError:
        return False
    return True


def _open(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return os.fdopen(descriptor, "rb")


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be read: {error.strerror or error}.", hint="Check that it is there and its permissions."
    )
