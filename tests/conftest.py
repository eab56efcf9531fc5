"""Makes the machine neutral: a private HOME, UTC, a plain locale, no colour settings of the caller's terminal."""

from __future__ import annotations

import compileall
import gc
import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "tuimail"
MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes that must be free there; containers often have 64 MB."""

if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
    # Every letter is flushed to the disk several times; in memory that costs nothing. Tests that are about the disk
    # ask for one (``on_disk``).
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

pytest_plugins = ["tests.support.servers"]


# A run is the same every time; TUIMAIL_HYPOTHESIS=search looks for what no run has found yet.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("TUIMAIL_HYPOTHESIS", "repeatable"))


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package: hundreds of tests start it as a program, which must not write beside its sources."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(PACKAGE, quiet=2)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector of cycles, a fifth of the processor time, need not go through it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_xdist_auto_num_workers() -> int:
    """``-n auto`` is two processes a core: a test of screens, timers or servers waits half of its time."""
    return 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders, each given once. ``mktemp`` looks through all that there are to find the next number."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def neutral_machine(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path]) -> None:
    """Nothing of the caller's account is read or written."""
    home = next(homes)
    home.mkdir(mode=0o700)
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
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder of the test's own: in memory where there is room, on the disk for tests marked ``on_disk``."""
    if request.node.get_closest_marker("on_disk") is None:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="tuimail-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Private folders."""
    return Paths.under(tmp_path / "tuimail")
