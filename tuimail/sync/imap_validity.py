"""Mailboxes whose messages a server numbers anew again and again (Proton Bridge #220). Pure."""

from __future__ import annotations

from collections import defaultdict, deque

MOST_CHANGES = 3
"""Changes of UIDVALIDITY within PERIOD after which no whole messages of the mailbox are kept."""
PERIOD = 3600.0
"""Seconds."""


class ValidityChanges:
    """Counts them by mailbox, for as long as the program runs."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_CHANGES))
        self._unsteady: set[str] = set()

    def note(self, wire: str, now: float) -> bool:
        """UIDVALIDITY of a mailbox has changed; whether that is one time too many, for the first time."""
        times = self._times[wire]
        times.append(now)
        if len(times) < MOST_CHANGES or now - times[0] > PERIOD or wire in self._unsteady:
            return False
        self._unsteady.add(wire)
        return True

    @property
    def unsteady(self) -> frozenset[str]:
        """Wire names of the mailboxes of which only headers are kept: all else would be fetched for nothing."""
        return frozenset(self._unsteady)
