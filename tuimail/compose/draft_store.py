"""Drafts on disk: autosaved, postponed, recovered."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import time
from typing import TYPE_CHECKING

from tuimail.compose import draft_file
from tuimail.durable import fsync_folder, remove_stale, storage_error, write_durably
from tuimail.errors import NoSuchItemError, OutboxError, StorageError
from tuimail.mail.text import safe_line
from tuimail.private_files import open_private, private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.compose.draft import Draft

log = logging.getLogger(__name__)

DRAFT = "draft.json"
LOCK = "lock"
DAMAGED = ".damaged"
MAX_SIZE = 64 * 1024 * 1024
"""Maximum size of draft.json in bytes; a larger one was not written by tuimail."""

PATIENCE = 0.25
"""Seconds to wait for a draft's lock: a process that only checks it holds it for a moment."""
PAUSE = 0.005
"""Seconds between two attempts to get the lock."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class DraftStore:
    """One folder per draft below ``root``: ``draft.json``, and copies of files that exist nowhere else.

    Every write is atomic and durable (temporary file, fsync, rename, fsync of the folder). A process owns the draft
    that it has open (flock on the file ``lock``, which the kernel releases when the process dies); others may read but
    not write it. A damaged draft is renamed to ``<id>.damaged``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._owned: dict[str, int] = {}

    def save(self, draft: Draft) -> None:
        """Store ``draft`` durably.

        Raises:
            StorageError: the disk refuses; the old draft is then intact.
            OutboxError: another process has it open.
        """
        mine = draft.id in self._owned
        if not mine and not self.acquire(draft.id):
            raise OutboxError("This draft is open in another tuimail.", hint="Close it there, or continue there.")
        try:
            write_durably(self.folder(draft.id) / DRAFT, draft_file.encode(draft))
        finally:
            if not mine:
                self.release(draft.id)

    def load(self, draft_id: str) -> Draft:
        """One draft.

        Raises:
            NoSuchItemError: there is none with this id.
            StorageError: it is damaged or cannot be read.
        """
        path = self._folder(draft_id) / DRAFT
        try:
            content = read_private(path, MAX_SIZE + 1)
        except FileNotFoundError:
            raise NoSuchItemError(
                f"There is no draft {safe_line(draft_id)}.", hint="It may have been sent or discarded."
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(
                f"The draft {path} cannot be read: {reason}.", hint="Check the disk and its permissions."
            ) from error
        try:
            if len(content) > MAX_SIZE:
                raise ValueError("it is too large")
            draft = draft_file.decode(content)
            if draft.id != draft_id:
                raise ValueError("it has the id of another draft")
        except (ValueError, RecursionError) as error:
            raise DamagedDraftError(
                f"The draft {path} is damaged: {error}.", hint="Look at it in an editor."
            ) from error
        return draft

    def drafts(self) -> Sequence[Draft]:
        """All readable drafts, newest first; a damaged one is renamed and logged, never deleted."""
        found: list[Draft] = []
        for draft_id in self._ids():
            try:
                found.append(self.load(draft_id))
            except DamagedDraftError as error:
                log.warning("set aside: %s", error)
                self._set_aside(draft_id)
            except NoSuchItemError:
                continue  # a folder that was made but never saved into, or discarded just now
            except StorageError as error:
                log.warning("%s", error)
        return sorted(found, key=lambda draft: (draft.updated_at, draft.created_at, draft.id), reverse=True)

    def discard(self, draft_id: str) -> None:
        """Delete the draft if it exists. A draft that another process has open stays.

        Raises:
            StorageError: the disk refuses.
            OutboxError: another process has it open.
        """
        folder = self._folder(draft_id)
        if not folder.is_dir():
            self.release(draft_id)
            return
        if not self.acquire(draft_id):
            raise OutboxError("This draft is open in another tuimail.", hint="Discard it there.")
        try:
            # The draft itself is deleted first: what a kill leaves behind is then not a draft.
            (folder / DRAFT).unlink(missing_ok=True)
            shutil.rmtree(folder)
            fsync_folder(self.root)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise storage_error(folder, error) from error
        finally:
            self.release(draft_id)

    def acquire(self, draft_id: str) -> bool:
        """Own the draft while it is open here; False, after ``PATIENCE`` seconds, if another process has it.

        Raises:
            StorageError: the disk refuses.
        """
        if draft_id in self._owned:
            return True
        while True:
            folder = self.folder(draft_id)
            descriptor = self._locked(folder)
            if descriptor is None:
                return False
            if _still_named(descriptor, folder / LOCK):
                break
            os.close(descriptor)  # it was discarded between the opening and the locking
        self._owned[draft_id] = descriptor
        _sign(descriptor)
        remove_stale(folder, older_than=0)
        return True

    def release(self, draft_id: str) -> None:
        """Release the draft; deletes its folder if nothing was saved."""
        descriptor = self._owned.pop(draft_id, None)
        if descriptor is None:
            return
        folder = self._folder(draft_id)
        try:
            if {each.name for each in folder.iterdir()} == {LOCK}:
                (folder / LOCK).unlink()
                folder.rmdir()
        except OSError:
            log.debug("an empty draft folder stays", exc_info=True)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Stop owning every draft."""
        for draft_id in tuple(self._owned):
            self.release(draft_id)

    def owned_elsewhere(self, draft_id: str) -> bool:
        """Whether another process has it open."""
        if draft_id in self._owned:
            return False
        folder = self._folder(draft_id)
        if not (folder / LOCK).exists():
            return False
        try:
            descriptor = _open_lock(folder / LOCK, os.O_RDONLY)
        except StorageError:
            return False
        try:
            # Shared, so that processes that only check do not block each other; a new owner waits for them.
            return not _try_lock(descriptor, fcntl.LOCK_SH, folder / LOCK)
        except StorageError:
            return False
        finally:
            os.close(descriptor)

    def holder(self, draft_id: str) -> str:
        """Where it is open: "here", "in another tuimail (process 4711)"; empty if it is not."""
        if draft_id in self._owned:
            return "here"
        if not self.owned_elsewhere(draft_id):
            return ""
        try:
            signed = read_private(self._folder(draft_id) / LOCK, 20)
        except OSError:
            signed = b""
        return f"in another tuimail (process {int(signed)})" if signed.isdigit() else "in another tuimail"

    def folder(self, draft_id: str) -> Path:
        """The draft's own folder (made if missing), for files that come with it.

        Raises:
            StorageError: the disk refuses.
        """
        folder = self._folder(draft_id)
        if not folder.is_dir():
            private_dir(folder)
            fsync_folder(self.root)
        return folder

    def _folder(self, draft_id: str) -> Path:
        if not _ID.match(draft_id):
            raise NoSuchItemError(f'"{safe_line(draft_id)[:80]}" is not the id of a draft.')
        return self.root / draft_id

    def _ids(self) -> list[str]:
        try:
            return [each.name for each in self.root.iterdir() if _ID.match(each.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(
                f"The drafts in {self.root} cannot be read: {reason}.", hint="Check the disk and its permissions."
            ) from error

    def _set_aside(self, draft_id: str) -> None:
        for number in range(100):
            target = self.root / f"{draft_id}{DAMAGED}{f'.{number}' if number else ''}"
            if target.exists():
                continue
            try:
                (self.root / draft_id).rename(target)
            except OSError as error:
                log.warning("%s could not be set aside: %s", draft_id, error)
            return

    def _locked(self, folder: Path) -> int | None:
        """A locked descriptor of the folder's lock file, or None if another process holds it."""
        path = folder / LOCK
        descriptor = _open_lock(path, os.O_RDWR | os.O_CREAT)
        try:
            until = time.monotonic() + PATIENCE
            while not _try_lock(descriptor, fcntl.LOCK_EX, path):
                if time.monotonic() >= until:
                    os.close(descriptor)
                    return None
                time.sleep(PAUSE)
        except StorageError:
            os.close(descriptor)
            raise
        return descriptor


class DamagedDraftError(StorageError):
    """The file of a draft cannot be understood."""


def _open_lock(path: Path, flags: int) -> int:
    try:
        return open_private(path, flags)
    except OSError as error:
        raise storage_error(path, error) from error


def _try_lock(descriptor: int, kind: int, path: Path) -> bool:
    """Whether the lock was free."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise storage_error(path, error) from error
    return True


def _sign(descriptor: int) -> None:
    """Write this process's id into the lock file. Only informative: the lock works without it."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d" % os.getpid(), 0)
    except OSError:
        log.debug("a draft's lock could not be signed", exc_info=True)


def _still_named(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat()
    except OSError:
        return False
    return os.path.samestat(os.fstat(descriptor), named)
