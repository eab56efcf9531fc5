"""Tells at once when other programs change a Maildir or an mbox (Linux: inotify).

Which message changed is not told: whoever is told looks for itself, so events that the system dropped or that came in
thousands cost no more than one. Changes on disks of other machines that were made there are not told by any system.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from tuimail.errors import TuimailError
from tuimail.mailboxes.maildir_folder import find_directories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from asyncinotify import Inotify

log = logging.getLogger(__name__)

SETTLE = 0.1
"""Seconds after which a file counts as complete that was created and not renamed: its writer may still be writing."""
BURST = 0.05
"""Seconds between two times that are told."""
MOST_WATCHED = 4096
"""Files and folders that are watched. The system allows a user some 8,000 or more, for all programs."""

# <sys/inotify.h>
_MODIFY, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x2, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED, _IS_FOLDER = 0x2000, 0x4000, 0x8000, 0x40000000
_ITSELF = _MOVE_SELF | _DELETE_SELF
_FOLDER = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ITSELF
_FILE = _MODIFY | _CLOSE_WRITE | _ITSELF
_PLACES_DIFFER = _UNMOUNT | _OVERFLOW | _IGNORED | _MOVE_SELF | _IS_FOLDER
_UNFINISHED = _CREATE | _MODIFY

_READ_AT_ONCE = 64
"""Events with the longest of names."""
_MOST_EVENTS = 1000
"""Events that are looked at until it is told: a program that never stops writing must not keep this one busy."""
_FULL = (errno.ENOSPC, errno.ENOMEM)
"""The system allows no more watches."""
_GONE = (errno.ENOENT, errno.ENOTDIR)


class WatchedPlace(NamedTuple):
    """A file or a folder."""

    path: Path
    files: bool = True
    """Files in the folder are watched too, and not only which folders there are in it."""


class FileWatch:
    """Watches files and folders on a thread of its own."""

    def __init__(
        self,
        places: Callable[[], Iterable[WatchedPlace]],
        changed: Callable[[], None],
        *,
        most: int = MOST_WATCHED,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            places: what is watched, without what lies deeper; the first one is needed. Called again whenever a folder
                came or went, and iterated over while it is watched; may raise StorageError.
            changed: called on the thread of the watch, BURST seconds apart.
            most: how many places are watched.
        """
        self._places = places
        self._changed = changed
        self._most = most
        self._inotify: Inotify | None = None
        self._stop_reader, self._stop_writer = -1, -1
        self._thread = threading.Thread(target=self._run, name="file watch", daemon=True)
        self._watched: dict[int, WatchedPlace] = {}
        self._lost = False
        self._complete = False

    @property
    def is_lost(self) -> bool:
        """The first place is gone, so nothing is told any more. Close it, and open another one when it is back."""
        return self._lost

    @property
    def is_complete(self) -> bool:
        """Every place is watched."""
        return self._complete and not self._lost

    def open(self) -> bool:
        """Begin; False if the system does not support it or refuses it. What changes after the return is told."""
        self._inotify = _open_inotify()
        if self._inotify is None:
            return False
        try:
            self._watch_places(self._inotify)
            if self._lost:
                return False
            self._stop_reader, self._stop_writer = os.pipe()
            self._thread.start()
        except (OSError, RuntimeError) as error:
            log.info("files are not watched: %s", error)
            return False
        finally:
            if not self._thread.is_alive():
                self._close_files()
        return True

    def close(self) -> None:
        """End the thread; waits for it. May be called twice."""
        if self._thread.ident is not None and self._stop_writer >= 0:
            os.write(self._stop_writer, b"x")
            self._thread.join()
        self._close_files()

    def _close_files(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
        for each in (self._stop_reader, self._stop_writer):
            if each >= 0:
                os.close(each)
        self._stop_reader = self._stop_writer = -1

    # -- the thread
    def _run(self) -> None:
        assert self._inotify is not None  # noqa: S101 - made by open()
        try:
            self._tell_changes(self._inotify)
        except Exception:
            log.exception("files are not watched any more")
            self._lost = True
            self._changed()

    def _tell_changes(self, inotify: Inotify) -> None:
        events, stop = select.poll(), select.poll()
        events.register(inotify.fd, select.POLLIN)
        for each in (events, stop):
            each.register(self._stop_reader, select.POLLIN)
        settled: float | None = None
        while not self._lost:
            left = None if settled is None else max(settled - time.monotonic(), 0.0) * 1000
            ready = dict(events.poll(left))
            if self._stop_reader in ready:
                return
            seen = self._read_events(inotify) if ready else 0
            if seen & _PLACES_DIFFER:
                self._watch_places(inotify)
            if seen & ~_UNFINISHED or (settled is not None and time.monotonic() >= settled):
                settled = None
                self._changed()
                if stop.poll(BURST * 1000):
                    return
            elif seen and settled is None:
                settled = time.monotonic() + SETTLE

    def _read_events(self, inotify: Inotify) -> int:
        """What happened since the last call: the bits of the events that matter."""
        seen = 0
        for _ in range(_MOST_EVENTS):
            event = inotify.sync_get()
            if event is None:
                break
            bits = int(event.mask)
            place = self._watched.get(event.watch.wd) if event.watch is not None else None
            if bits & _PLACES_DIFFER or place is None or place.files:
                seen |= bits
        return seen

    def _watch_places(self, inotify: Inotify) -> None:
        """Watch the places that there are now. What was in them before is told by the caller."""
        watched: dict[int, WatchedPlace] = {}
        try:
            self._complete = self._add_watches(inotify, watched)
        except TuimailError as error:
            log.info("files are not watched: %s", error)
        for watch in inotify.watches:
            if watch.wd not in watched:
                with contextlib.suppress(OSError):  # it is gone
                    inotify.rm_watch(watch)
        self._watched = watched
        self._lost = not watched

    def _add_watches(self, inotify: Inotify, watched: dict[int, WatchedPlace]) -> bool:
        """Add what is watched to ``watched``, by the numbers of events. False: there is more."""
        from asyncinotify import Mask

        folder, file = Mask(_FOLDER), Mask(_FILE)
        complete = True
        for place in self._places():
            if len(watched) >= self._most:
                log.info("no more than %d files and folders are watched", self._most)
                return False
            try:
                number = inotify.add_watch(place.path, folder if place.path.is_dir() else file).wd
            except OSError as error:
                if error.errno in _FULL or not watched:
                    log.info("%s is not watched: %s", place.path, error.strerror)
                    return False
                complete = complete and error.errno in _GONE
                continue
            watched.setdefault(number, place)
        return complete


def maildir_places(root: Path) -> Iterator[WatchedPlace]:
    """What is watched of a Maildir. Raises StorageError: it cannot be read."""
    for folder in find_directories(root):
        yield WatchedPlace(folder, files=False)
        for part in ("new", "cur"):
            if (folder / part).is_dir():
                yield WatchedPlace(folder / part)


def _open_inotify() -> Inotify | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        from asyncinotify import Inotify

        return Inotify(sync_timeout=0, cache_size=_READ_AT_ONCE)
    except (ImportError, OSError, RuntimeError) as error:
        log.info("the system does not tell of changes of files: %s", error)
        return None
