"""A disk of this process that loses its power at any transaction of journal or cache.

A power cut takes what was not flushed: the last commits of the cache (WAL, ``synchronous=NORMAL``) and the content of
kept letters. What the journal has committed stays.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tuimail.cache.database import WritableCache
from tuimail.journal.database import JournalDatabase

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from tuimail.paths import Paths


class PowerCut(BaseException):
    """The process is no more. No ``except Exception`` catches it."""


class FailingPower:
    """Counts transactions. ``cut_at`` may be set at any time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cut_at = -1
        """Moment, twice for each transaction, before and after its COMMIT, at which the power is cut."""
        self.moments = 0
        self.at_cut: Callable[[], None] = lambda: None
        """Called when the power is cut, before anything else is done."""
        for owner in (JournalDatabase, WritableCache):
            monkeypatch.setattr(owner, "writing", self._watched(owner.writing))

    def reset(self) -> None:
        """Nothing is written yet, and nothing is wrong with it."""
        self.moments, self.cut_at = 0, -1

    def _watched(self, writing: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @contextmanager
        def watched(owner: Any) -> Iterator[Any]:
            with writing(owner) as db:
                before = db.total_changes
                yield db
                if db.total_changes == before:
                    return
                self._moment()
            self._moment()

        return watched

    def _moment(self) -> None:
        reached, self.moments = self.moments == self.cut_at, self.moments + 1
        if reached:
            self.at_cut()
            raise PowerCut


class Saved:
    """What is on the disk at one moment, to be put back as a power cut leaves it."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self._paths = paths
        self._folder = folder

    def keep(self) -> None:
        """Remember what there is now."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for name in ("data", "cache"):
            # Shared memory of SQLite is no file of the disk.
            shutil.copytree(
                getattr(self._paths, name), self._folder / name, ignore=shutil.ignore_patterns("*-shm", "*.tmp")
            )

    def put_back(self, chance: random.Random) -> None:
        """The disk after the cut: all that was flushed, and of the rest what ``chance`` leaves."""
        for name in ("data", "cache"):
            place: Path = getattr(self._paths, name)
            shutil.rmtree(place)
            shutil.copytree(self._folder / name, place)
        for log in self._paths.cache.rglob("*-wal"):
            os.truncate(log, int(log.stat().st_size * chance.choice((0, 0.3, 0.7, 0.99, 1))))
        for letter in (each for each in (self._paths.cache / "bodies").rglob("*") if each.is_file()):
            size = letter.stat().st_size
            match chance.choice(("whole", "empty", "cut", "zeros")):
                case "empty":
                    os.truncate(letter, 0)
                case "cut":
                    os.truncate(letter, size // 2)
                case "zeros":
                    letter.write_bytes(bytes(size))
