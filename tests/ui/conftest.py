"""A running app on a real engine that sends nothing."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.ui.idle import replace_waiting
from tests.ui.real_engine import SceneEngine, write_drafts, write_letters, write_people
from tests.ui.scene import every_state
from tests.ui.screen_text import settle
from tuimail.paths import Paths
from tuimail.ui.app import TuimailApp
from tuimail.ui.navigation import Navigation
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.outbox.model.item import OutboxItem

    Running = Callable[..., AbstractAsyncContextManager[Pilot[int]]]

    class MakeEngine(Protocol):
        """Makes an engine over letters and drafts; ``letters`` None: one letter in every state."""

        def __call__(
            self,
            letters: Sequence[OutboxItem] | None = None,
            *,
            drafts: Iterable[Draft] = (),
            settings: Config | None = None,
            **more: Any,
        ) -> SceneEngine: ...


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key takes as long as what it does."""
    replace_waiting(monkeypatch)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of an engine with one letter in every state. Not to be changed: tests have a copy."""
    root = tmp_path_factory.mktemp("scene")
    paths = Paths.under(root)
    write_letters(paths, every_state())
    write_people(paths)
    return root


@pytest.fixture
def make_engine(paths: Paths, scene: Path) -> MakeEngine:
    """Makes the engine of the test; ``more`` is that of ``write_letters``."""

    def make(
        letters: Sequence[OutboxItem] | None = None,
        *,
        drafts: Iterable[Draft] = (),
        settings: Config | None = None,
        **more: Any,
    ) -> SceneEngine:
        if letters is None:
            shutil.copytree(scene, paths.data.parent, dirs_exist_ok=True)
        if letters or more:
            write_letters(paths, letters or (), settings=settings, **more)
        if drafts:
            write_drafts(paths, drafts)
        return SceneEngine(paths, settings=settings)

    return make


@pytest.fixture
def engine(make_engine: MakeEngine) -> SceneEngine:
    """One letter in every state."""
    return make_engine()


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Running:
    """Runs the app: ``async with running(*keys, size=(80, 24), on=engine) as pilot``."""

    @asynccontextmanager
    async def run(*keys: str, size: tuple[int, int] = (80, 24), on: SceneEngine | None = None) -> AsyncIterator[Any]:
        app = TuimailApp(on or request.getfixturevalue("engine"))
        try:
            async with app.run_test(size=size) as pilot:
                await settle(pilot)
                for key in keys:
                    await pilot.press(key)
                    await settle(pilot)
                yield pilot
        finally:
            await app.engine.stop()

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
