"""Themes: our own are whole and readable, the user's may be broken without harm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.config.theme_file import (
    ANSI,
    COLOURS,
    FALLBACK,
    MAIL,
    ThemeFile,
    load_theme,
    own_themes,
    theme_files,
)
from tuimail.outbox.model.states import OPEN, ItemState
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.config.model import Problem

    Forest = Callable[[str], tuple[ThemeFile, tuple[Problem, ...]]]

OWN = sorted((own_themes() or Path("/")).glob("*.toml"))
BACKGROUNDS = ("background", "surface", "panel")
SMALL = '[colours]\nprimary = "#0f0"\nforeground = "#ffffff"\nbackground = "#000000"\n'


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Forest:
    """The user's theme "forest" with a given text, loaded."""
    paths = Paths.under(tmp_path_factory.mktemp("themes"))
    paths.themes.mkdir(parents=True)

    def load(text: str) -> tuple[ThemeFile, tuple[Problem, ...]]:
        (paths.themes / "forest.toml").write_text(text)
        return load_theme("forest", paths)

    return load


def own(file: Path) -> ThemeFile:
    theme, problems = load_theme(file.stem, Paths.under(Path("/nowhere")))
    assert problems == ()
    return theme


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_open_outbox_state_has_a_mail_role() -> None:
    assert {str(state) for state in OPEN | {ItemState.DONE}} <= set(MAIL)


def test_the_themes_of_the_contract_are_there() -> None:
    assert {file.stem for file in OWN} >= {"pine", "mutt", "paper", "midnight", "ansi"}


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_our_themes_write_every_role_themselves(file: Path) -> None:
    theme = own(file)
    assert theme.name == file.stem
    assert all(f"\n{role} = " in file.read_text() for role in (*COLOURS, *MAIL))


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_text_in_our_themes_is_readable(file: Path) -> None:
    theme = own(file)
    if theme.ansi:
        assert set(theme.colours.values()) | set(theme.mail.values()) <= ANSI
        return
    assert theme.dark is (luminance(theme.colours["background"]) < 0.5)
    for role, colour in {**theme.colours, **theme.mail}.items():
        if role in BACKGROUNDS:
            continue
        for background in BACKGROUNDS:
            # Dim text on a panel may be weaker; nothing is said by it alone.
            least = 3.0 if role == "dim" and background == "panel" else 4.5
            assert contrast(colour, theme.colours[background]) >= least, (role, background)


def test_three_colours_are_enough(forest: Forest) -> None:
    theme, problems = forest(SMALL)
    assert problems == ()
    assert theme.name == "forest"
    assert theme.colours["primary"] == theme.colours["accent"] == "#00ff00"
    assert theme.colours["panel"] == "#000000"
    assert theme.mail["unread"] == "#ffffff"
    assert set(theme.mail) == set(MAIL)


def test_a_mail_role_may_name_a_colour_of_the_interface(forest: Forest) -> None:
    assert forest(SMALL + '[mail]\nunread = "primary"\n')[0].mail["unread"] == "#00ff00"


@pytest.mark.parametrize(
    ("lines", "line", "key", "nearest"),
    [
        ('accent = "green"', 5, "colours.accent", ""),
        ("accent = 3", 5, "colours.accent", ""),
        ('accent = "#12345"', 5, "colours.accent", ""),
        ('acent = "#123456"', 5, "colours.acent", "accent"),
        ('[mail]\nunread = "nice"', 6, "mail.unread", ""),
        ('[mail]\nunred = "#fff"', 6, "mail.unred", "unread"),
        ("[mial]", 5, "mial", "mail"),
        ("mail = 3", 5, "colours.mail", ""),
    ],
)
def test_a_wrong_colour_is_told_and_falls_back_alone(
    lines: str, line: int, key: str, nearest: str, forest: Forest
) -> None:
    theme, problems = forest(SMALL + lines)
    assert [(each.line, each.key, each.nearest) for each in problems] == [(line, key, nearest)]
    assert theme == forest(SMALL)[0]


@pytest.mark.parametrize("text", ["[colours", "", "colours = 1", '[colours]\nprimary = "#fff"', "name = 3"])
def test_a_file_without_the_needed_colours_falls_back_whole(text: str, forest: Forest) -> None:
    theme, problems = forest(text)
    assert theme == FALLBACK
    assert problems


def test_the_fallback_suits_every_terminal() -> None:
    assert FALLBACK.ansi
    assert set(FALLBACK.colours.values()) | set(FALLBACK.mail.values()) <= ANSI


def test_an_unknown_theme_is_told_with_the_nearest(paths: Paths) -> None:
    theme, problems = load_theme("pin", paths)
    assert theme == FALLBACK
    assert [(each.key, each.nearest) for each in problems] == [("ui.theme", "pine")]


def test_the_users_own_theme_comes_before_ours(paths: Paths) -> None:
    paths.themes.mkdir(parents=True)
    (paths.themes / "pine.toml").write_text(SMALL)
    (paths.themes / "mine.toml").write_text(SMALL)
    assert {"mine", "mutt"} <= set(theme_files(paths))
    assert load_theme("pine", paths)[0].colours["background"] == "#000000"


@given(st.integers(0, len(SMALL)), st.sampled_from(list("[]\"'=#\n x\x00")))
def test_no_mutation_of_a_theme_raises_or_loses_a_role(forest: Forest, at: int, what: str) -> None:
    theme, _ = forest(SMALL[:at] + what + SMALL[at + 1 :])
    assert set(theme.colours) == set(COLOURS)
    assert set(theme.mail) == set(MAIL)
    assert all(theme.colours.values())
    assert all(theme.mail.values())
