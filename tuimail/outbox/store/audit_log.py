"""A log of the states of every letter, kept outside of the outbox, because a restored backup would send them again.

A log below the state folder, one line per change that matters, appended after the change was committed::

    1 1800000000 0mi3k9x2ab 5f3c0a91=a,77ab01c2=p 9a0b11c2     time, letter, recipient=state..., CRC-32
    1 1800000000 @x7k2p0aa91 - 01c4d5e6                         an outbox that is noted here from now on

Addresses are hashes. A line costs one ``write``; it is fsynced once a second at most, and when the outbox is closed: a
power cut may cost the last second, which the index itself still has, since a power cut is no restored backup.
"""

from __future__ import annotations

import logging
import os
import re
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.durable import fsync_folder, write_durably
from tuimail.errors import StorageError
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.private_files import open_private, private_dir
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem

log = logging.getLogger(__name__)

OPEN, COMMITTING, ACCEPTED, UNCERTAIN, REFUSED = "p", "c", "a", "u", "r"
GONE = "!"
"""Stands before the states of a letter that the user took out of the outbox."""

LARGE = 4_000_000
"""Bytes above which the log is shortened to the last line of each letter."""

LARGEST = 16 * LARGE
"""Bytes that are read, from the end: the log is shortened whenever an outbox is opened by one process alone."""

KEEP = 400 * 86400.0
"""Seconds for which the state of a letter is kept."""

SYNC_EVERY = 1.0
"""Seconds between two fsyncs at least."""

_LINE = re.compile(
    rb"(?P<noted>1 (?P<at>\d{1,12}) (?P<name>@?[0-9A-Za-z._-]{1,100}) "
    rb"(?P<states>!?(?:-|[0-9a-f]{8}=[pcaur](?:,[0-9a-f]{8}=[pcaur])*+))) (?P<sum>[0-9a-f]{8})"
)
"""A line that can be ours; its checksum must fit as well."""

_STATES = {
    RecipientState.PENDING: OPEN,
    RecipientState.DEFERRED: OPEN,
    RecipientState.ACCEPTED: ACCEPTED,
    RecipientState.REFUSED: REFUSED,
    RecipientState.UNCERTAIN: UNCERTAIN,
}


@dataclass(frozen=True, slots=True)
class Note:
    """The last that was noted of a letter."""

    at: float
    gone: bool
    """The user took it out of the outbox."""
    recipients: Mapping[str, str]
    """Hash of the address -> its state."""

    @property
    def harmless(self) -> bool:
        """No recipient had the letter, and it was to be sent."""
        return not self.gone and set(self.recipients.values()) <= {OPEN, REFUSED}


@dataclass(slots=True)
class Memory:
    """What a log tells."""

    notes: dict[str, Note] = field(default_factory=dict)
    outboxes: set[str] = field(default_factory=set)
    latest: float = 0.0
    """When its last line was written; what is lacking after that may have been lost by a power cut."""


def hashed(address: str) -> str:
    """The address as the log has it."""
    import hashlib  # here and in letter_file: a command that only looks hashes nothing

    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def states_of(item: OutboxItem) -> str:
    """What is noted of an item."""
    committing = item.state is ItemState.SENDING and item.stage is Stage.COMMITTING
    told = ",".join(
        f"{hashed(each.address)}={COMMITTING if committing and each.open else _STATES[each.state]}"
        for each in item.recipients
    )
    return (GONE if item.state is ItemState.CANCELLED else "") + (told or "-")


class AuditLog:
    """The log, open for appending. Nothing here raises: without it letters are sent all the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1
        self._said: dict[str, str] = {}
        self._synced_at = time.monotonic()
        self._unsynced = False

    def memory(self) -> Memory:
        """Read it; what cannot be read is left out."""
        try:
            with os.fdopen(open_private(self.path, os.O_RDONLY), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LARGEST))
                data = file.read(LARGEST)
        except FileNotFoundError:
            return Memory()
        except OSError as error:
            log.warning("what was sent before cannot be read: %s", error.strerror)
            return Memory()
        memory = Memory()
        for line in data.split(b"\n"):
            match = _LINE.fullmatch(line)
            if match is None or zlib.crc32(match["noted"]) != int(match["sum"], 16):
                continue
            at, name, states = (match[part].decode("ascii") for part in ("at", "name", "states"))
            memory.latest = max(memory.latest, float(at))
            if name.startswith("@"):
                memory.outboxes.add(name[1:])
                continue
            told = states.removeprefix(GONE)
            recipients = dict(_pair(each) for each in told.split(",")) if told != "-" else {}
            memory.notes[name] = Note(float(at), states.startswith(GONE), recipients)
        return memory

    def note(self, item: OutboxItem, now: float) -> None:
        """What is known of ``item`` now; said once."""
        states = states_of(item)
        if self._said.get(item.id) == states:
            return
        self._said[item.id] = states
        if item.state in (ItemState.DONE, ItemState.CANCELLED):
            del self._said[item.id]
        self._append(now, item.id, states)

    def adopt(self, outbox: str, now: float) -> None:
        """From now on everything that happens in ``outbox`` is noted here; durable when it returns.

        After a power cut an outbox that the log does not know would look like one from another computer.
        """
        self._append(now, f"@{outbox}", "-")
        self._sync()
        for folder in (self.path.parent, self.path.parent.parent):
            try:
                fsync_folder(folder)
            except StorageError as error:
                log.warning("%s", error)

    def shorten(self, now: float) -> None:
        """Keep the last line of each letter; only while no other process has the log open."""
        try:
            if self.path.stat().st_size <= LARGE:
                return
            memory = self.memory()
            lines = [_line(memory.latest, f"@{each}", "-") for each in sorted(memory.outboxes)]
            for name, note in memory.notes.items():
                if note.harmless or now - note.at < KEEP:
                    told = ",".join(f"{address}={state}" for address, state in note.recipients.items()) or "-"
                    lines.append(_line(note.at, name, (GONE if note.gone else "") + told))
            self.close()
            write_durably(self.path, lines)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - a long log is as good as a short one
            log.warning("the log of what was sent could not be shortened: %s", error)

    def close(self) -> None:
        """Make it durable."""
        if self._descriptor >= 0:
            self._sync()
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, now: float, name: str, states: str) -> None:
        try:
            if self._descriptor < 0:
                private_dir(self.path.parent)
                self._descriptor = open_private(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            # A line begins anew even where a torn one ended.
            os.write(self._descriptor, b"\n" + _line(now, name, states))
        except (OSError, StorageError) as error:
            log.warning("the state of %s could not be logged: %s", name, error)
            return
        self._unsynced = True
        if time.monotonic() - self._synced_at >= SYNC_EVERY:
            self._sync()

    def _sync(self) -> None:
        if not self._unsynced:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            log.warning("the audit log could not be made durable: %s", error.strerror)
        self._unsynced = False
        self._synced_at = time.monotonic()


def _pair(written: str) -> tuple[str, str]:
    address, _, state = written.partition("=")
    return address, state


def _line(at: float, name: str, states: str) -> bytes:
    text = f"1 {int(at)} {name} {states}".encode()
    return b"%s %08x\n" % (text, zlib.crc32(text))
