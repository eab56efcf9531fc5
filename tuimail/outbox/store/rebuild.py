"""Opens the index in whatever state it is: healthy, missing, damaged, or out of step with the letters.

The letters are the truth. A damaged index is set aside under another name, never deleted, and a new one is made from
the letters and from those tombstones that can still be read.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.coordination.lock import PATIENCE, PAUSE
from tuimail.durable import fsync_folder, remove_stale
from tuimail.errors import OutboxDamagedError, StorageError
from tuimail.outbox.model.item import SENT_BY_USER, Filing, TimelineEntry
from tuimail.outbox.model.states import FilingState, ItemState
from tuimail.outbox.store.database import NAME, Database, storage_errors
from tuimail.outbox.store.journal import fresh_item, replay
from tuimail.outbox.store.letter_file import LetterDamagedError, letter_files, letter_path, read_letter
from tuimail.outbox.store.rows import LIVE, SELECT, Row, add_to_timeline, check_sum, health_of, put, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.coordination.lock import FolderLock
    from tuimail.outbox.store.letter_file import LetterFile

log = logging.getLogger(__name__)

FOUND = "Found after a crash; it was never confirmed as queued. Release it to send it, or delete it."
LETTER_GONE = "The letter's file is gone from the outbox folder, so it cannot be sent. Write it anew."
LETTER_SHORT = "The letter's file was cut short on the disk, so it cannot be sent. Write it anew."


def open_index(folder: Path, lock: FolderLock, clock: Clock) -> tuple[Database, str]:
    """The index of ``folder``, and what to tell the user about it (empty: nothing happened).

    Raises:
        StorageError: the disk refuses, or another process has a damaged index open.
    """
    until = time.monotonic() + PATIENCE
    while True:
        damage = ""
        try:
            if not _lost(folder):
                index = Database(folder / NAME, lock)
                try:
                    _verify(index, folder)
                except BaseException:
                    index.close()
                    raise
                return index, _in_step(index, folder, clock)
        except OutboxDamagedError as error:
            damage = str(error)
            log.warning("outbox: %s", damage)
        alone = lock.try_alone()
        try:
            if alone:
                return _rebuilt(folder, lock, clock)
        finally:
            lock.share()
        if time.monotonic() >= until:
            raise StorageError(
                damage or "The outbox index is missing.",
                hint="Close every other tuimail, then start again: the outbox is rebuilt from the letters.",
            )
        time.sleep(PAUSE)


def _lost(folder: Path) -> bool:
    """There are letters and no index. Letters are looked for first, because a new outbox gets its index first."""
    letters = next(iter(letter_files(folder)), None)
    path = folder / NAME
    return letters is not None and (not path.exists() or path.stat().st_size == 0)


def _verify(index: Database, folder: Path) -> None:
    """Read the row of every letter that is in the outbox or has a file: a flipped byte in one is sound to SQLite.

    Other tombstones are checked when they are read (each_row): there may be very many, and nothing can be sent
    because of one.
    """
    with index.reading() as db:
        for values in db.execute(f"{SELECT} WHERE {LIVE}"):
            check_sum(values)
        for name, _ in letter_files(folder):
            for values in db.execute(f"{SELECT} WHERE id = ?", (name,)).fetchall():
                check_sum(values)
        for values in db.execute("SELECT * FROM health"):
            health_of(values)


# -- rebuilding
def _rebuilt(folder: Path, lock: FolderLock, clock: Clock) -> tuple[Database, str]:
    now = clock.now()
    aside = _set_aside(folder, now)
    making = folder / "index.rebuilding"
    for each in (making, making.with_name(f"{making.name}-journal")):
        each.unlink(missing_ok=True)
    index = Database(making, lock)
    try:
        with index.writing() as db:
            rows = _tell_of_letters(folder)
            for row in rows:
                put(db, row)
                add_to_timeline(db, row.item.id, [TimelineEntry(now, "the outbox index was rebuilt from the letters")])
            known = {row.item.id for row in rows}
            for row in _tombstones(aside):
                if row.item.id not in known:
                    put(db, row)
    finally:
        index.close()
    with storage_errors():
        making.replace(folder / NAME)
    fsync_folder(folder)
    journal = making.with_name(f"{making.name}-journal")
    journal.unlink(missing_ok=True)
    index = Database(folder / NAME, lock)
    waiting = sum(row.item.state not in (ItemState.DONE, ItemState.CANCELLED) for row in rows)
    kept = f" The damaged one is kept as {aside.name}." if aside else ""
    why = "was damaged" if aside else "was missing"
    notice = f"The outbox index {why} and was rebuilt from the letters: {waiting} in the outbox.{kept}"
    return index, " ".join((notice, *_set_aside_letters(folder))).strip()


def _set_aside(folder: Path, now: float) -> Path | None:
    """Move the index and its journal out of the way; None when there was no index."""
    path = folder / NAME
    journal = folder / f"{NAME}-journal"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(max(now, 0.0)))
    aside = folder / f"index.damaged-{stamp}"
    number = 1
    while aside.exists():
        number += 1
        aside = folder / f"index.damaged-{stamp}-{number}"
    with storage_errors():
        if journal.exists() and journal.stat().st_size == 0:
            journal.unlink()
        elif journal.exists():
            journal.replace(aside.with_name(f"{aside.name}-journal"))
        if not path.exists() or path.stat().st_size == 0:
            path.unlink(missing_ok=True)
            return None
        path.replace(aside)
    return aside


def _tell_of_letters(folder: Path) -> list[Row]:
    rows = []
    for name, path in letter_files(folder):
        try:
            rows.append(_row_for(name, read_letter(path)))
        except LetterDamagedError:
            log.warning("outbox: the letter %s is damaged", name)
    return rows


def _row_for(name: str, letter: LetterFile) -> Row:
    item = replace(replay(letter), id=name)
    if not letter.whole and item.state not in (ItemState.DONE, ItemState.CANCELLED):
        item = replace(item, state=ItemState.FAILED, words=LETTER_SHORT)
    return Row(item, sha256=letter.head.sha256, offset=letter.offset)


def _tombstones(aside: Path | None) -> Iterator[Row]:
    """The done and cancelled items that can still be read from a damaged index."""
    if aside is None:
        return
    try:
        db = sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        return
    db.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        for values in db.execute(SELECT):
            try:
                row = row_of(values)
            except OutboxDamagedError:
                continue
            if row.item.state in (ItemState.DONE, ItemState.CANCELLED):
                yield row
    except (sqlite3.Error, UnicodeDecodeError):  # the latter when SQLite quotes a damaged name in its error
        return
    finally:
        db.close()


def _set_aside_letters(folder: Path) -> list[str]:
    """Rename letters whose top cannot be read, so that the user is told once."""
    told = []
    for name, path in letter_files(folder):
        try:
            read_letter(path)
        except LetterDamagedError:
            damaged = path.with_name(f"{name}.damaged")
            with storage_errors():
                path.replace(damaged)
            told.append(f"A letter could not be read; it is kept as {damaged}.")
    return told


# -- keeping letters and rows in step
def _in_step(index: Database, folder: Path, clock: Clock) -> str:
    """Put right what a crash left between a letter and its row; returns what to tell the user."""
    files = {name for name, _ in letter_files(folder)}
    with index.reading() as db:
        known: set[str] = set()
        finished: list[str] = []
        for name in files:
            found = db.execute("SELECT state, instr(recipients, ?) FROM item WHERE id = ?", (SENT_BY_USER, name))
            for state, by_user in found.fetchall():
                known.add(name)
                if state == ItemState.DONE and not by_user:
                    finished.append(name)
        offsets = {
            str(name): int(least)
            for name, least in db.execute(f"SELECT id, offset + size FROM item WHERE {LIVE}")  # noqa: S608
        }
    orphans = files - known
    lacking = {name for name in offsets if name not in files}
    short = {name for name, least in offsets.items() if name in files and _size(folder, name) < least}
    temporary = any(name.endswith(".tmp") for name in os.listdir(folder))  # noqa: PTH208
    if not (orphans or finished or lacking or short or temporary):
        return ""
    told: list[str] = []
    with index.writing() as db:
        # Every letter is written under this lock: what lies about now was left by a crash.
        remove_stale(folder, older_than=-PATIENCE)
        now = clock.now()
        for name in sorted(orphans):
            told.append(_adopt(db, folder, name, now))
        for name in sorted(lacking | short):
            _give_up(db, name, LETTER_SHORT if name in short else LETTER_GONE, now)
        for name in finished:
            letter_path(folder, name).unlink(missing_ok=True)
    return " ".join((*dict.fromkeys(each for each in told if each), *_set_aside_letters(folder)))


def _adopt(db: sqlite3.Connection, folder: Path, name: str, now: float) -> str:
    """A letter without a row: with marks it was queued once, without them its composer was never told "queued".

    The latter is held by hand: its draft may still be there and be sent, which then takes its place (Enqueue); and if
    the draft is gone, nothing is lost.
    """
    if db.execute("SELECT 1 FROM item WHERE id = ?", (name,)).fetchone():
        return ""
    try:
        letter = read_letter(letter_path(folder, name))
    except LetterDamagedError:
        return ""  # told of by _set_aside_letters
    if letter.marks or letter.doubtful:
        row = _row_for(name, letter)
        put(db, row)
        add_to_timeline(db, name, [TimelineEntry(now, "its row was missing and was made anew from the letter")])
        return "A letter was missing from the outbox index and was found again."
    item = replace(
        fresh_item(letter.head),
        id=name,
        state=ItemState.HELD if letter.whole else ItemState.FAILED,
        not_before=None,
        words=FOUND if letter.whole else LETTER_SHORT,
        found=True,
        changed_at=now,
    )
    put(db, Row(item, sha256=letter.head.sha256, offset=letter.offset))
    add_to_timeline(db, name, [TimelineEntry(now, "found after a crash, held")])
    return "A letter was found that was never confirmed as queued; it is held in the outbox."


def _give_up(db: sqlite3.Connection, name: str, words: str, now: float) -> None:
    values = db.execute(f"{SELECT} WHERE id = ?", (name,)).fetchone()
    if values is None:
        return
    row = row_of(values)
    item = row.item
    if item.state in (ItemState.DONE, ItemState.CANCELLED, ItemState.SENDING, ItemState.UNCERTAIN):
        return
    if item.state is ItemState.ACCEPTED:
        # The server has it; only the copy can no longer be made.
        filing = Filing(FilingState.SKIPPED, words="The letter's file was gone before its copy was filed.")
        item = replace(item, state=ItemState.DONE, filing=filing, changed_at=now)
    elif item.state is ItemState.FAILED:
        return
    else:
        item = replace(item, state=ItemState.FAILED, words=words, changed_at=now, next_attempt_at=None)
    put(db, row.free(item))
    add_to_timeline(db, name, [TimelineEntry(now, item.words or item.filing.words)])


def _size(folder: Path, name: str) -> int:
    try:
        return letter_path(folder, name).stat().st_size
    except OSError:
        return 0
