"""Levels above a folder of a Maildir that never were folders: they go with the last one below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tuimail.mailboxes.maildir_folder import find_folders
from tuimail.mailboxes.maildir_folders import create_folder, delete_folder, rename_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    return tmp_path


@pytest.mark.parametrize("dots", [False, True])
def test_the_last_folder_takes_the_levels_above_it_along(root: Path, dots: bool) -> None:
    for name in ("a/b/c", "a/d", "e"):
        create_folder(root, name, dots=dots)
    delete_folder(root, "a/d")
    assert [each.name for each in find_folders(root)] == ["INBOX", "a/b/c", "e"]
    delete_folder(root, "a/b/c")
    assert [each.name for each in find_folders(root)] == ["INBOX", "e"]
    assert {each.name for each in root.iterdir()} == {"cur", "new", "tmp", ".e" if dots else "e"}


@pytest.mark.parametrize("dots", [False, True])
def test_a_level_that_is_a_folder_stays(root: Path, dots: bool) -> None:
    for name in ("a", "a/b"):
        create_folder(root, name, dots=dots)
    delete_folder(root, "a/b")
    assert [each.name for each in find_folders(root)] == ["INBOX", "a"]


def test_so_does_one_with_a_file_of_the_users(root: Path) -> None:
    path = create_folder(root, "a/b", dots=False)
    (path.parent / "notes.txt").touch()
    delete_folder(root, "a/b")
    assert (root / "a" / "notes.txt").exists()


def test_a_renamed_folder_leaves_no_empty_level(root: Path) -> None:
    create_folder(root, "a/b", dots=False)
    rename_folder(root, "a/b", "c/d")
    assert {each.name for each in root.iterdir()} == {"cur", "new", "tmp", "c"}
