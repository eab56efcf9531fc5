"""The README says what is true."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from tests.readme import README, key_section, written
from tuimail.config.loader import parse

if TYPE_CHECKING:
    from pathlib import Path

TEXT = README.read_text(encoding="utf-8")


def test_the_key_table_is_that_of_the_command_table() -> None:
    assert written() == key_section(), "python -m tests.readme writes it anew"


def test_its_example_config_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    tomllib.loads(example)
    config = parse(example, tmp_path / "config.toml")
    assert [str(problem) for problem in config.problems] == []
    assert set(config.accounts) == {"work", "club"}


def test_every_picture_it_shows_is_there_and_fetches_nothing() -> None:
    pictures = re.findall(r"\]\((screenshots/[^)]+)\)", TEXT)
    assert pictures
    for picture in pictures:
        drawing = (README.parent / picture).read_text(encoding="utf-8")
        assert "url(" not in re.sub(r"url\(#[^)]*\)", "", drawing)


def test_every_command_it_names_exists() -> None:
    from tuimail.cli.dispatch import COMMANDS

    named = set(re.findall(r"(?:^|[` ])tuimail ([a-z]+)\b", "\n".join(re.findall(r"`[^`\n]+`|^    .*$", TEXT, re.M))))
    assert named
    assert named <= set(COMMANDS), named - set(COMMANDS)


def test_every_file_it_names_exists() -> None:
    part = TEXT[TEXT.index("## Working on it") :]
    named = set(re.findall(r"\b((?:[a-z_]+/)+[a-z_]+\.py)\b", part))
    assert len(named) > 15
    package = README.parent / "tuimail"
    assert [name for name in named if not (package / name).is_file() and not (README.parent / name).is_file()] == []
