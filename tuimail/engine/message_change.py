"""A message that the user named, and what is done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.engine.received_mail import FoundMessage, ReceivedMail
    from tuimail.journal.action import ActionKind
    from tuimail.mail.message_ref import MessageRef


@dataclass(frozen=True, slots=True)
class ChosenMessage:
    """A message that the user named, and the mail of its account."""

    mail: ReceivedMail
    found: FoundMessage


@dataclass(frozen=True, slots=True)
class MessageChange:
    """What is done to one message, and what came of it."""

    found: FoundMessage
    kind: ActionKind
    target: str = ""
    """Folder to move or copy to."""
    account: str = ""
    """Account of that folder; empty: the message's own. What follows is for another account."""
    letter: str = ""
    """Name of the file that has the message (journal/letters)."""
    keeps_keywords: bool = True
    """The other account can keep keywords."""
    trash: str = ""
    """Folder to which the message goes when it is moved; empty: it is deleted for good."""
    add: int = 0
    remove: int = 0
    state: str = "planned"
    """planned, done, gone (another program was faster), waiting or refused."""
    words: str = ""
    """Why it was not done."""
    now: MessageRef | None = None
    """Where the message, or its copy, is afterwards; None: deleted for good, or not known."""
    command: int = 0
    """Number of the command in the journal, to undo it; 0: there was nothing to do."""

    @property
    def flags(self) -> int:
        """Flags of the message when it is done."""
        return self.found.row.flags & ~self.remove | self.add
