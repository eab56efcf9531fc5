"""A command of the user in the journal, as the screens know it."""

from __future__ import annotations

from typing import NamedTuple


class MailCommand(NamedTuple):
    """To undo it."""

    account: str
    """On whose thread it was stored."""
    number: int
    """Id of its first action."""
