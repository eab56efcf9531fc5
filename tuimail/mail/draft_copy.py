r"""Where a draft lies in a folder with special use \Drafts; known until the letter was accepted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tuimail.errors import UsageError
from tuimail.mail.message_ref import MessageRef, parse_message_ref

_UNKNOWN = "?"
"""Stands for a key that is not known yet; percent-encoded, it is no key of any mailbox."""


@dataclass(frozen=True, slots=True)
class DraftCopy:
    """A message that is the same letter as a draft or an outbox item."""

    account: str
    folder: str
    key: str
    """As in MessageRef; empty: the journal knows it once ``action`` is done."""
    action: int = 0
    """Id of the journal's action that put it there; 0: another program did, or an earlier tuimail."""

    @classmethod
    def of(cls, ref: MessageRef) -> DraftCopy:
        """The copy that another program wrote."""
        return cls(ref.account, ref.folder, ref.key)

    @property
    def ref(self) -> MessageRef | None:
        """The message; None: its key is not known yet."""
        return MessageRef(self.account, self.folder, self.key) if self.key else None

    @property
    def is_ours(self) -> bool:
        """We put it there."""
        return self.action > 0

    def __str__(self) -> str:
        ref = MessageRef(self.account, self.folder, self.key or _UNKNOWN)
        return f"{ref} {self.action}" if self.action else str(ref)


def parse_draft_copy(text: str) -> DraftCopy:
    """What ``str`` made of it.

    Raises:
        ValueError: it is none.
    """
    name, _, action = text.partition(" ")
    try:
        ref = parse_message_ref(name)
    except UsageError as error:
        raise ValueError(str(error)) from error
    copy = DraftCopy(ref.account, ref.folder, ref.key, int(action) if action else 0)
    return replace(copy, key="") if copy.key == _UNKNOWN else copy
