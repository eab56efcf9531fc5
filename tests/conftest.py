"""Makes the machine neutral: a private HOME, UTC, a plain locale, no colour settings of the caller's terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.support.servers"]


# A run is the same every time; TUIMAIL_HYPOTHESIS=search looks for what no run has found yet.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("TUIMAIL_HYPOTHESIS", "repeatable"))


@pytest.fixture(autouse=True)
def neutral_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the caller's account is read or written."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("XDG_", "TUIMAIL_", "PYTHON_KEYRING")) or name in {"NO_COLOR", "EDITOR", "VISUAL", "EMAIL"}:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Private folders."""
    return Paths.under(tmp_path / "tuimail")
