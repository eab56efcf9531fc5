"""Help: the picture, then the screen's own keys, then the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.screen_text import settle, text
from tuimail.config.loader import KEYMAPS
from tuimail.ui.commands.command import READING, Context
from tuimail.ui.commands.keymap import keymap
from tuimail.ui.commands.table import commands_for
from tuimail.ui.text.cells import width_of
from tuimail.ui.views.help_text import PICTURES, help_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ui.conftest import Running
    from tuimail.ui.text.cells import Line


def words(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in line).strip() for line in lines]


@pytest.mark.parametrize("context", [Context.OUTBOX, Context.COMPOSE_BODY, Context.SERVER])
def test_the_picture_then_its_own_keys_then_those_of_every_screen(context: Context) -> None:
    shown = words(help_lines(context, "What it is for.", commands_for({context}), keymap(), 80))
    first = PICTURES[context].splitlines()[0].strip()
    own, general = shown.index("Keys of this screen"), shown.index("Keys of every screen")
    assert 0 < shown.index(first) < own < general
    moved = [row for row in shown[own:general] if "Previous line." in row or "Suspend" in row]
    assert not moved
    assert any("Suspend the program." in row for row in shown[general:])


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", KEYMAPS)
@pytest.mark.parametrize("context", Context)
def test_every_help_fits_and_tells_every_key_once(context: Context, name: str, width: int) -> None:
    keys = keymap(name)
    commands = commands_for({context})
    lines = help_lines(context, "What it is for. " * 10, commands, keys, width)
    assert all(width_of(line) <= width for line in lines)
    told = " ".join(words(lines))
    for command in commands:
        if keys.all_keys(command.id) and len(command.title) < width - 22:
            assert told.count(f"{command.title}.") == 1, command.id


@pytest.mark.parametrize("keys", [("o",), ("c",), (), ("o", "enter")], ids=str)
async def test_picture_and_first_own_key_are_seen_without_scrolling(running: Running, keys: tuple[str, ...]) -> None:
    async with running(*keys, "f1") as pilot:
        shown = text(pilot.app)
    assert "HELP" in shown.splitlines()[0]
    assert "Keys of this screen" in shown


async def test_help_offers_no_key_that_the_screen_has_not(running: Running) -> None:
    async with running("o", "j", "question_mark") as pilot:
        await settle(pilot)
        assert "Keys" in text(pilot.app)
        assert "View the letter." not in text(pilot.app)


def test_every_reading_screen_with_letters_has_a_picture() -> None:
    assert {Context.MENU, Context.OUTBOX, Context.ITEM, Context.SENT} <= PICTURES.keys() & READING
