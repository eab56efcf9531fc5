"""The initial responses of SASL mechanisms with one message, and the strongest mechanism each account has used.

Shared by SMTP and IMAP. A server that offered SCRAM before and only PLAIN now asks for the password itself: its
software may have changed, or an attacker may have taken its place.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from tuimail.durable import write_durably
from tuimail.errors import TuimailError
from tuimail.private_files import private_dir, read_private

if TYPE_CHECKING:
    from pathlib import Path

_STRENGTH = {"SCRAM-SHA-256": 3, "SCRAM-SHA-1": 2, "CRAM-MD5": 1}
"""Mechanisms that do not show the server the password -> their strength; all others do."""
FORGET_AFTER = 90 * 86400.0
"""Seconds after which an unused stronger mechanism is forgotten."""
_FRESH = 86400.0
"""Seconds within which an unchanged entry is not written again."""
_LARGEST = 1024 * 1024
"""Maximum number of bytes read from the file."""
_MOST = 500
"""Maximum number of accounts that are remembered."""


def plain(user: str, password: str) -> bytes:
    """PLAIN (RFC 4616). Raises UnicodeEncodeError if a part is not valid text."""
    return f"\0{user}\0{password}".encode()


def oauthbearer(user: str, token: str, host: str, port: int) -> bytes:
    """OAUTHBEARER (RFC 7628) with the GS2 header of RFC 5801 section 4."""
    escaped = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={escaped},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


def xoauth2(user: str, token: str) -> bytes:
    """XOAUTH2, the predecessor of OAUTHBEARER by Google."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


class Remembered:
    """The strongest mechanism each account signed in with, in a small file that several processes may use."""

    def __init__(self, file: Path | None) -> None:
        """Without a ``file`` nothing is remembered."""
        self.file = file
        self._lock = threading.Lock()

    def stronger(self, account: str, mechanism: str, now: float) -> str:
        """The mechanism ``account`` signed in with before, if it is stronger than ``mechanism``; else empty.

        Reads a file; call it in a thread.

        Args:
            account: host, port and user, always in the same form.
            mechanism: the mechanism about to be used.
            now: seconds since the epoch.
        """
        best, seen = self._read().get(_key(account), ("", 0.0))
        weaker = _STRENGTH.get(mechanism, 0) < _STRENGTH.get(best, 0)
        return best if weaker and now - seen < FORGET_AFTER else ""

    def used(self, account: str, mechanism: str, now: float) -> None:
        """Record that ``account`` signed in with ``mechanism``. Writes a file; ignores disk errors."""
        if self.file is None or self.stronger(account, mechanism, now) or mechanism not in _STRENGTH:
            return
        with self._lock:
            known = self._read()
            best, seen = known.get(_key(account), ("", 0.0))
            if best == mechanism and 0 <= now - seen < _FRESH:
                return
            known[_key(account)] = (mechanism, now)
            kept = dict(sorted(known.items(), key=lambda pair: pair[1][1])[-_MOST:])
            try:
                private_dir(self.file.parent)
                write_durably(self.file, json.dumps(kept, indent=0).encode())
            except TuimailError:
                return

    def _read(self) -> dict[str, tuple[str, float]]:
        if self.file is None:
            return {}
        try:
            read = json.loads(read_private(self.file, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        found: dict[str, tuple[str, float]] = {}
        for key, value in read.items() if isinstance(read, dict) else ():
            match value:
                case [str(name), int() | float() as seen] if name in _STRENGTH:
                    found[key] = (name, float(seen))
        return found


remembered = Remembered(None)
"""The instance of this process."""


def remember_in(file: Path) -> None:
    """Use ``file`` for the mechanisms from now on."""
    remembered.file = file


def _key(account: str) -> str:
    """A hash, so that the file contains no user names."""
    import hashlib  # here: a command without a sign-in hashes nothing

    return hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()
