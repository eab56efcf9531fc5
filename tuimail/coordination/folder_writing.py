"""One process at a time changes the files of a folder that belongs to the user: no file of ours is left there."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.coordination.lock import PATIENCE, PAUSE
from tuimail.durable import storage_error
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing_in(folder: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """While it lasts, other processes and threads that use this wait, for ``patience`` seconds.

    Raises:
        StorageError: the folder cannot be opened, or another process has not finished in time.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise storage_error(folder, error) from error
    try:
        _wait(descriptor, folder, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, folder: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise StorageError(
                    f"Another tuimail is changing the files in {folder}.", hint="Try again in a moment."
                ) from None
            time.sleep(PAUSE)
        except OSError:
            return  # a file system without locks
        else:
            return
