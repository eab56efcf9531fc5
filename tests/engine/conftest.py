"""Where the program keeps its files, and an account on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import new_account
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A home folder of the test's own."""
    return Paths.under(tmp_path / "home")


@pytest.fixture
def server(dovecot: Dovecot) -> Iterator[Server]:
    """That of the account "work", with a user of its own."""
    with new_account(dovecot) as made:
        yield made
