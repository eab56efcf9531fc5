"""File names: completed as typed, and read from what terminals paste for dropped files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tuimail.ui.screens.prompts import listed
from tuimail.ui.widgets.path_completion import complete_path, complete_paths, dropped_paths, last_part, typed_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("letters/one.txt", "letters/only/x", "budget.ods", "budget old.ods", ".hidden", "Bild \u00fc.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "text", "names"),
    [
        ("~", "~/", ("~/",)),
        ("~/bud", "~/budget", ("budget old.ods", "budget.ods")),
        ("~/budget.", "~/budget.ods", ("budget.ods",)),
        ("~/let", "~/letters/", ("letters/",)),
        ("~/letters/on", "~/letters/on", ("one.txt", "only/")),
        ("~/.", "~/.hidden", (".hidden",)),
        ("~/nothing", "~/nothing", ()),
        ("~/no/such/folder/x", "~/no/such/folder/x", ()),
        ("~nobody-of-that-name/", "~nobody-of-that-name/", ()),
        ("bu", "budget", ("budget old.ods", "budget.ods")),
        ("letters/one", "letters/one.txt", ("one.txt",)),
        ("\0", "\0", ()),
    ],
)
def test_completion(home: Path, typed: str, text: str, names: tuple[str, ...]) -> None:
    found = complete_path(typed, here=home)
    assert (found.text, found.names) == (text, names)


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("~/let", ["~/letters/"]),
        ("~/letters/", ["~/letters/one.txt", "~/letters/only/"]),
        ("~/letters/onl", ["~/letters/only/"]),
        ("~", ["~/"]),
        ("~/bud", ["~/budget old.ods", "~/budget.ods"]),
    ],
)
@pytest.mark.usefixtures("home")
async def test_completing_gives_whole_paths_and_no_folder_twice(typed: str, lines: list[str]) -> None:
    assert await complete_paths(typed) == lines


def test_of_a_path_its_last_name_is_shown() -> None:
    assert [last_part(path) for path in ("~/a/b.txt", "~/a/", "~/", "b")] == ["b.txt", "a/", "~/", "b"]


def test_a_large_folder_is_completed_from_all_of_its_names(home: Path) -> None:
    for number in range(300):
        (home / "letters" / f"many-{number:03}").touch()
    (home / "letters" / "mango").touch()
    assert complete_path("~/letters/ma").text == "~/letters/man"
    assert len(complete_path("~/letters/many").names) == 300


def test_names_that_have_no_room_are_counted() -> None:
    assert listed(["one", "two", "three"], 80) == "one   two   three"
    assert listed(["one", "two", "three"], 19) == "one   and 2 more"
    assert listed(["a" * 30, "two"], 10) == "a" * 30 + "   and 1 more"
    assert "\x1b" not in listed(["\x1b]52;c;x", "b"], 80)
    assert listed([], 80) == ""


def test_hidden_files_are_not_offered_unasked(home: Path) -> None:
    assert ".hidden" not in complete_path(f"{home}/").names


def test_a_folder_that_cannot_be_read_offers_nothing(home: Path) -> None:
    (home / "letters" / "loop").symlink_to("loop")
    assert complete_path(f"{home}/letters/loop/").names == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{home}/budget.ods", ["budget.ods"]),
        ("{home}/budget.ods\n", ["budget.ods"]),
        ("{home}/budget old.ods", ["budget old.ods"]),
        ("'{home}/budget old.ods'", ["budget old.ods"]),
        ("'{home}/budget old.ods' ", ["budget old.ods"]),
        ("{home}/budget\\ old.ods", ["budget old.ods"]),
        ('"{home}/budget old.ods" {home}/budget.ods', ["budget old.ods", "budget.ods"]),
        ("{home}/budget.ods\n{home}/budget old.ods", ["budget.ods", "budget old.ods"]),
        ("file://{home}/Bild%20%C3%BC.png", ["Bild \u00fc.png"]),
        ("file://{home}/budget%20old.ods\r\nfile://{home}/budget.ods\r\n", ["budget old.ods", "budget.ods"]),
        ("~/budget.ods", ["budget.ods"]),
    ],
)
def test_dropped_files(home: Path, text: str, names: list[str]) -> None:
    assert [path.relative_to(home).as_posix() for path in dropped_paths(text.format(home=home))] == names


@pytest.mark.parametrize("text", ["", "  ", "hello", "budget.ods", "it's", "see /tmp for it", "https://example.org/x"])
def test_other_pastes_name_no_files(home: Path, text: str) -> None:
    assert dropped_paths(text) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("~/budget.ods", "budget.ods"),
        (" ~/budget.ods ", "budget.ods"),
        ("~/budget old.ods", "budget old.ods"),
        ("'{home}/budget old.ods'", "budget old.ods"),
        ("budget.ods", "budget.ods"),
        ("~/missing", "missing"),
    ],
)
def test_a_typed_name(home: Path, text: str, name: str) -> None:
    assert typed_path(text.format(home=home), here=home) == home / name


def test_an_unknown_user_is_left_for_the_error_to_name(home: Path) -> None:
    assert os.fspath(typed_path("~nobody-of-that-name/x", here=home)).endswith("~nobody-of-that-name/x")
