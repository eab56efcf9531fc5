from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import Box, SetClock, store_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.outbox.store.store import Store


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def box(clock: SetClock) -> Box:
    return Box(clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def store(folder: Path, clock: SetClock, box: Box) -> Iterator[Store]:
    store = store_in(folder, clock, box)
    yield store
    store.close()
