"""The command table and the keymaps made from it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.ui.scene import item
from tuimail.cli import outbox as cli_outbox
from tuimail.config.keymap import is_text, key_name
from tuimail.config.loader import KEYMAPS
from tuimail.outbox.model.states import ItemState
from tuimail.ui.commands import letters
from tuimail.ui.commands.command import READING, Context
from tuimail.ui.commands.key_names import shown
from tuimail.ui.commands.keymap import keymap
from tuimail.ui.commands.table import BY_ID, TABLE, commands_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def test_every_id_is_declared_once() -> None:
    assert len(BY_ID) == len(TABLE)


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.id)
def test_a_declaration_fits_rows_palette_and_help(command) -> None:  # type: ignore[no-untyped-def]
    assert 0 < len(command.label) <= 10
    assert command.help.endswith(".")
    assert command.contexts
    assert not command.title.endswith(".")


def shared_keys(keys: Mapping[str, Sequence[str]]) -> list[tuple[Context, str]]:
    """Keys that more than one command of a screen has."""
    return [
        (context, key)
        for context in Context
        for key, times in Counter(key for each in commands_for({context}) for key in keys[each.id]).items()
        if times > 1
    ]


@pytest.mark.parametrize("name", KEYMAPS)
def test_no_key_gives_two_commands_on_one_screen(name: str) -> None:
    assert shared_keys(keymap(name).keys) == []


@pytest.mark.parametrize("name", KEYMAPS)
def test_no_letter_is_a_command_where_one_types(name: str) -> None:
    keys = keymap(name).keys
    assert [(each.id, key) for each in TABLE if each.amid_typing for key in keys[each.id] if is_text(key)] == []


@pytest.mark.parametrize("name", KEYMAPS)
@pytest.mark.parametrize("context", sorted(READING))
def test_every_screen_has_help_and_a_way_out(name: str, context: Context) -> None:
    keys = keymap(name)
    ids = {command.id for command in commands_for({context}) if keys.key(command.id)}
    assert "help" in ids or context is Context.HELP
    assert ids & {"back", "quit"}


def test_pine_letters_work_as_capitals_and_mutt_letters_do_not() -> None:
    assert "S" in keymap("pine").keys["send-now"]
    assert "S" not in keymap("mutt").keys["send-now"]


def test_keys_that_mean_something_else_in_mutt_mean_nothing_in_its_outbox() -> None:
    """Dollar synchronizes there, H and L go to the top and the end of the page. The brackets scroll half a page."""
    keys = keymap("mutt").keys
    given = {key for command in commands_for({Context.OUTBOX, Context.ITEM, Context.MENU}) for key in keys[command.id]}
    mutts = {key_name(char) for char in "$HL"}
    assert given & mutts == set()
    assert (keys["half-up"], keys["half-down"]) == ((key_name("["),), (key_name("]"),))
    assert all(keys[each] for each in ("hold", "later", "send-all", "move-up", "move-down"))


def test_a_key_of_the_users_is_taken_from_the_command_that_had_it() -> None:
    own = keymap("pine", {"hold": ["d"]})
    assert own.keys["hold"] == ("d", "D")
    assert "d" not in own.keys["drop"]
    assert "d" in own.keys["discard"]
    assert shared_keys(own.keys) == []


ONE_WORD = {
    "send-now": "retry", "send-again": "resolve", "mark-sent": "resolve", "mend": "mend", "edit": "edit",
    "cancel": "cancel", "hold": "hold", "release": "release", "drop": "delete", "later": "later", "export": "export",
    "move-first": "move", "move-up": "move", "move-down": "move", "move-last": "move", "change-account": "account",
}  # fmt: skip
"""Command of the screen -> verb of the command line that does the same."""


@pytest.mark.parametrize(("command", "verb"), ONE_WORD.items())
def test_the_screen_calls_things_as_the_command_line_does(command: str, verb: str) -> None:
    assert verb in cli_outbox.VERBS
    title = BY_ID[command].title.casefold()
    assert verb in title
    # The word of the key rows is the verb, or the argument that goes with it.
    words = {verb, "resend", "was sent"} if verb == "resolve" else {verb}
    refused = item("l", ItemState.FAILED, "x")
    label = letters.label(BY_ID[command], refused).casefold()
    assert any(label.startswith(each) for each in words)
    assert verb in title or label == verb


def test_a_command_that_loses_its_only_key_to_another_is_told() -> None:
    own = keymap("pine", {"cut-line": ["ctrl+x"], "drop": ["h"]})
    assert own.keys["send"] == ()
    assert own.lost == {"send": "cut-line", "hold": "drop"}
    mended = keymap("pine", {"cut-line": ["ctrl+x"], "send": ["f8"]})
    assert mended.lost == {}
    assert mended.keys["send"] == ("f8",)


@pytest.mark.parametrize(
    ("key", "on_screen"),
    [("ctrl+x", "^X"), ("question_mark", "?"), ("ctrl+underscore", "^_"),
     ("alt+u", "M-u"), ("alt+shift+u", "M-S-U"), ("f2", "F2"),
     ("enter", "Ret"), ("s", "s"), ("less_than_sign", "<")],
)  # fmt: skip
def test_keys_are_written_as_pine_writes_them(key: str, on_screen: str) -> None:
    assert shown(key) == on_screen


@pytest.mark.parametrize("name", KEYMAPS)
def test_every_declared_key_is_one_and_is_read_as_the_screen_writes_it(name: str) -> None:
    for command in TABLE:
        for key in command.default_keys(name):
            assert key_name(key), (command.id, key)
            written = shown(key_name(key))
            if key.startswith(("ctrl+", "alt+")) and len(written) <= 3 and written.isascii():
                assert key_name(written) == key_name(key)
