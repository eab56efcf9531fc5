"""How much work a key causes: counted, for what a key must not set off comes back unnoticed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from textual.app import App
from textual.binding import BindingsMap
from textual.screen import Screen

from tests.ui.screen_text import lines, settle
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from tests.ui.conftest import Running


def count_calls(monkeypatch: pytest.MonkeyPatch, counts: Counter[str], owner: type, name: str) -> None:
    """Count the calls of a method of Textual or of ours under its name."""
    real = getattr(owner, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        counts[name] += 1
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, counted)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What was done since it was cleared last."""
    counts: Counter[str] = Counter()
    count_calls(monkeypatch, counts, Screen, "_refresh_layout")
    count_calls(monkeypatch, counts, BindingsMap, "apply_keymap")
    count_calls(monkeypatch, counts, App, "_check_action_state")
    return counts


@pytest.mark.parametrize("place", [(), ("o",), ("d",), ("a",)], ids=str)
async def test_moving_the_selection_lays_out_nothing(running: Running, work: Counter[str], place: tuple[str]) -> None:
    async with running(*place, "down", "up") as pilot:
        work.clear()
        await pilot.press("down", "up")
        await settle(pilot)
        assert work["_refresh_layout"] == 0


async def test_a_key_does_not_work_out_the_keymap_or_ask_about_every_command(
    running: Running, work: Counter[str]
) -> None:
    async with running("o", "down", "up") as pilot:
        work.clear()
        await pilot.press("down")
        await settle(pilot)
        assert work["apply_keymap"] == 0
        assert work["_check_action_state"] < 5


async def test_a_short_message_lays_out_nothing_and_a_long_one_gets_its_lines(
    running: Running, work: Counter[str]
) -> None:
    async with running("o") as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        app.say("Short.")
        await settle(pilot)
        work.clear()
        app.say("Another one.")
        app.say("")
        await settle(pilot)
        assert work["_refresh_layout"] == 0
        app.say("word " * 20 + "end")
        await settle(pilot)
        assert lines(app)[-3].endswith("end")
        app.say("Short.")
        await settle(pilot)
        assert lines(app)[-3] == " Short."
        assert "word" not in lines(app)[-4]
