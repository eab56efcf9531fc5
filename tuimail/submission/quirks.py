"""What a server was found not to bear although it offers it. Learnt in one dialogue, kept with the account.

A workaround costs a server that needs none a few round trips, so each is forgotten after a while (``FORGET_AFTER``) and
learnt anew if it is still true; only the one whose discovery costs an answer is kept for good.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

DAY = 86400.0


class Quirk(StrEnum):
    """One departure from what the server offered."""

    NO_PIPELINING = "no-pipelining"
    """It offers PIPELINING and fails when commands come in a group (RFC 2920)."""
    NOTHING_PAST_DOT = "nothing-past-dot"
    """It fails when commands follow the final dot in the same write."""
    REFUSES_SIZE = "refuses-size"
    REFUSES_BODY = "refuses-body"
    REFUSES_DSN = "refuses-dsn"


FORGET_AFTER = {each: None if each is Quirk.NOTHING_PAST_DOT else 7 * DAY for each in Quirk}
"""Seconds for which a quirk is believed; None: for good."""

_PARAMETERS = {"SIZE": Quirk.REFUSES_SIZE, "BODY": Quirk.REFUSES_BODY, "DSN": Quirk.REFUSES_DSN}

_KNOWN_SERVERS = re.compile(r"\b(?:postfix|exim|sendmail)\b", re.IGNORECASE)


def refused_parameters(quirks: Collection[Quirk]) -> frozenset[str]:
    """The ESMTP parameters ("SIZE", "BODY", "DSN") to leave out."""
    return frozenset(name for name, quirk in _PARAMETERS.items() if quirk in quirks)


def quirks_of(parameters: Iterable[str]) -> frozenset[Quirk]:
    """The quirks of a server that refuses ``parameters``; parameters that cannot be left out have none."""
    return frozenset(_PARAMETERS[each] for each in parameters if each in _PARAMETERS)


def takes_commands_past_dot(introduction: str) -> bool:
    """Whether ``introduction`` (the greeting and the first line of the EHLO reply) names a server known to.

    Dovecot's submission server up to 2.3 offers PIPELINING and breaks off before it answers the dot; the letter has
    gone by then. So commands follow the dot only where the server is known to keep them.
    """
    return _KNOWN_SERVERS.search(introduction) is not None
