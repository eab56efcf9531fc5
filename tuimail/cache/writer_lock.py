"""Which process writes the cache of an account: the one that holds the lock.

SQLite before 3.51.3 can damage a WAL database that two connections write or checkpoint, so there is never more than
one. The file lies among the data and not in the cache: who deletes the cache must not let a second writer in.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from tuimail.durable import storage_error
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from pathlib import Path


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
        return True

    def release(self) -> None:
        """Let another process write. Close the database before."""
        if self.held:
            os.close(self._descriptor)
            self._descriptor = -1
