"""keys.toml: the user's keys, and what is wrong with them."""

from __future__ import annotations

import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from tuimail.config.keymap import is_text, key_name, load_keymap, load_keys

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.config.keymap import KeyOverrides
    from tuimail.paths import Paths

KNOWN = {
    "send-now": {"outbox", "item"},
    "hold": {"outbox"},
    "quit": {"menu", "outbox"},
    "view": {"menu"},
    "palette": {"everywhere"},
}


def keys_of(folder: Path, text: str, *, amid_typing: Collection[str] = ()) -> KeyOverrides:
    """What a file with this text says."""
    file = folder / "keys.toml"
    file.write_text(text)
    return load_keys(file, KNOWN, amid_typing=amid_typing)


@pytest.mark.parametrize("char", string.printable.strip() + " é§")
def test_characters_are_named_as_textual_names_them(char: str) -> None:
    assert key_name(char) == _character_to_key(char)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("^X", "ctrl+x"),
        ("^_", "ctrl+underscore"),
        ("^\\", "ctrl+backslash"),
        ("ctrl+X", "ctrl+x"),
        ("Ctrl+x", "ctrl+x"),
        ("alt+X", "alt+X"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("alt++", "alt+plus"),
        ("F5", "f5"),
        ("PageUp", "pageup"),
        ("question_mark", "question_mark"),
        ("ctrl+underscore", "ctrl+underscore"),
        ("", ""),
        ("foo", ""),
        ("ctrl+", ""),
        ("control+x", ""),
        ("ctrl+ctrl+x", ""),
        ("^^", "ctrl+circumflex_accent"),
        ("M-u", "alt+u"),
        ("M-U", "alt+u"),
        ("M-", ""),
        ("^", "circumflex_accent"),
        ("f25", ""),
        ("\x00", ""),
        ("latin_small_letter_a", ""),
    ],
)
def test_a_key_may_be_written_in_several_ways(written: str, name: str) -> None:
    assert key_name(written) == name


def test_a_keymaps_own_table_comes_over_the_common_one(tmp_path: Path) -> None:
    keys = keys_of(tmp_path, '[keys]\nhold = "^H"\nview = ["v", "f4"]\n[mutt]\nhold = "?"\n[pine]\nview = []')
    assert keys.problems == ()
    assert keys.of("pine") == {"hold": ("ctrl+h",), "view": ()}
    assert keys.of("mutt") == {"hold": ("question_mark",), "view": ("v", "f4")}


@pytest.mark.parametrize(
    ("text", "line", "key", "nearest"),
    [
        ('[keys]\nhodl = "h"', 2, "keys.hodl", "hold"),
        ('[keys]\nhold = "hh"', 2, "keys.hold", ""),
        ("[keys]\nhold = 3", 2, "keys.hold", ""),
        ("[keys]\nhold = [3]", 2, "keys.hold", ""),
        ('[keys]\nhold = { a = "b" }', 2, "keys.hold", ""),
        ('[pin]\nhold = "h"', 1, "pin", "pine"),
        ('keys = "h"', 1, "keys", ""),
        ("[keys", 1, "", ""),
        ('[pine]\nhold = "s"\nsend-now = "s"', 3, "pine.send-now", ""),
        ('[keys]\nhold = "s"\n[mutt]\nsend-now = "s"', 4, "mutt.send-now", ""),
        ('[keys]\nview = "f2"\npalette = "f2"', 3, "keys.palette", ""),
    ],
)
def test_a_wrong_key_is_told_with_its_line(tmp_path: Path, text: str, line: int, key: str, nearest: str) -> None:
    problems = keys_of(tmp_path, text).problems
    assert [(each.line, each.key, each.nearest) for each in problems] == [(line, key, nearest)]


def test_of_two_commands_on_one_screen_the_first_keeps_the_key(tmp_path: Path) -> None:
    keys = keys_of(tmp_path, '[pine]\nhold = ["s", "h"]\nsend-now = ["s", "g"]\nview = "s"')
    assert keys.of("pine") == {"hold": ("s", "h"), "send-now": ("g",), "view": ("s",)}
    assert 'The key "s" is given to hold' in keys.problems[0].expected


def test_the_good_keys_of_a_list_are_kept(tmp_path: Path) -> None:
    keys = keys_of(tmp_path, '[pine]\nhold = ["nonsense", "h"]')
    assert keys.of("pine") == {"hold": ("h",)}
    assert len(keys.problems) == 1


def test_a_command_with_only_wrong_keys_keeps_its_declared_ones(tmp_path: Path) -> None:
    assert keys_of(tmp_path, '[pine]\nhold = "nonsense"').of("pine") == {}


def test_no_file_is_no_keys_and_no_problem(paths: Paths) -> None:
    keys = load_keys(paths.keys_file, KNOWN)
    assert keys.of("pine") == {}
    assert keys.problems == ()


@given(st.text(max_size=12))
def test_no_text_as_a_key_raises(text: str) -> None:
    name = key_name(text)
    assert name == "" or name.isprintable()


def test_a_letter_is_no_key_where_letters_are_text_and_the_declared_key_stays(tmp_path: Path) -> None:
    keys = keys_of(tmp_path, '[keys]\nhold = "g"\nquit = ["?", "^Q"]\nview = "g"', amid_typing={"hold", "quit"})
    assert keys.of("pine") == {"quit": ("ctrl+q",), "view": ("g",)}
    assert [(each.line, each.key) for each in keys.problems] == [(2, "keys.hold"), (3, "keys.quit")]
    assert '"g" cannot be a key of hold' in keys.problems[0].expected
    assert "ctrl or alt, or f1 to f12" in keys.problems[0].expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("g", True), ("G", True), ("space", True), ("question_mark", True), ("enter", False), ("f2", False),
     ("ctrl+x", False), ("alt+question_mark", False), ("pageup", False)],
)  # fmt: skip
def test_which_keys_type_something(name: str, text: bool) -> None:
    assert is_text(name) is text


def test_a_keymap_of_the_users_is_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('base = "mutt"\n[keys]\nhold = "^H"\n[pine]\nhold = "x"\n')
    name, said = load_keymap("my.toml", tmp_path, KNOWN)
    assert (name, dict(said.of(name)), said.problems) == ("mutt", {"hold": ("ctrl+h",)}, ())
    (tmp_path / "my.toml").write_text('[keys]\nhold = "^H"')
    assert load_keymap(str(tmp_path / "my.toml"), Path("/elsewhere"), KNOWN)[0] == "pine"
    assert load_keymap("mutt", tmp_path, KNOWN)[0] == "mutt"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('base = "vi"', "base", 'Must be "pine" or "mutt", not "vi".'),
        ("base = 3", "base", "Must be a text"),
        ("[keys", "", "not valid TOML"),
        (None, "", "There is no such file; [ui] keymap names it."),
    ],
)
def test_a_keymap_file_that_is_wrong_is_told_and_pine_is_used(
    tmp_path: Path, text: str | None, key: str, words: str
) -> None:
    if text is not None:
        (tmp_path / "my.toml").write_text(text)
    name, said = load_keymap("my.toml", tmp_path, KNOWN)
    assert name == "pine"
    assert [each.key for each in said.problems] == [key]
    assert words in str(said.problems[0])
    assert str(tmp_path / "my.toml") in str(said.problems[0])


def test_only_a_keymap_file_has_a_base(tmp_path: Path) -> None:
    assert [each.key for each in keys_of(tmp_path, 'base = "mutt"').problems] == ["base"]
