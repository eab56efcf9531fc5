"""The interface between the outbox and the network: one method, ``submit``."""

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
    """The message that one attempt submits."""

    item_id: str
    """The outbox item; also the DSN ENVID."""
    envelope: Envelope
    """Only the recipients that have not been decided yet."""
    content: Content
    quirks: Mapping[str, Collection[Quirk]] = field(default_factory=dict)
    """Known quirks of the account's servers, by "host:port"."""


class Watcher(Protocol):
    """Callbacks by which a submitter reports its progress to the outbox."""

    async def touching(self) -> None:
        """Called right before MAIL. Durable when it returns; if it raises, the attempt ends before MAIL."""
        ...

    async def committing(self, to: Sequence[str] | None = None) -> None:
        """Called right before the final dot, for the addresses ``to`` (default: all of the envelope).

        Durable when it returns; if it raises, the dot must not be sent.
        """
        ...

    def stage(self, stage: Stage) -> None:
        """The attempt reached ``stage``; for the screen only."""
        ...

    def progress(self, sent: int, total: int) -> None:
        """``sent`` of ``total`` bytes are written; for the screen only."""
        ...


class Submitter(Protocol):
    """Submits the letters of one account. Keeps its connection between letters; close it when it is idle or done.

    submit() never raises because of a server, a network or a command: those become verdicts. Exceptions of the watcher
    pass through; the letter was not submitted then. submit() returns as soon as the reply to the final dot is known,
    before QUIT. When cancelled, it drops the connection without sending the dot. It must not be cancelled between
    committing() and the reply (the runner shields that part).
    """

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Try once to submit ``letter``."""
        ...

    async def close(self) -> None:
        """Close the connection; takes at most two seconds and never raises."""
        ...


def pipeline_depth(submitter: Submitter) -> int:
    """How many letters may wait in ``submitter`` while it sends one.

    0 for a submitter without a pipeline: each submit() begins at once.
    """
    return int(getattr(submitter, "pipeline_depth", 0))
