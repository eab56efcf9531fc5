"""The child of test_crash: queues and sends one letter, and dies, or meets a full disk, at the n-th call that writes.

The ledger gets a line per hand-over, and one when the composer was told "queued".
"""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import TYPE_CHECKING, Any

from tests.outbox.scene import message, result
from tuimail.clock import SystemClock
from tuimail.mail.content import whole
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.mail.outgoing import OutgoingMessage


class Fuse:
    """Counts the calls that write. Before the n-th it ends the process without any tidying up, or raises ``error``."""

    def __init__(self, last: int, error: OSError | None) -> None:
        self.left = last
        self.error = error

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            if self.error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                raise self.error

    def wrap(self, function: Any) -> Any:
        def before(*args: Any, **kwargs: Any) -> Any:
            self.burn()
            return function(*args, **kwargs)

        return before


def light(last: int, error: OSError | None) -> None:
    fuse = Fuse(last, error)

    class Watched(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            # A ROLLBACK needs no room: it gives some back.
            if not args[0].lstrip().startswith(("SELECT", "PRAGMA", "ROLLBACK")):
                fuse.burn()
            return super().execute(*args)

    connect = sqlite3.connect

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, factory=Watched, **kwargs)

    sqlite3.connect = watched  # type: ignore[assignment]
    for name in ("write", "fsync", "unlink", "replace", "rename"):
        setattr(os, name, fuse.wrap(getattr(os, name)))
    opened = os.open

    def opening(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            fuse.burn()
        return opened(path, flags, *args, **kwargs)

    os.open = opening


def people(count: int) -> list[str]:
    return [f"p{number}@example.net" for number in range(count)]


def letter(count: int) -> OutgoingMessage:
    return message(1, *people(count), body="x" * 3000 + "\r\n")


def main(folder: Path, ledger: Path, last: int, count: int, error: OSError | None = None) -> None:
    # Opened and written past the fuse: this is the server's and the user's memory, not the program's.
    descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write = os.write

    def note(line: str) -> None:
        write(descriptor, line.encode() + b"\n")

    light(last, error)
    store = Store(folder, SystemClock())
    store.enqueue(Incoming(letter(count), composing="draft"))
    note("queued")
    owner = store.outbox.host.owner()
    while item := store.claims.claim(owner):
        store.claims.touching(item.id, owner)
        content = b"".join(store.queries.content(item.id).chunks())
        assert content == whole(letter(count).content)
        # Two of three in the first transaction, the last in another: the server takes two at a time.
        served = [each.address for each in item.open_recipients][:2]
        store.claims.committing(item.id, owner, to=served)
        for address in served:
            note(f"sent {address}")
        told = result(item, Action.OK)
        verdicts = {address: told.recipients[address] for address in served}
        store.claims.record(item.id, owner, type(told)(verdicts, touched=True))
    item = store.sent_copies.claim(owner)
    assert item is not None
    note("filed")
    store.sent_copies.record(item.id, owner, Filing(FilingState.FILED))
    store.close()
    note("end")
