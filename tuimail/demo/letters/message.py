"""One row of the demo's tables of letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NEW = "new"
"""In place of flags: the letter lies in ``new``, where no program has seen it."""


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """A letter of a demo mailbox. Times are relative, so that the mailbox is never old."""

    key: str
    """The left side of its Message-ID; other rows name it in ``answers``."""
    sender: str
    """A key of ``PEOPLE``."""
    ago: float
    """Seconds before the mailbox is set up."""
    subject: str
    """Empty in an answer: "Re: " and the subject of what it answers."""
    text: str = ""
    """``{quote}`` on a line of its own becomes the quoted text of the letter that this one answers."""
    answers: str = ""
    """The key of a letter above it in the tables, or of a letter of the sample outbox."""
    to: tuple[str, ...] = ("ada",)
    cc: tuple[str, ...] = ()
    folder: str = "INBOX"
    account: str = "work"
    flags: str = "S"
    """Letters of a Maildir file's name, or ``NEW``."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further fields, written as they stand."""
    flowed: bool = False
    """The text is format=flowed (RFC 3676): its paragraphs are one line each."""
    body: Callable[[str, float], bytes] | None = None
    """Makes the content from the text and the time of set-up: header fields, an empty line, the body."""
    raw: Callable[[float], bytes] | None = None
    """Makes the whole letter; nothing but the place and the flags of this row is used then."""
