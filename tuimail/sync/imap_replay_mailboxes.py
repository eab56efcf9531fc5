"""The mailboxes of an IMAP server as the journal's replay opens them, one after the other on one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.mailbox_names import decode_name, own_wire
from tuimail.sync.imap_folders import present_folders
from tuimail.sync.imap_proof import ArrivalMark, without_id
from tuimail.sync.special_folders import special_uses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tuimail.mailboxes.imap_values import CopiedUids, FetchedHeader
    from tuimail.sync.imap_server import ImapServer, SelectedMailbox

MOST_UIDS = 1000
"""Messages that one command names."""
GMAIL = "X-GM-EXT-1"
"""The capability of a server whose folders are labels: EXPUNGE takes a label away, and the message is archived."""
_BINS = {"\\trash", "\\junk"}


class NoMailboxError(TuimailError):
    """The server does not have the folder ``folder``."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"There is no folder {safe_line(folder)}.", hint="Choose another folder, or create it.")
        self.folder = folder


class ReplayMailboxes:
    """Opens mailboxes, and keeps the last one open for the next action. Every method raises ImapError.

    Folders have the names here by which the journal and the screen call them.
    """

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        self._folder = ""
        self._mailbox: SelectedMailbox | None = None
        self._wires: dict[str, str] = {}

    def has(self, capability: str) -> bool:
        """Whether the server has it. Connects if necessary."""
        return self._server.has(capability)

    def wire(self, folder: str) -> str:
        """What the server calls it. Raises NoMailboxError: there is none."""
        if folder.isascii() and "&" not in folder:
            return folder
        if folder not in self._wires:
            self._wires = {each.name: each.wire for each in self._server.folders()}
        if folder not in self._wires:
            raise NoMailboxError(folder)
        return self._wires[folder]

    def is_bin(self, folder: str) -> bool:
        r"""Whether it is ``\Trash`` or ``\Junk`` (RFC 6154) as the server says: Gmail deletes from nowhere else."""
        return any(each.name == folder and each.attributes & _BINS for each in self._server.folders())

    def open(self, folder: str) -> SelectedMailbox:
        """Select it unless it is. Raises NoMailboxError: there is none."""
        if self._mailbox is None or self._folder != folder:
            self._mailbox = None
            wire = self.wire(folder)
            try:
                self._mailbox = self._server.select(wire, interactive=True)
            except ImapError as error:
                self.check_listed(folder, error)
                raise
            self._folder = folder
        return self._mailbox

    def there(self, folder: str, uids: Collection[int]) -> set[int]:
        """Those of ``uids`` that the mailbox has. Raises NoMailboxError: there is no such mailbox."""
        mailbox = self.open(folder)
        return {uid for chunk in chunks(sorted(uids)) for uid in mailbox.there(chunk)}

    def mark(self, folder: str) -> ArrivalMark:
        """What tells later arrivals. Raises NoMailboxError: there is no such mailbox."""
        try:
            state = self._server.state_of(self.wire(folder))
        except ImapError as error:
            self.check_listed(folder, error)
            raise
        if state.uidnext:
            return ArrivalMark(state.validity, state.uidnext)
        mailbox = self.open(folder)
        return ArrivalMark(mailbox.opened.state.validity, max(mailbox.uids(), default=0) + 1)

    def arrivals(self, folder: str, mark: ArrivalMark, proofs: Collection[str]) -> list[FetchedHeader]:
        """What arrived in the mailbox since, with the header fields that ``proofs`` need; nothing if it is another now.

        Raises:
            NoMailboxError: there is no such mailbox.
        """
        mailbox = self.open(folder)
        if mailbox.opened.state.validity != mark.validity:
            return []
        # "7:*" is answered with the last message, whatever its uid.
        found = {each.uid: each for each in mailbox.arrivals(mark.uidnext) if each.uid >= mark.uidnext}
        if any(map(without_id, proofs)):
            nameless = [uid for uid, each in found.items() if not each.header.strip()]
            for chunk in chunks(sorted(nameless)):
                found.update({each.uid: each for each in mailbox.headers(chunk) if each.uid in found})
        return list(found.values())

    def append(
        self,
        folder: str,
        pieces: Callable[[], Iterable[bytes]],
        size: int,
        *,
        flags: int,
        keywords: str = "",
        arrived: float,
    ) -> CopiedUids | None:
        """Append a message; its uid if the server tells it. Raises NoMailboxError: there is no such mailbox."""
        wire = self.wire(folder)
        try:
            return self._server.append(wire, pieces, size, flags=flags, keywords=keywords, arrived=arrived)
        except ImapError as error:
            self.check_listed(folder, error)
            raise

    def special(self, use: str, wanted: str, own: Mapping[str, str]) -> str:
        """The folder with a special use: ``wanted`` if it is there, else what is known for it, else made by that name.

        ``own`` is the user's map of special uses to folder names, which goes before what the server says.
        """
        folders = present_folders(self._server.folders()).folders
        if any(each.name == wanted for each in folders):
            return wanted
        delimiter = next((each.delimiter for each in folders if each.delimiter), "/")
        wire = own_wire(wanted, self._server.prefix(), delimiter)
        if any(each.wire == wire for each in folders):
            return decode_name(wire)
        uses = special_uses(folders, own)
        for each in folders:
            if uses[each.wire] == use and own.get(use, each.name) in (each.name, each.wire):
                return each.name
        self._server.create(wire, use=use)
        try:
            self._server.subscribe(wire, subscribed=True)
        except ImapError as error:
            if error.status is None:
                raise  # else it is there, which matters more
        return decode_name(wire)

    def check_listed(self, folder: str, error: ImapError) -> None:
        """Tell a mailbox that is gone from other reasons for the server's refusal. Raises NoMailboxError."""
        if error.status is not None and all(each.name != folder for each in self._server.folders()):
            raise NoMailboxError(folder) from error


def chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """What one command may name at a time."""
    for start in range(0, len(uids), MOST_UIDS):
        yield uids[start : start + MOST_UIDS]
