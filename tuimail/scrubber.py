"""Removes secrets from texts that are stored or shown: the log and the dialogues with servers."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "****"

SHORT = 4
"""Shorter forms are hidden only as separate words; otherwise the text would become unreadable."""


class Scrubber:
    """A set of secrets to hide."""

    def __init__(self) -> None:
        self._forms: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Hide ``secret`` from now on, in every form in which it is sent or appears in a traceback."""
        # The longest first: replacing a short one inside it would leave the rest visible.
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
    """The forms of ``secret`` to hide."""
    from urllib.parse import quote

    if not secret:
        return
    yield secret
    yield quote(secret, safe="", errors="replace")
    yield repr(secret)[1:-1]
    raw = secret.encode("utf-8", "surrogateescape")
    # Inside a longer text (SASL PLAIN is NUL user NUL password) base64 encodes a secret in one of three forms,
    # depending on its offset; the characters that it shares with its neighbours are cut off.
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).decode()
        core = coded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        if len(core) >= SHORT:
            yield core
            yield core.replace("+", "-").replace("/", "_")
