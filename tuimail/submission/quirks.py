"""Quirks: features that a server offers and does not handle. Found in one dialogue, stored with the account.

A workaround costs a few round trips, so most quirks are forgotten after a while (``FORGET_AFTER``) and found again if
they still exist. A quirk that is found only by losing the reply to a final dot is kept forever.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Quirk(StrEnum):
    """One way in which a server differs from what it offers."""

    NO_PIPELINING = "no-pipelining"
    """It offers PIPELINING and fails when it gets several commands at once (RFC 2920)."""
    NOTHING_PAST_DOT = "nothing-past-dot"
    """It fails when commands follow the final dot in the same write."""
    REFUSES_SIZE = "refuses-size"
    REFUSES_BODY = "refuses-body"
    REFUSES_DSN = "refuses-dsn"


FORGET_AFTER = {each: None if each is Quirk.NOTHING_PAST_DOT else 7 * DAY for each in Quirk}
"""Seconds for which a quirk is remembered; None: forever."""

_PARAMETERS = {"SIZE": Quirk.REFUSES_SIZE, "BODY": Quirk.REFUSES_BODY, "DSN": Quirk.REFUSES_DSN}

_KNOWN_SERVERS = re.compile(r"\b(?:postfix|exim|sendmail)\b", re.IGNORECASE)


def refused_parameters(quirks: Collection[Quirk]) -> frozenset[str]:
    """The ESMTP parameters ("SIZE", "BODY", "DSN") to leave out because of ``quirks``."""
    return frozenset(name for name, quirk in _PARAMETERS.items() if quirk in quirks)


def quirks_of(parameters: Iterable[str]) -> frozenset[Quirk]:
    """The quirks of a server that refuses ``parameters``; parameters that cannot be left out are ignored."""
    return frozenset(_PARAMETERS[each] for each in parameters if each in _PARAMETERS)


def takes_commands_past_dot(introduction: str) -> bool:
    """Whether a server handles commands in the same write as the final dot.

    ``introduction`` is the greeting and the first line of the EHLO reply. Dovecot's submission server up to 2.3 offers
    PIPELINING and then disconnects before it answers the dot, although it has passed the letter on. So commands follow
    the dot only if the server's software is known to handle it.
    """
    return _KNOWN_SERVERS.search(introduction) is not None
