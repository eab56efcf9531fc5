"""The seam between the outbox and the network: one method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tuimail.mail.content import Content
    from tuimail.mail.envelope import Envelope
    from tuimail.submission.quirks import Quirk
    from tuimail.submission.result import Stage, SubmissionResult


@dataclass(frozen=True, slots=True)
class Letter:
    """What one attempt is to hand over."""

    item_id: str
    """The outbox item; also the DSN ENVID."""
    envelope: Envelope
    """Only the recipients still to be served."""
    content: Content
    quirks: Mapping[str, Collection[Quirk]] = field(default_factory=dict)
    """What is known of the account's servers, by "host:port"."""


class Watcher(Protocol):
    """How a submitter tells the outbox where it stands."""

    async def touching(self) -> None:
        """Right before MAIL. Durable when it returns; if it raises, the attempt ends untouched."""
        ...

    async def committing(self, to: Sequence[str] | None = None) -> None:
        """Right before the final dot, for the addresses ``to`` (default: all of the envelope).

        Durable when it returns; if it raises, the dot must not be sent.
        """
        ...

    def stage(self, stage: Stage) -> None:
        """A stage was reached; for the screen only."""
        ...

    def progress(self, sent: int, total: int) -> None:
        """So many bytes are written; for the screen only."""
        ...


class Submitter(Protocol):
    """One account's way out. Keeps its connection between letters; close() when idle or done.

    submit() never raises for what a server, a network or a command does: that is a verdict. What the watcher raises
    passes through, and the letter was not handed over then. It returns as soon as the reply to the dot is known,
    before QUIT. Cancelled, it drops the connection without sending the dot; between committing() and the reply it must
    not be cancelled (the runner shields that stretch).
    """

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Try to hand over ``letter`` once."""
        ...

    async def close(self) -> None:
        """End the connection; at most two seconds, never raises."""
        ...


def pipeline_depth(submitter: Submitter) -> int:
    """How many more letters are worth handing to ``submitter`` while one is under way: they wait their turn there.

    0 unless it says otherwise: each submit() begins at once.
    """
    return int(getattr(submitter, "pipeline_depth", 0))
