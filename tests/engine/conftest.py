"""An account on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import new_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server


@pytest.fixture
def server(dovecot: Dovecot) -> Iterator[Server]:
    """That of the account "work", with a user of its own."""
    with new_account(dovecot) as made:
        yield made
