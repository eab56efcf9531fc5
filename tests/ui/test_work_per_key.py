"""How much work a key causes: counted, for what a key must not set off comes back unnoticed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from textual.app import App
from textual.binding import BindingsMap
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen

from tests.ui import mail_scene
from tests.ui.scene import config, every_state, item
from tests.ui.screen_text import lines, settle
from tuimail.compose.draft import Draft
from tuimail.outbox.model.states import ItemState
from tuimail.paths import Paths
from tuimail.ui.app import TuimailApp
from tuimail.ui.commands import keymap as keymap_module
from tuimail.ui.commands.table import TABLE
from tuimail.ui.safety import StripActing
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.conftest import MakeEngine, Running
    from tests.ui.real_engine import SceneEngine


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
    count_calls(monkeypatch, counts, App, "_display")
    count_calls(monkeypatch, counts, LineList, "render_line")
    count_calls(monkeypatch, counts, FrameScreen, "key_entries")
    count_calls(monkeypatch, counts, StripActing, "apply")
    count_calls(monkeypatch, counts, Stylesheet, "reparse")
    count_calls(monkeypatch, counts, BindingsMap, "apply_keymap")
    count_calls(monkeypatch, counts, App, "_check_action_state")
    return counts


@pytest.fixture
def full(make_engine: MakeEngine) -> SceneEngine:
    """Two rows in every list."""
    sent = [item(f"s{number}", ItemState.DONE, "Agenda", last_reply="250 ok") for number in range(2)]
    drafts = [Draft(id=f"d{number}", subject="Plans", to="bob@example.net") for number in range(2)]
    return make_engine([*every_state(), *sent], drafts=drafts)


@pytest.mark.parametrize("place", [(), ("o",), ("d",), ("t",), ("a",)], ids=str)
async def test_moving_the_selection_is_one_paint_of_two_lines_and_no_layout(
    running: Running, full: SceneEngine, work: Counter[str], place: tuple[str]
) -> None:
    async with running(*place, "down", "up", on=full) as pilot:
        work.clear()
        await pilot.press("down")
        await settle(pilot)
        assert work["_refresh_layout"] == 0
        assert work["_display"] == 1
        assert work["render_line"] == 2
        assert work["key_entries"] == 1
        assert work["apply"] < 15, "lines drawn before were filtered again"


@pytest.mark.parametrize("theme", ["pine", "textual-dark", "nord"])
async def test_the_look_is_parsed_once_and_again_for_another_theme(
    make_engine: MakeEngine, running: Running, work: Counter[str], theme: str
) -> None:
    async with running(on=make_engine(settings=config(theme=theme))) as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        assert app.stylesheet._variables == app.get_css_variables()
        assert work["reparse"] == 0
        before = app.screen.styles.background
        app.themes.use("gruvbox")
        await settle(pilot)
        assert work["reparse"] == 1
        assert app.screen.styles.background != before
        app.themes.use(theme)
        await settle(pilot)
        assert app.screen.styles.background == before


def test_few_pairs_of_commands_are_compared_for_a_keymap(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(keymap_module, "meet", lambda first, second: compared.append((first, second)))
    keymap_module.keymap("pine")
    assert len(compared) < len(TABLE)


async def test_no_line_is_searched_for_colours_that_no_theme_has(running: Running) -> None:
    async with running() as pilot:
        assert [type(each) for each in pilot.app.get_line_filters()] == [StripActing]


async def test_every_frame_is_filtered_by_the_same_objects(running: Running) -> None:
    async with running() as pilot:
        first, second = pilot.app.get_line_filters(), pilot.app.get_line_filters()
        assert all(before is after for before, after in zip(first, second, strict=True))


async def test_the_menu_is_drawn_once_after_its_screen_is_there(running: Running, work: Counter[str]) -> None:
    async with running() as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        frame = app.frames.top
        assert frame is not None
        work.clear()
        frame.reload()
        await settle(pilot)
        assert work["render_line"] == 0
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


async def test_the_styles_of_the_roles_are_worked_out_once_a_screen(running: Running) -> None:
    async with running("o") as pilot:
        screen = pilot.app.screen
        styled = [node for node in screen.walk_children(with_self=True) if "role--dim" in node._component_styles]
        assert styled == [screen]


async def test_the_next_message_is_painted_without_the_index_beneath_it(tmp_path: Path, work: Counter[str]) -> None:
    root = mail_scene.make_mail(tmp_path / "Maildir")
    async with mail_scene.reading(Paths.under(tmp_path / "home"), root) as pilot:
        await mail_scene.press(pilot, "i", "enter", "n", "p")
        work.clear()
        await mail_scene.press(pilot, "n")
        assert "Letter 7" in "\n".join(lines(pilot.app))
        assert work["render_line"] == 0, "rows of the index were drawn"
        assert work["_refresh_layout"] <= 1
        assert work["key_entries"] <= 2
        await mail_scene.press(pilot, "less_than_sign")
        assert mail_scene.selected(pilot) == "Letter 7"
        assert work["render_line"] > 0
