"""One renewal of an account's tokens at a time, on all threads and in all processes: a lock on a private file.

Two renewals at once would both use the same refresh token, and the server may end both for that (RFC 9700 section
4.14.2).
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tuimail.durable import storage_error
from tuimail.errors import TokenDelayedError
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE = 90.0
"""Seconds to wait for another process: it may wait for a keyring and for the network."""
PAUSE = 0.05
"""Seconds between two looks at a lock."""


@asynccontextmanager
async def refresh_lock(folder: Path, key: str) -> AsyncIterator[None]:
    """Hold the lock of ``key``.

    Raises:
        TokenDelayedError: another process holds it for too long.
        StorageError: the file cannot be made.
    """
    name = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    path = private_dir(folder) / f"{name}.lock"
    try:
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        await _locked(descriptor)
        yield
    finally:
        os.close(descriptor)


async def _locked(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if loop.time() >= until:
                raise TokenDelayedError(
                    "Another tuimail has been renewing the sign-in for too long.", hint="End it, or try again later."
                ) from None
            await asyncio.sleep(PAUSE)
        except OSError:
            return  # a file system without locks
        else:
            return
