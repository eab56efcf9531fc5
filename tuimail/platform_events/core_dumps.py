"""Keeps passwords out of core files and denies other processes of the user access to this process's memory.

Child processes (editor, password and sendmail commands) keep the limits that the user set: exec resets
``PR_SET_DUMPABLE``, and the inherited limit on core files is restored for them.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PR_SET_DUMPABLE = 4

_lock = threading.Lock()
_before: tuple[int, int] | None = None
"""The original soft and hard limit; None while core files are allowed."""
_starting = 0
"""Number of child processes being started."""


def forbid() -> None:
    """Disable core files of this process; on Linux also let only root read its memory."""
    global _before
    with _lock:
        if _before is None:
            _before = resource.getrlimit(resource.RLIMIT_CORE)
        if not _starting:
            _limit(0)
    if sys.platform.startswith("linux"):
        import ctypes

        # A core_pattern with a pipe ignores the limit, but not this.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextlib.contextmanager
def allowed_in_children() -> Iterator[None]:
    """Child processes started in this block get the limit on core files that this process was started with.

    The limit of this process is restored meanwhile; on Linux it still leaves no core file. Blocks may overlap, in one
    event loop and in threads.
    """
    global _starting
    with _lock:
        _starting += 1
        if _before is not None:
            _limit(_before[0])
    try:
        yield
    finally:
        with _lock:
            _starting -= 1
            if _before is not None and not _starting:
                _limit(0)


def _limit(soft: int) -> None:
    """Set the soft limit; never above the hard one as it is now."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (soft, resource.getrlimit(resource.RLIMIT_CORE)[1]))
