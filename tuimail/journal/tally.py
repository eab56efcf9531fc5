"""How much the journal holds that is undecided."""

from __future__ import annotations

from typing import NamedTuple


class JournalTally(NamedTuple):
    """How many actions are undecided."""

    waiting: int = 0
    """The program carries them out when it can."""
    refused: int = 0
    """The user decides."""

    @property
    def any(self) -> bool:
        """There are some."""
        return bool(self.waiting or self.refused)
