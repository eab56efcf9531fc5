from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.ui.idle import replace_waiting
from tests.ui.real_engine import write_letters, write_people
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key takes as long as what it does."""
    replace_waiting(monkeypatch)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of an engine with an empty outbox that knows some people. Not to be changed: tests have a copy."""
    root = tmp_path_factory.mktemp("blank")
    write_letters(Paths.under(root), ())
    write_people(Paths.under(root))
    return root


@pytest.fixture
def paths(paths: Paths, blank: Path) -> Paths:
    """Private folders; people were written to before."""
    shutil.copytree(blank, paths.data.parent, dirs_exist_ok=True)
    return paths
