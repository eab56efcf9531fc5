"""A journal with a clock that stands still, and a Maildir."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.replay_support import make
from tuimail.journal.store import ActionJournal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def journal(tmp_path: Path, now: list[float]) -> Iterator[ActionJournal]:
    opened = ActionJournal(tmp_path / "journal", now=lambda: now[0])
    yield opened
    opened.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "Maildir")
