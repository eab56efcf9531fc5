"""config.toml is changed by the program, and stays the user's."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuimail import durable
from tuimail.config import writing
from tuimail.config.loader import load
from tuimail.config.model import Deleting
from tuimail.config.toml_edit import EditError, set_value, unset_value
from tuimail.config.writing import ConfigFile, keys_of
from tuimail.coordination.folder_writing import writing_in
from tuimail.errors import ConfigError, StorageError, UsageError
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USERS = """\
# My mail.   (kept with care)
default_account = 'work' # first

# Work, until June
[accounts.work]
address = "ada@example.org"   # the old one
name = 'Ada'
aliases = [
    "a@example.org", # for lists
    "b@example.org",
]

[accounts.work.submission]
host = "smtp.example.org"
# port = 587

# At home
[accounts.home]
address = "ada@home.example"
[accounts.home.submission]
command = ["sendmail", "-oi"]

[reading]

openers = { "application/pdf" = ["zathura"] } # in line
# mark_seen = 5

# The look
[ui]
theme = "pine"
"""
NEW: dict[str, Any] = {
    "address": "ada@club.example",
    "name": 'Ada "the" Countess',
    "identities": [{"address": "x@club.example", "name": "X"}],
    "submission": {"host": "smtp.club.example", "port": 587, "password_command": ["pass", "show", "club"]},
    "imap": {"host": "imap.club.example"},
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@pytest.fixture
def file(paths: Paths) -> ConfigFile:
    return written(paths, USERS)


def written(paths: Paths, text: str) -> ConfigFile:
    paths.config_file.parent.mkdir(parents=True, mode=0o700)
    paths.config_file.write_text(text)
    return ConfigFile(paths.config_file)


def text_of(file: ConfigFile) -> str:
    return file.file.read_bytes().decode()


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_an_account_is_added_and_everything_else_stays(file: ConfigFile, paths: Paths) -> None:
    change = file.add_account("club", NEW)
    assert text_of(file).startswith(USERS + "\n[accounts.club]\n")
    assert load(paths).accounts == change.config.accounts
    assert list(change.config.accounts) == ["work", "home", "club"]
    club = change.config.accounts["club"]
    assert [str(each) for each in club.identities] == [
        'Ada "the" Countess <ada@club.example>',
        "X <x@club.example>",
    ]
    assert club.imap is not None
    assert club.imap.host == "imap.club.example"
    assert not change.config.problems
    file.undo(change)
    assert text_of(file) == USERS


def test_the_first_account_makes_the_file_and_its_folder_private(paths: Paths) -> None:
    file = ConfigFile(paths.config_file)
    change = file.add_account("club", NEW)
    assert load(paths).default is not None
    assert paths.config_file.stat().st_mode & 0o777 == 0o600
    assert paths.config_file.parent.stat().st_mode & 0o777 == 0o700
    assert text_of(file).startswith("[accounts.club]\n")
    assert names_in(paths.config_file.parent) == ["config.toml"]
    back = file.undo(change)
    assert not paths.config_file.exists()
    assert not back.config.accounts
    file.undo(back)
    assert list(load(paths).accounts) == ["club"]


def test_an_account_is_removed_with_its_comments_and_no_others(file: ConfigFile) -> None:
    change = file.remove_account("work")
    assert list(change.config.accounts) == ["home"]
    before, after = USERS.split("# Work, until June")[0], "# At home" + USERS.split("# At home")[1]
    assert text_of(file) == before.replace("default_account = 'work' # first\n", "") + after
    file.undo(change)
    change = file.remove_account("home")
    left = USERS[: USERS.index("# At home")] + USERS[USERS.index("[reading]") :]
    assert text_of(file) == left
    assert change.config.default_account == "work"


@pytest.mark.parametrize(
    ("key", "value", "line", "instead"),
    [
        ("ui.theme", "paper", 'theme = "pine"', 'theme = "paper"'),
        ("accounts.work.name", "A. L.", "name = 'Ada'", 'name = "A. L."'),
        ("accounts.work.address", "new@example.org", '"ada@example.org"   #', '"new@example.org"   #'),
        ("ui.keymap", "mutt", 'theme = "pine"\n', 'theme = "pine"\nkeymap = "mutt"\n'),
        ("outbox.undo_seconds", 9, 'theme = "pine"\n', 'theme = "pine"\n\n[outbox]\nundo_seconds = 9\n'),
        ("reading.delete", "at once", "# in line\n", '# in line\ndelete = "at once"\n'),
        ('reading.openers."image/*"', ["imv"], '["zathura"] }', '["zathura"] , "image/*" = ["imv"]}'),
        ("accounts.home.name", "Ada", 'home.example"\n', 'home.example"\nname = "Ada"\n'),
        ("accounts.work.submission.port", 465, 'org"\n# port', 'org"\nport = 465\n# port'),
        ("default_account", "home", "'work' # first", '"home" # first'),
    ],
)
def test_a_setting_is_set_and_nothing_else_changes(
    file: ConfigFile, key: str, value: object, line: str, instead: str
) -> None:
    change = file.set(key, value)
    assert USERS.count(line) == 1
    made, wanted = text_of(file), USERS.replace(line, instead)
    assert made.replace(" ", "") == wanted.replace(" ", "")
    assert not change.config.problems
    assert file.set(key, value).after == change.after, "it has that value already"
    file.undo(change)
    assert text_of(file) == USERS


def test_a_setting_is_unset(file: ConfigFile) -> None:
    assert file.unset("accounts.work.aliases").config.accounts["work"].identities[1:] == ()
    assert "for lists" not in text_of(file)
    file.unset(("reading", "openers"))
    assert text_of(file).count("#") == USERS.count("#") - 2
    change = file.unset("reading.delete")
    assert change.before == change.after


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ui.colour", "red", "no such key"),
        ("reading.delete", "now", 'Must be "mark" or "at once"'),
        ("accounts.work.submission.port", 700_000, "from 1 to 65535"),
        ("accounts.work.password", "hunter2", "does not belong in this file"),
        ("accounts.nobody.name", "Nobody", "is missing"),
        ("default_account", "nobody", "There is no account"),
        ("ui.theme.name", "x", "cannot be changed"),
    ],
)
def test_what_would_not_be_valid_is_refused_in_words(file: ConfigFile, key: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        file.set(key, value)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert text_of(file) == USERS


def test_names_that_cannot_be_meant_are_refused(file: ConfigFile) -> None:
    for name in ("work", "a/b", ""):
        with pytest.raises(UsageError):
            file.add_account(name, NEW)
    with pytest.raises(ConfigError, match="submission"):
        file.add_account("club", {"address": "a@example.org"})
    with pytest.raises(UsageError):
        file.remove_account("club")
    for key in ("", "a b", "ui.", "a = 1\nb", "a = 1 #", '"'):
        with pytest.raises(UsageError):
            file.set(key, 1)
    assert keys_of('accounts."dot.ted".name') == ("accounts", "dot.ted", "name")
    assert text_of(file) == USERS


def test_problems_that_are_there_do_not_stand_in_the_way(paths: Paths) -> None:
    file = written(paths, '[ui]\nbel = true\ntheme = "pine"\n[outbox]\nundo_seconds = "x"\n')
    change = file.set("ui.theme", "paper")
    assert [each.key for each in change.config.problems] == ["ui.bel", "outbox.undo_seconds"]
    assert file.set("outbox.undo_seconds", 3).config.outbox.undo_seconds == 3


def test_a_link_stays_a_link(paths: Paths, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "mail.toml"
    real.parent.mkdir(mode=0o700)
    real.write_text(USERS)
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.symlink_to(real)
    ConfigFile(paths.config_file).set("ui.theme", "paper")
    assert paths.config_file.is_symlink()
    assert 'theme = "paper"' in real.read_text()
    real.unlink()
    with pytest.raises(ConfigError, match="broken link"):
        ConfigFile(paths.config_file).set("ui.theme", "paper")


def test_line_ends_and_a_byte_order_mark_stay(paths: Paths) -> None:
    file = written(paths, "")
    raw = b"\xef\xbb\xbf" + USERS.replace("\n", "\r\n").encode()
    file.file.write_bytes(raw)
    file.set("ui.keymap", "mutt")
    assert file.file.read_bytes() == raw + b'keymap = "mutt"\r\n'
    change = file.add_account("club", NEW)
    assert change.after is not None
    assert change.after.count(b"\n") == change.after.count(b"\r\n")


def test_a_file_that_another_program_changes_meanwhile_is_read_again(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, changes = durable.write_aside, iter([USERS + "bell = false\n"])

    def change_first(path: Path, data: bytes) -> Path:
        temporary = real(path, data)
        if (text := next(changes, None)) is not None:
            file.file.write_text(text)
        return temporary

    monkeypatch.setattr(writing, "write_aside", change_first)
    change = file.set("ui.theme", "paper")
    assert not change.config.ui.bell
    assert text_of(file) == USERS.replace('"pine"', '"paper"') + "bell = false\n"
    assert names_in(file.file.parent) == ["config.toml"]


def test_a_file_that_changes_all_the_time_is_given_up(file: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = durable.write_aside, iter(range(100))

    def change_always(path: Path, data: bytes) -> Path:
        file.file.write_text(f"{USERS}# {next(count)}\n")
        return real(path, data)

    monkeypatch.setattr(writing, "write_aside", change_always)
    with pytest.raises(ConfigError, match="goes on changing"):
        file.set("ui.theme", "paper")
    assert text_of(file) == f"{USERS}# {writing.TRIES - 1}\n"
    assert names_in(file.file.parent) == ["config.toml"]


def test_an_undo_does_not_undo_what_others_did(file: ConfigFile) -> None:
    change = file.set("ui.theme", "paper")
    file.set("ui.keymap", "mutt")
    before = text_of(file)
    with pytest.raises(ConfigError, match="changed meanwhile"):
        file.undo(change)
    assert text_of(file) == before


@pytest.mark.parametrize("raw", [b"[ui\n", b"\xff\xfe", b"a = 1\na = 2\n", b"x = [" * 5000])
def test_a_file_that_cannot_be_parsed_stays(file: ConfigFile, raw: bytes) -> None:
    file.file.write_bytes(raw)
    acts: tuple[Callable[[], object], ...] = (
        lambda: file.set("ui.theme", "paper"),
        lambda: file.add_account("club", NEW),
    )
    for act in acts:
        with pytest.raises(ConfigError) as raised:
            act()
        assert "Mend" in raised.value.hint
    assert file.file.read_bytes() == raw


def test_a_file_that_others_can_write_or_nobody_stays(file: ConfigFile) -> None:
    file.file.chmod(0o666)
    with pytest.raises(ConfigError, match="may write to this file"):
        file.set("ui.theme", "paper")
    file.file.chmod(0o400)
    with pytest.raises(ConfigError, match="read only"):
        file.set("ui.theme", "paper")
    file.file.unlink()
    file.file.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="may write to the folder"):
        file.set("ui.theme", "paper")
    assert names_in(file.file.parent) == []
    os.mkfifo(file.file)
    file.file.parent.chmod(0o700)
    with pytest.raises(ConfigError, match="not a regular file"):
        file.set("ui.theme", "paper")


def test_a_full_disk_leaves_the_old_file(file: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tuimail.durable.os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        file.set("ui.theme", "paper")
    assert text_of(file) == USERS
    assert names_in(file.file.parent) == ["config.toml"]


def test_changes_of_several_programs_are_all_there(file: ConfigFile) -> None:
    """They wait for each other; each is made on top of what the one before has written."""
    names = [f"club{number}" for number in range(6)]
    threads = [threading.Thread(target=file.add_account, args=(each, NEW)) for each in names]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(tomllib.loads(text_of(file))["accounts"]) == {"work", "home", *names}


def test_another_program_that_does_not_finish_is_not_waited_for_long(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="Another tuimail"), writing_in(tmp_path, patience=0):
            pytest.fail("it is locked")
    finally:
        os.close(descriptor)
    with writing_in(tmp_path, patience=0):
        pass


def test_the_library_is_imported_when_something_is_written() -> None:
    code = "import sys, tuimail.config.writing; sys.exit('tomlkit' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a = {b = {c = 1}} # x\n", ("a", "b", "d"), 2),
        ("a.b.c = 1 # x\na.d = 2\n", ("a", "b", "e"), 2),
        ("a.b.c = 1 # x\n", ("a", "new"), {"t": 1, "u": {"v": 2}}),
        ("[a]\nb.c = 1\n# x\n[z]\n", ("a", "b", "d"), [1, "x"]),
        ("[[t]]\nn = 1\n[[t]]\nn = 2\n\n# x\n[z]\n", ("z", "q"), True),
        ("[a.b]\nc = 1\n[z]\n# x\n[a.d]\ne = 1\n", ("a", "f"), 1),
        ('s = """\n# no comment\n[not.a.table]\n"""\n[a]\n', ("a", "b"), "c"),
        ("x = 1", ("a", "b"), "c"),
        ("[a]", ("a", "b"), "c\n\x7f\u2028"),
        ("", ("a",), 1.5),
        ("# about the file\n\n[a]\n", ("b",), 1),
    ],
)
def test_any_way_of_writing_is_changed_and_changed_back(text: str, path: tuple[str, ...], value: object) -> None:
    made = set_value(text, path, value)
    found: Any = tomllib.loads(made)
    for key in path:
        found = found[key]
    assert found == value
    assert comments(text) == comments(made)
    left = tomllib.loads(unset_value(made, path))
    assert left in (tomllib.loads(text), without_empty(tomllib.loads(text)), tomllib.loads(text) | {path[0]: {}})


def without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in values.items() if each != {}}


def comments(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.split("\n") if line.lstrip().startswith("#"))


def test_a_table_in_the_way_is_said() -> None:
    with pytest.raises(EditError):
        set_value("a = 1\n", ("a", "b"), 1)
    with pytest.raises(EditError):
        set_value("a = 1\n", ("b",), None)


KEYS = st.sampled_from(["a", "b", "work", "x.y", "é"])
SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), st.text("ab#\"'\\[]=\t é", max_size=6))
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["", "# note", "  # [z]", "\t"]),
        st.tuples(KEYS, KEYS).map(lambda keys: f'["{keys[0]}"."{keys[1]}"] # t'),
        KEYS.map(lambda key: f'["{key}"]'),
        st.tuples(KEYS, st.integers(0, 9)).map(lambda pair: f'"{pair[0]}" = {pair[1]} # c'),
        st.tuples(KEYS, KEYS).map(lambda keys: f'"{keys[0]}"."{keys[1]}" = ["x", # in\n  "y",\n]'),
        KEYS.map(lambda key: f'"{key}" = """\n# text\n[b]\n"""'),
        KEYS.map(lambda key: f'"{key}" = {{ b = 1, "x.y" = {{ a = 2 }} }}'),
    ),
    max_size=10,
).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.lists(KEYS, min_size=1, max_size=3), SCALARS)
def test_a_change_has_the_wanted_values_and_loses_no_comment(text: str, keys: list[str], value: object) -> None:
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    path = tuple(keys)
    try:
        made = set_value(text, path, value)
    except EditError:
        table: Any = before
        for key in path[:-1]:
            table = table.get(key, {}) if isinstance(table, dict) else table
        assert not isinstance(table, dict) or path[0] in before, "only what is in the way is refused"
        return
    flat, flat_before = leaves(tomllib.loads(made)), leaves(before)
    assert flat[path] == value
    others = {key: each for key, each in flat_before.items() if key[: len(path)] != path}
    assert {key: each for key, each in flat.items() if key != path} == others
    if path not in flat_before and not any(key[: len(path)] == path for key in flat_before):
        assert comments(made) == comments(text)
        rest = iter(made.split("\n"))
        assert all(any(line == each for each in rest) for line in text.split("\n") if "{" not in line), "same order"


def leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= leaves(value, (*path, key))
        else:
            found[*path, key] = value
    return found


def test_deleting_is_a_setting_that_the_loader_knows(file: ConfigFile) -> None:
    assert file.set("reading.delete", "at once").config.reading.delete is Deleting.AT_ONCE


IDENTITIES = """\
[accounts.work]
address = "ada@example.org"

# For the board
[[accounts.work.identities]]
address = "b@example.org" # shared
# name = "B"

[[accounts.work.identities]]
address = "c@example.org"

[accounts.work.submission]
host = "smtp.example.org"
"""
AT = ("accounts", "work", "identities")


def test_tables_of_an_array_are_changed_one_by_one() -> None:
    named = set_value(IDENTITIES, (*AT, 1, "name"), "C")
    assert named == IDENTITIES.replace('"c@example.org"\n', '"c@example.org"\nname = "C"\n')
    assert unset_value(named, (*AT, 1, "name")) == IDENTITIES
    other = set_value(IDENTITIES, (*AT, 0, "address"), "d@example.org")
    assert other == IDENTITIES.replace("b@example.org", "d@example.org")
    added = set_value(IDENTITIES, (*AT, 2), {"address": "e@example.org", "name": "E"})
    assert added == IDENTITIES + '\n[[accounts.work.identities]]\naddress = "e@example.org"\nname = "E"\n'
    assert unset_value(added, (*AT, 2)) == IDENTITIES
    second = IDENTITIES.replace('[[accounts.work.identities]]\naddress = "c@example.org"\n\n', "")
    assert unset_value(IDENTITIES, (*AT, 1)) == second
    first = '[accounts.work]\naddress = "ada@example.org"\n'
    assert set_value(first, (*AT, 0), {"address": "e"}) == f'{first}\n[[accounts.work.identities]]\naddress = "e"\n'


def test_no_table_of_an_array_is_passed_over() -> None:
    for path, value in (((*AT, 3), {"address": "e"}), ((*AT, 2), 1), ((*AT, 5, "name"), "E"), (("accounts", 0), {})):
        with pytest.raises(EditError):
            set_value(IDENTITIES, path, value)
