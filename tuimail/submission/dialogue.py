"""The record of one dialogue with a server, fit to be stored and shown: secrets hidden, the body left out."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "****"
MAX_LINES = 400
"""Lines kept; a letter to a thousand people need not fill the disk."""

MIN_CORE = 4
"""A shorter piece of base64 stands in too many words to be hidden everywhere."""


class Dialogue:
    """Collects "C: ..." and "S: ..." lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0
        self._secrets: list[str] = []

    def another(self) -> Dialogue:
        """The record of another letter on the same connections; what is concealed in one is in both."""
        other = Dialogue()
        other._secrets = self._secrets
        return other

    @property
    def lines(self) -> tuple[str, ...]:
        """What was said so far, oldest first."""
        if self._left_out:
            return (*self._lines, f"({self._left_out} lines left out)")
        return tuple(self._lines)

    def conceal(self, secret: str) -> None:
        """Never show ``secret``, nor any base64 or URL form of it, whoever says it: servers have echoed passwords."""
        if secret:
            self._hide(secret)
            self._hide(quote(secret, safe="", errors="replace"))
            for form in _base64_cores(secret.encode("utf-8", "surrogateescape")):
                self._hide(form)

    def scrub(self, text: str) -> str:
        """``text`` without any concealed secret."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def client(self, text: str) -> None:
        """We said ``text``."""
        self._add("C: " + text)

    def server(self, text: str) -> None:
        """The server said ``text``."""
        self._add("S: " + text)

    def note(self, text: str) -> None:
        """Something happened that nobody said."""
        self._add(f"({text})")

    def _hide(self, form: str) -> None:
        if form not in self._secrets:
            self._secrets.append(form)
            # The longest first: a short one may be part of it.
            self._secrets.sort(key=len, reverse=True)

    def _add(self, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
        else:
            self._lines.append(safe_line(self.scrub(line))[:1000])


def _base64_cores(secret: bytes) -> Iterator[str]:
    """What base64 makes of ``secret`` wherever it stands in a longer text, without the characters it shares."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret).decode()
        core = encoded[(0, 2, 3)[offset] : (offset + len(secret)) * 8 // 6]
        if len(core) >= MIN_CORE:
            yield core
