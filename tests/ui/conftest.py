"""A running app on a fake engine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.fake_engine import FakeEngine, every_state
from tests.ui.screen_text import settle
from tuimail.ui.app import TuimailApp
from tuimail.ui.navigation import Navigation
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from textual.pilot import Pilot

    from tuimail.paths import Paths

    Running = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


@pytest.fixture
def engine(paths: Paths) -> FakeEngine:
    """One letter in every state."""
    return FakeEngine(paths, every_state())


@pytest.fixture
def running(engine: FakeEngine) -> Running:
    """Runs the app: ``async with running(*keys, size=(80, 24)) as pilot``."""

    @asynccontextmanager
    async def run(*keys: str, size: tuple[int, int] = (80, 24), on: FakeEngine | None = None) -> AsyncIterator[Any]:
        app = TuimailApp(on or engine)
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            yield pilot

    return run


@pytest.fixture
def composers(monkeypatch: pytest.MonkeyPatch) -> list[ShowComposer]:
    """The composers asked for, none of which opens."""
    asked: list[ShowComposer] = []
    opens = Navigation.open

    def noted(navigation: Navigation, request: Any) -> Any:
        if isinstance(request, ShowComposer):
            return asked.append(request)
        return opens(navigation, request)

    monkeypatch.setattr(Navigation, "open", noted)
    return asked
