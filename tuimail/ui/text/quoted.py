"""How sentences on the screen name a letter."""

from __future__ import annotations

from tuimail.mail.text import safe_line


def quoted(subject: str, fallback: str = "(no subject)") -> str:
    """A subject in quotes, safe to draw."""
    return f'"{safe_line(subject)}"' if subject.strip() else fallback
