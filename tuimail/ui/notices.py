"""What deserves a bell or a notice on the desktop, said once and in one piece. Pure: time and counts are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GATHER = 2.0
"""Seconds after the first trouble in which more become part of the same notice."""

MANY = 10
"""Letters from which on a summary is given when they are through."""

LONG = 60.0
"""Seconds of sending from which on a summary is given."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One notice."""

    title: str
    body: str = ""
    alarming: bool = False
    """Ring the bell."""


SHOWN = 3
"""New messages that a notice names."""


def new_mail(messages: Sequence[tuple[str, str]]) -> Announcement:
    """The notice of new messages, sender and subject of each, the newest first."""
    named = [(safe_line(sender), safe_line(subject) or "(no subject)") for sender, subject in messages[:SHOWN]]
    if len(messages) == 1:
        sender, subject = named[0]
        return Announcement(f"New mail from {sender}", subject, alarming=True)
    lines = [f"{sender}: {subject}" for sender, subject in named]
    if len(messages) > SHOWN:
        lines.append(f"and {len(messages) - SHOWN:,} more")
    return Announcement(f"{len(messages):,} new messages", "\n".join(lines), alarming=True)


class ProblemBatch:
    """Gathers letters and accounts that need the user into one announcement."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._letters: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def letter(self, item_id: str, message: str, now: float) -> None:
        """A letter became failed, blocked, uncertain, or asks."""
        self._letters[item_id] = safe_line(message)
        self._begin(now)

    def account(self, name: str, message: str, now: float) -> None:
        """An account cannot send any more."""
        self._accounts[name] = safe_line(f"{name}: {message}")
        self._begin(now)

    def _begin(self, now: float) -> None:
        if self._since is None:
            self._since = now

    def due(self, now: float) -> Announcement | None:
        """The announcement, once enough was gathered; None before, and when there is nothing."""
        if self._since is None or 0 <= now - self._since < GATHER:
            return None
        letters, accounts = self._letters, self._accounts
        self.__init__()  # type: ignore[misc] # begins anew
        # Fifty letters behind one refused password are one thing to mend.
        if accounts:
            title = "An account cannot send" if len(accounts) == 1 else f"{len(accounts)} accounts cannot send"
            return Announcement(title, "\n".join(list(accounts.values())[:3]), alarming=True)
        title = "A letter needs you" if len(letters) == 1 else f"{len(letters):,} letters need you"
        return Announcement(title, "\n".join(list(letters.values())[:3]), alarming=True)


class SendingRun:
    """A stretch of sending, from the first letter on its way to the last; a long one ends with a summary."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._sent_before = 0

    @property
    def running(self) -> bool:
        """Letters are on their way."""
        return self._began is not None

    def begin(self, now: float, sent: int) -> None:
        """Letters are on their way; ``sent`` went out before."""
        self._began = now
        self._sent_before = sent

    def end(self, now: float, sent: int, yours: int) -> Announcement | None:
        """Nothing is on its way any more; ``yours`` need the user. The summary, if it was long."""
        began, self._began = self._began, None
        count = sent - self._sent_before
        if began is None or count < 1 or (count <= MANY and now - began <= LONG):
            return None
        need = "needs" if yours == 1 else "need"
        rest = f", {yours:,} {need} you" if yours else ""
        return Announcement("The outbox is through", f"{count:,} letter{'' if count == 1 else 's'} sent{rest}.")


def wants_desktop(wanted: str, environment: Mapping[str, str]) -> bool:
    """Whether notices go to the desktop.

    Args:
        wanted: ``[ui] notifications``: "always", "never", or "auto": not over ssh, and only where a desktop is.
        environment: that of the process.
    """
    if wanted != "auto":
        return wanted == "always"
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return False
    if environment.get("__CFBundleIdentifier") or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return True
    screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return bool(screen and environment.get("DBUS_SESSION_BUS_ADDRESS"))
