"""Saved searches: read with the line of each problem, and changed without a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuimail.config.saved_searches import (
    SavedSearch,
    add_search,
    load_searches,
    remove_search,
    rename_search,
)
from tuimail.errors import ConfigError, PatternError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_790_000_000.0
TEXT = """\
# my own searches

# what waits
[[search]]
name = "Unread"   # every day
pattern = "~U"

# the boss
[[search]]
name = "Kim"
pattern = "~f kim ~d <1w"
accounts = ["work"]
folders = ["INBOX", "Archive"]
"""
UNREAD = SavedSearch("Unread", "~U")
KIM = SavedSearch("Kim", "~f kim ~d <1w", ("work",), ("INBOX", "Archive"))
BILLS = SavedSearch("Bills", '"to pay" | ~s \\/x', ("home",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "searches.toml"
    path.write_text(TEXT)
    return path


def test_what_is_there(file: Path, tmp_path: Path) -> None:
    found = load_searches(file, NOW, ["work"])
    assert found.searches == (UNREAD, KIM)
    assert found.problems == ()
    assert load_searches(tmp_path / "none.toml", NOW).searches == ()


@pytest.mark.parametrize(
    ("text", "line", "key", "expected"),
    [
        ('[[search]]\nname = "a"', 1, "search[1].pattern", "pattern is missing"),
        ('[[search]]\npattern = "~U"', 1, "search[1].name", "name is missing"),
        ('[[search]]\nname = "a"\npattern = "(~U"', 3, "search[1].pattern", "never closed"),
        ('[[search]]\nname = " "\npattern = "~U"', 2, "search[1].name", "must not be empty"),
        ('[[search]]\nname = 1\npattern = "~U"', 2, "search[1].name", "text in quotes"),
        ('[[search]]\nname = "a"\npattern = "x"\naccounts = ["wrok"]', 4, "search[1].accounts[1]", "no account"),
        ('[[search]]\nname = "a"\npattern = "x"\nfolders = [1]', 4, "search[1].folders[1]", "text in quotes"),
        ('[[search]]\nname = "a"\npattern = "x"\n[[search]]\nname = "A"\npattern = "y"', 5, "search[2].name", "above"),
        ("[[search]\n", 1, "", "not valid TOML"),
        ('[search]\nname = "a"', 1, "search", "two brackets"),
    ],
)
def test_a_problem_is_told_with_its_line(tmp_path: Path, text: str, line: int, key: str, expected: str) -> None:
    path = tmp_path / "searches.toml"
    path.write_text(text)
    (problem, *_) = load_searches(path, NOW, ["work"]).problems
    assert (problem.line, problem.key) == (line, key)
    assert expected in problem.expected


def test_a_wrong_search_costs_no_other_one(file: Path) -> None:
    file.write_text(TEXT.replace('"~U"', '"~q"'))
    assert load_searches(file, NOW).searches == (KIM,)
    file.write_text(TEXT.replace('pattern = "~U"', 'pattern = "~U"\ncolour = "red"'))
    found = load_searches(file, NOW)
    assert found.searches == (UNREAD, KIM)
    assert [each.key for each in found.problems] == ["search[1].colour"]


def test_changes_keep_what_the_user_wrote(file: Path) -> None:
    add_search(file, BILLS, NOW)
    assert file.read_text().startswith(TEXT)
    assert load_searches(file, NOW).searches == (UNREAD, KIM, BILLS)
    rename_search(file, "unread", "New ones", NOW)
    assert 'name = "New ones" # every day\n' in file.read_text()
    remove_search(file, "KIM", NOW)
    assert load_searches(file, NOW).searches == (SavedSearch("New ones", "~U"), BILLS)
    assert "# what waits\n[[search]]" in file.read_text()
    assert "# the boss" not in file.read_text()
    remove_search(file, "New ones", NOW)
    assert file.read_text().startswith("# my own searches\n")


def test_the_first_search_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "searches.toml"
    add_search(path, KIM, NOW)
    assert load_searches(path, NOW).searches == (KIM,)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_elsewhere_stays_there(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    add_search(link, BILLS, NOW)
    assert link.is_symlink()
    assert load_searches(file, NOW).searches == (UNREAD, KIM, BILLS)


def test_a_file_written_in_another_way_is_written_anew(file: Path) -> None:
    file.write_text('search = [{name = "a", pattern = "x"}, {name = "b", pattern = "y"}]\n')
    remove_search(file, "a", NOW)
    add_search(file, KIM, NOW)
    rename_search(file, "b", "c", NOW)
    assert load_searches(file, NOW).searches == (SavedSearch("c", "y"), KIM)


@pytest.mark.parametrize("text", ["[[search]\n", "# \xfc\n", 'search = [{name = "a"}, {name = "b", pattern = "y"}]\n'])
def test_a_file_that_cannot_be_read_is_left_to_the_user(file: Path, text: str) -> None:
    file.write_text(text, "latin-1")
    with pytest.raises(ConfigError) as error:
        add_search(file, KIM, NOW)
    assert str(file) in str(error.value)
    assert file.read_text("latin-1") == text


def test_what_is_not_ours_stays(file: Path) -> None:
    file.write_text(TEXT + "\n# theirs\n[other]\nx = 1\n")
    remove_search(file, "Kim", NOW)
    assert "# theirs\n[other]\nx = 1\n" in file.read_text()
    assert load_searches(file, NOW).searches == (UNREAD,)


def test_what_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        add_search(file, SavedSearch("KIM", "x"), NOW)
    with pytest.raises(UsageError, match="empty"):
        add_search(file, SavedSearch(" ", "x"), NOW)
    with pytest.raises(PatternError):
        add_search(file, SavedSearch("x", "(x"), NOW)
    with pytest.raises(UsageError, match="no search called"):
        remove_search(file, "none", NOW)
    with pytest.raises(UsageError, match="already"):
        rename_search(file, "Kim", "unread", NOW)
    assert file.read_text() == TEXT


def test_a_disk_that_refuses_keeps_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr("tuimail.config.saved_searches.write_durably", full)
    with pytest.raises(StorageError):
        add_search(file, BILLS, NOW)
    assert file.read_text() == TEXT


names = st.text(min_size=1, max_size=12).filter(lambda name: bool(name.strip()) and name.isprintable())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold), st.data())
def test_any_names_survive(tmp_path: Path, some: list[str], data: st.DataObject) -> None:
    file = tmp_path / "any.toml"
    file.unlink(missing_ok=True)
    for name in some:
        add_search(file, SavedSearch(name, "x", (name,)), NOW)
    gone = data.draw(st.sampled_from(some))
    remove_search(file, gone, NOW)
    assert [each.name for each in load_searches(file, NOW).searches] == [each for each in some if each != gone]
