"""The record of one dialogue with a server, safe to store and to show: without secrets and without the body."""

from __future__ import annotations

from tuimail.mail.text import safe_line
from tuimail.scrubber import Scrubber

MAX_LINES = 400
"""Maximum number of lines, so that a letter to a thousand recipients does not fill the disk."""


class Dialogue:
    """Collects "C: ..." and "S: ..." lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0
        self._secrets = Scrubber()

    def another(self) -> Dialogue:
        """The record of another letter on the same connection; both share their concealed secrets."""
        other = Dialogue()
        other._secrets = self._secrets
        return other

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines so far, oldest first."""
        if self._left_out:
            return (*self._lines, f"({self._left_out} lines left out)")
        return tuple(self._lines)

    def conceal(self, secret: str) -> None:
        """Never record ``secret`` in any of its forms, not even in a reply: servers have echoed passwords."""
        self._secrets.add(secret)

    def scrub(self, text: str) -> str:
        """``text`` without any concealed secret."""
        return self._secrets.scrub(text)

    def client(self, text: str) -> None:
        """Record that the client sent ``text``."""
        self._add("C: " + text)

    def server(self, text: str) -> None:
        """Record that the server sent ``text``."""
        self._add("S: " + text)

    def note(self, text: str) -> None:
        """Record an event that is not a line of the dialogue."""
        self._add(f"({text})")

    def _add(self, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
        else:
            self._lines.append(safe_line(self.scrub(line))[:1000])
