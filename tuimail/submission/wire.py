"""The connection as the SMTP code sees it: a protocol. submission/connection implements it on a socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.submission.dialogue import Dialogue
    from tuimail.submission.replies import RawReply
    from tuimail.submission.result import Reply


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds each step may take (RFC 5321 section 4.5.3.2)."""

    connect: float = 20.0
    """Per address."""
    resolve: float = 30.0
    tls: float = 30.0
    hello: float = 300.0
    """Greeting, EHLO, STARTTLS and each step of signing in."""
    envelope: float = 300.0
    """MAIL and each RCPT."""
    data: float = 120.0
    stall: float = 180.0
    """To send 64 KB of the body; about the 500 bytes a second that Postfix requires."""
    commit: float = 600.0
    """To answer the final dot. Never less: with a slow server, an earlier retry would deliver the letter twice."""
    quit: float = 2.0
    idle: float = 60.0
    """A connection that was idle for longer is not reused."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions in the server's reply to EHLO (RFC 5321 section 4.1.1.1)."""

    keywords: Mapping[str, str] = field(default_factory=dict)
    """Lower-case keyword -> parameters."""
    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms, upper case."""

    def has(self, keyword: str) -> bool:
        """Whether the server offers ``keyword``."""
        return keyword.lower() in self.keywords

    def without(self, keyword: str) -> Extensions:
        """A copy without ``keyword``."""
        kept = {name: value for name, value in self.keywords.items() if name != keyword.lower()}
        return Extensions(kept, self.mechanisms)

    @property
    def size_limit(self) -> int:
        """The largest message in bytes that the server accepts (RFC 1870); 0: unknown."""
        words = self.keywords.get("size", "").split()
        return int(words[0]) if words and words[0].isascii() and words[0].isdecimal() and len(words[0]) < 19 else 0


class Wire(Protocol):
    """One connection to a server, one reply per command, in order. Every method may raise SubmissionError."""

    dialogue: Dialogue

    @property
    def secure(self) -> bool:
        """TLS is on."""
        ...

    @property
    def private(self) -> bool:
        """Protected from eavesdropping: TLS is on, or both ends are on this machine."""
        ...

    @property
    def aborted(self) -> bool:
        """``abort`` was called."""
        ...

    @property
    def last(self) -> RawReply:
        """The last reply, unshortened: a SASL challenge must be complete."""
        ...

    @property
    def early(self) -> bool:
        """A reply came before it was due, or the connection broke."""
        ...

    async def command(self, line: str, *, within: float, shown: str = "") -> Reply:
        """Send ``line`` and return the reply; the dialogue records ``shown`` instead if it is given."""
        ...

    async def hello(self, *, within: float) -> tuple[Reply, Extensions]:
        """EHLO."""
        ...

    def send(self, *lines: str) -> None:
        """Send ``lines`` in one write; the server answers each with one reply."""
        ...

    async def reply(self, *, within: float) -> Reply:
        """The next reply to what was sent."""
        ...

    async def body(self, data: bytes, *, within: float) -> None:
        """Send a piece of the letter, already dot-stuffed; returns early when a reply comes."""
        ...

    async def flush(self, *, within: float) -> None:
        """Wait until the send buffer is empty or a reply has come early."""
        ...

    async def dot(self, *behind: str) -> None:
        """Send the final dot and, in the same write, the lines ``behind`` it, which the dialogue does not record.

        Raises SubmissionError only if nothing was written.
        """
        ...

    def abort(self) -> None:
        """Drop the connection at once and discard unsent data."""
        ...
