"""What an IMAP server says of mailboxes and messages, as values. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tuimail.mailboxes.folders import Mailbox


class MailboxState(NamedTuple):
    """Of a mailbox that was selected (RFC 3501 section 6.3.1, RFC 7162)."""

    validity: int
    """UIDVALIDITY."""
    uidnext: int
    """0: the server did not say."""
    exists: int
    """How many messages it has."""
    modseq: int = 0
    """HIGHESTMODSEQ; 0: the mailbox has none (NOMODSEQ), or the server knows none."""
    permanent_flags: frozenset[str] = frozenset()
    r"""Lower case; ``\*``: any keyword may be set."""
    read_only: bool = False
    """Nothing can be changed in it."""


class FlagState(NamedTuple):
    """The flags of a message."""

    uid: int
    flags: int
    """Bits of mail/flags."""
    keywords: str
    """As mail/flags.from_wire."""
    modseq: int = 0


class FetchedHeader(NamedTuple):
    """What a summary is made of."""

    uid: int
    flags: int
    keywords: str
    arrived: int
    """INTERNALDATE, seconds since the epoch; 0: the server's is not to be read."""
    size: int
    """RFC822.SIZE; a hint only."""
    header: bytes
    """The wanted header fields with the empty line behind them."""
    modseq: int = 0
    emailid: str = ""
    """EMAILID (RFC 8474) or X-GM-MSGID; empty if the server has neither."""


class Opened(NamedTuple):
    """The answer to a SELECT."""

    state: MailboxState
    vanished: tuple[tuple[int, int], ...] = ()
    """First and last uids that are gone (VANISHED (EARLIER)); only from a server with QRESYNC."""
    changed: tuple[FlagState, ...] = ()
    """Changed flags that came with it."""


class News(NamedTuple):
    """What the server told of the selected mailbox without being asked, since it was taken last."""

    vanished: tuple[tuple[int, int], ...] = ()
    changed: tuple[FlagState, ...] = ()
    gone: bool = False
    """EXPUNGE came: something is gone, the uids must be asked for."""
    exists: int | None = None
    """How many messages there are now; None: not said."""
    unnamed: bool = False
    """Flags have changed of messages that were not named by uid; the flags must be asked for."""


class FolderStatus(NamedTuple):
    """STATUS of a mailbox that is not selected; None: not said."""

    messages: int | None
    unseen: int | None
    uidnext: int | None
    validity: int | None
    modseq: int | None = None


class ListedStatuses(NamedTuple):
    """LIST, and what came with it."""

    mailboxes: tuple[Mailbox, ...]
    statuses: dict[str, FolderStatus] | None
    """By wire name, INBOX in capitals; None: the server does not tell it with a LIST."""


class CopiedUids(NamedTuple):
    """COPYUID or APPENDUID (RFC 4315)."""

    validity: int
    uids: dict[int, int]
    """New uids by old ones; of APPENDUID the key is 0."""
