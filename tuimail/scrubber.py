"""Secrets hidden in texts that are kept or shown: the log, and the dialogues with servers."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "****"

SHORT = 4
"""A form of fewer characters is hidden only as a word of its own: the text would be unreadable otherwise."""


class Scrubber:
    """The secrets that are known so far."""

    def __init__(self) -> None:
        self._forms: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Hide ``secret`` from now on, in every form in which it goes over the wire or into a traceback."""
        # The longest first: a short one may be part of it, and would leave the rest of it standing.
        self._forms = tuple(sorted({*self._forms, *_forms(secret)}, key=lambda form: (-len(form), form)))

    def scrub(self, text: str) -> str:
        """``text`` with ``HIDDEN`` in place of every secret."""
        for form in self._forms:
            if len(form) >= SHORT:
                text = text.replace(form, HIDDEN)
            elif form in text:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", HIDDEN, text)
        return text


def _forms(secret: str) -> Iterator[str]:
    """The texts that would give ``secret`` away."""
    from urllib.parse import quote

    if not secret:
        return
    yield secret
    yield quote(secret, safe="", errors="replace")
    yield repr(secret)[1:-1]
    raw = secret.encode("utf-8", "surrogateescape")
    # Inside a longer text (SASL PLAIN is NUL user NUL password) base64 shows a secret in one of three shapes, by the
    # place it starts at; the characters it shares with its neighbours are cut off.
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).decode()
        core = coded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        if len(core) >= SHORT:
            yield core
            yield core.replace("+", "-").replace("/", "_")
