"""The record of one dialogue with a server, fit to be stored and shown: secrets hidden, the body left out."""

from __future__ import annotations

from tuimail.mail.text import safe_line
from tuimail.scrubber import Scrubber

MAX_LINES = 400
"""Lines kept; a letter to a thousand people need not fill the disk."""


class Dialogue:
    """Collects "C: ..." and "S: ..." lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0
        self._secrets = Scrubber()

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
        """Never show ``secret`` in any of its forms, whoever says it: servers have echoed passwords."""
        self._secrets.add(secret)

    def scrub(self, text: str) -> str:
        """``text`` without any concealed secret."""
        return self._secrets.scrub(text)

    def client(self, text: str) -> None:
        """We said ``text``."""
        self._add("C: " + text)

    def server(self, text: str) -> None:
        """The server said ``text``."""
        self._add("S: " + text)

    def note(self, text: str) -> None:
        """Something happened that nobody said."""
        self._add(f"({text})")

    def _add(self, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
        else:
            self._lines.append(safe_line(self.scrub(line))[:1000])
