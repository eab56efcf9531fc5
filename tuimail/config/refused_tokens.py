"""Tokens that a server refused: they are not sent again, whoever asks for a token next.

Servers are signed in to in packages that do not know where tokens come from, and on several threads; this is what both
sides know. Only hashes are kept.
"""

from __future__ import annotations

import hashlib
import threading

MOST = 200
"""Tokens that are remembered."""

_lock = threading.Lock()
_refused: dict[bytes, None] = {}


def refuse(token: str) -> None:
    """A server does not accept ``token``."""
    with _lock:
        _refused[_digest(token)] = None
        while len(_refused) > MOST:
            del _refused[next(iter(_refused))]


def is_refused(token: str) -> bool:
    """Whether a server did not accept ``token``."""
    with _lock:
        return _digest(token) in _refused


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
