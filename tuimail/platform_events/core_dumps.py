"""Keeps passwords out of core files, and other processes of the user out of our memory.

The programs that are started for the user (editor, password and sendmail commands) have the limits the user set:
``PR_SET_DUMPABLE`` ends with their exec, the limit on core files is inherited and so put back for them.
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
"""Soft and hard limit at our start; None while core files are allowed."""
_starting = 0
"""Programs being started at this moment."""


def forbid() -> None:
    """From now on this process leaves no core file, and on Linux nobody but root can read its memory."""
    global _before
    with _lock:
        if _before is None:
            _before = resource.getrlimit(resource.RLIMIT_CORE)
        if not _starting:
            _limit(0)
    if sys.platform.startswith("linux"):
        import ctypes

        # A core_pattern that is a pipe takes no notice of the limit; it does of this.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextlib.contextmanager
def allowed_in_children() -> Iterator[None]:
    """What is started in this block inherits the limit on core files that this process was started with.

    The limit of this process is put back for that time; on Linux it leaves no core file all the same. Blocks may
    overlap, in one loop and in threads.
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
