"""Themes on terminals with fewer colours than they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color

from tuimail.config.theme_file import load_theme, own_themes

if TYPE_CHECKING:
    from tests.ui.conftest import Running
    from tuimail.paths import Paths

FOLDER = own_themes()
assert FOLDER is not None
OURS = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "ansi")


def in_256(colour: Color) -> int | None:
    return RichColor.parse(colour.hex6).downgrade(ColorSystem.EIGHT_BIT).number


@pytest.mark.parametrize("name", OURS)
def test_bar_and_cursor_differ_from_the_body_in_256_colours(name: str, paths: Paths) -> None:
    theme, problems = load_theme(name, paths)
    assert not problems
    body, accent = Color.parse(theme.colours["background"]), Color.parse(theme.colours["accent"])
    assert in_256(Color.parse(theme.colours["panel"])) != in_256(body)
    assert in_256(body.blend(accent, 0.22)) != in_256(body)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("COLORTERM", "NO_COLOR", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("term", "theme"), [("xterm", "tuimail-ansi"), ("xterm-256color", "tuimail-pine")])
async def test_sixteen_colours_are_the_terminals_own(
    terminal: pytest.MonkeyPatch, running: Running, term: str, theme: str
) -> None:
    terminal.setenv("TERM", term)
    async with running() as pilot:
        app = pilot.app
        assert app.theme == theme
        title, body = (app.screen._compositor.render_strips(app.size)[row] for row in (0, 1))
        styles = [next(segment.style for segment in strip if segment.style is not None) for strip in (title, body)]
        bar, below = styles
        assert bar is not None
        assert below is not None
        assert bar.reverse or bar.bgcolor != below.bgcolor
