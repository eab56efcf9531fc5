"""When a server that could not be reached is tried again. Pure."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DELAYS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds after the first, second, ... failure in a row; the last one again and again.

Where the system does not tell that the network is back, what waits goes within that time. While it is away a try costs
the look-up of a name, or one packet."""
SPREAD = 0.2
"""The part by which a delay is shorter or longer: clients of one server must not come back at the same moment."""
REFUSED = 3600.0
"""Seconds after a refused sign-in: servers lock accounts."""


class Reconnect:
    """Counts failures in a row."""

    def __init__(self, *, chance: Callable[[], float] = random.random) -> None:
        """``chance`` gives numbers from 0 up to 1."""
        self._chance = chance
        self._failures = 0

    def failed(self, *, lasting: bool = False) -> float:
        """Seconds until the next try; ``lasting``: it will fail until the user has mended something."""
        if lasting:
            return REFUSED
        delay = DELAYS[min(self._failures, len(DELAYS) - 1)]
        self._failures += 1
        return delay * (1 - SPREAD + 2 * SPREAD * self._chance())

    def succeeded(self) -> None:
        """The server was reached."""
        self._failures = 0
