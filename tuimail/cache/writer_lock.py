"""Which process writes the cache of an account: the one that holds the lock.

SQLite before 3.51.3 can damage a WAL database that two connections write or checkpoint, so there is never more than
one. The file lies among the data and not in the cache: who deletes the cache must not let a second writer in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, NamedTuple

from tuimail.durable import storage_error
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from pathlib import Path


_LONGEST = 100
_IN_STEP = b"in step"


class LockHolder(NamedTuple):
    """Who holds a lock, as far as it is known."""

    process: int
    """0: not known."""
    in_step: bool
    """At its last look the mailbox could be reached and the cache written."""


class WriterLock:
    """Held from ``acquire`` to ``release``; the kernel releases it when the process ends, however it ends.

    A forked child would hold it as well: only start programs (the descriptor is closed then).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    @property
    def held(self) -> bool:
        """This object holds it."""
        return self._descriptor >= 0

    def acquire(self) -> bool:
        """Try once; False: another process, or another object of this one, has it.

        Raises:
            StorageError: the file cannot be made.
        """
        if self.held:
            return True
        private_dir(self.path.parent)
        try:
            descriptor = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise storage_error(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise storage_error(self.path, error) from error
        self._descriptor = descriptor
        self.tell(in_step=False)
        return True

    def tell(self, *, in_step: bool) -> None:
        """Let other processes know how the work goes, while this object holds the lock; never raises."""
        if self.held:
            words = b"%d %s\n" % (os.getpid(), _IN_STEP if in_step else b"")
            with contextlib.suppress(OSError):
                # Padded: on a full disk what is there can be overwritten and not made longer.
                os.pwrite(self._descriptor, words.ljust(_LONGEST), 0)

    def holder(self) -> LockHolder:
        """Who holds it: what was told last."""
        try:
            with os.fdopen(open_private(self.path, os.O_RDONLY), "rb") as file:
                process, _, words = file.read(_LONGEST).partition(b" ")
        except OSError:
            return LockHolder(0, in_step=False)
        number = int(process) if process.isdigit() and len(process) < 10 else 0
        return LockHolder(number, in_step=words.strip() == _IN_STEP)

    def release(self) -> None:
        """Let another process write. Close the database before."""
        if self.held:
            os.close(self._descriptor)
            self._descriptor = -1
