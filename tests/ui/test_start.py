"""Starting: what is put off until the first paint."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from tests.ui.screen_text import settle
from tuimail.ui import run as run_module
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.main_menu import MainMenuScreen

if TYPE_CHECKING:
    from tests.ui.real_engine import SceneEngine


def test_garbage_is_collected_from_the_first_paint_on_and_not_before(
    engine: SceneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, bool] = {}
    mount = MainMenuScreen.on_mount

    def mounting(screen: MainMenuScreen) -> None:
        seen["while mounting"] = gc.isenabled()
        mount(screen)

    async def headless(app: TuimailApp) -> int:
        async with app.run_test() as pilot:
            await settle(pilot)
            seen["later"] = gc.isenabled()
            seen["frozen"] = gc.get_freeze_count() > 0
        return 0

    monkeypatch.setattr(MainMenuScreen, "on_mount", mounting)
    monkeypatch.setattr(TuimailApp, "run_async", headless)
    monkeypatch.setattr(run_module, "guard_input", lambda: None)
    thresholds = gc.get_threshold()
    try:
        assert run_module.run(engine) == 0
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        gc.enable()
    assert seen == {"while mounting": False, "later": True, "frozen": True}


def test_garbage_is_collected_again_after_a_start_that_failed(
    engine: SceneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(app: TuimailApp) -> int:
        raise OSError("no terminal")

    monkeypatch.setattr(TuimailApp, "run_async", failing)
    monkeypatch.setattr(run_module, "guard_input", lambda: None)
    with pytest.raises(OSError, match="no terminal"):
        run_module.run(engine)
    assert gc.isenabled()
