"""The record of one dialogue with a server, fit to be stored and shown: secrets hidden, the body left out."""

from __future__ import annotations

import base64
from urllib.parse import quote

from tuimail.mail.text import safe_line

HIDDEN = "****"
MAX_LINES = 400
"""Lines kept; a letter to a thousand people need not fill the disk."""


class Dialogue:
    """Collects "C: ..." and "S: ..." lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0
        self._secrets: list[str] = []

    @property
    def lines(self) -> tuple[str, ...]:
        """What was said so far, oldest first."""
        if self._left_out:
            return (*self._lines, f"({self._left_out} lines left out)")
        return tuple(self._lines)

    def conceal(self, *secrets: str) -> None:
        """Never show ``secrets`` or their base64 and URL forms, whoever says them: servers have echoed passwords."""
        for secret in secrets:
            if not secret:
                continue
            encoded = base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()
            self._secrets += [secret, encoded, encoded.rstrip("="), quote(secret, safe="")]
        self._secrets.sort(key=len, reverse=True)

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

    def restart(self) -> None:
        """Begin the record of the next letter; the secrets stay hidden."""
        self._lines, self._left_out = [], 0

    def _add(self, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
        else:
            self._lines.append(safe_line(self.scrub(line))[:1000])
