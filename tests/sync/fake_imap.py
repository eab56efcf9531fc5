"""An IMAP server in memory with the methods of ImapServer: what a server knows, forgets and gets wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from tuimail.mailboxes.folders import Mailbox
from tuimail.mailboxes.imap_answers import ALL_FLAGS
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_search import Criteria
from tuimail.mailboxes.imap_values import (
    CopiedUids,
    FetchedHeader,
    FlagState,
    FolderStatus,
    ListedStatuses,
    MailboxState,
    News,
    Opened,
)
from tuimail.mailboxes.imap_wire import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NOON = 1_790_000_000


def lost() -> ImapError:
    return ImapError("The connection was lost.", step=ImapStage.MAILBOX)


def refused(text: str = "no") -> ImapError:
    return ImapError("The server refuses.", step=ImapStage.MAILBOX, status=Status("NO", "", text))


@dataclass(frozen=True)
class Stored:
    """A message at the server."""

    uid: int
    header: bytes
    arrived: int
    size: int
    emailid: str = ""
    flags: int = 0
    keywords: str = ""
    modseq: int = 1


@dataclass
class Box:
    """A mailbox."""

    validity: int = 1
    uidnext: int = 1
    modseq: int = 1
    attributes: frozenset[str] = frozenset()
    letters: dict[int, Stored] = field(default_factory=dict)
    gone: list[tuple[int, int]] = field(default_factory=list)
    """Uid and modseq of what was expunged."""

    # -- what other clients do
    def arrive(self, subject: str, *, refs: str = "", flags: int = 0, emailid: str = "", gap: int = 0) -> int:
        """A new message; its uid."""
        uid = self.uidnext + gap
        self.uidnext = uid + 1
        self.modseq += 1
        lines = ["From: Ada <ada@example.org>", f"Subject: {subject}", f"Message-ID: <{subject}@example.org>"]
        lines += [f"References: {refs}"] if refs else []
        header = "\r\n".join([*lines, "", ""]).encode()
        self.letters[uid] = Stored(uid, header, NOON + 60 * uid, 1000 + uid, emailid, flags, "", self.modseq)
        return uid

    def set(self, uid: int, flags: int, keywords: str = "") -> None:
        """Other flags."""
        self.modseq += 1
        self.letters[uid] = replace(self.letters[uid], flags=flags, keywords=keywords, modseq=self.modseq)

    def expunge(self, uid: int) -> None:
        """One message less."""
        self.modseq += 1
        del self.letters[uid]
        self.gone.append((uid, self.modseq))

    def new_validity(self, *, keep_order: bool = True) -> None:
        """All messages have other uids."""
        self.validity += 1
        self.gone.clear()
        letters = list(self.letters.values())
        if not keep_order:
            letters.reverse()
        self.modseq = 1
        self.letters = {at: replace(each, uid=at, modseq=1) for at, each in enumerate(letters, 3)}
        self.uidnext = len(letters) + 3


@dataclass
class Lies:
    """What a server gets wrong."""

    vanished: tuple[tuple[int, int], ...] = ()
    """Said with every SELECT at level Q."""
    silent_expunge: bool = False
    """VANISHED is never said."""
    uidnext: int | None = None
    modseq: int | None = None
    exists: int | None = None
    listing: Callable[[list[int]], list[int]] = list
    changed: tuple[FlagState, ...] = ()
    refused: set[int] = field(default_factory=set)
    """Messages for which a batch is refused."""
    killing: set[int] = field(default_factory=set)
    """Messages at which the connection is lost."""
    left_out: set[int] = field(default_factory=set)
    """Messages that are left out of a batch."""
    extra: tuple[FetchedHeader, ...] = ()
    """What comes with every batch, unasked."""
    all_refused: bool = False
    no_statuses: bool = False


class FakeImap:
    """The server, for one client; other clients change ``boxes``."""

    def __init__(self, level: str = "Q") -> None:
        self.boxes: dict[str, Box] = {"INBOX": Box()}
        self.lies = Lies()
        self.commands: list[str] = []
        self.fail_at: int | None = None
        """Number of the command at which the connection is lost."""
        self.meanwhile: Callable[[], None] = lambda: None
        """Called before each command: what other clients do."""
        self._level = level
        self.listed: Callable[[list[Mailbox]], list[Mailbox]] = list
        self.selected: FakeSelected | None = None
        self.capabilities: set[str] = set()
        self.permanent = ALL_FLAGS
        self.read_only: set[str] = set()
        self.subscriptions: set[str] = set()
        self.all_rights: dict[str, str] = {}

    @property
    def level(self) -> str:
        return self._level

    def demote(self, level: str) -> None:
        self.commands.append(f"demote {level}")
        self._level = max(self._level, level, key="QCP".index)

    def has(self, capability: str) -> bool:
        return capability in self.capabilities

    def command(self, name: str) -> None:
        """One command is sent."""
        self.meanwhile()
        self.commands.append(name)
        if self.fail_at is not None and len(self.commands) >= self.fail_at:
            self.fail_at = None
            self.selected = None
            raise lost()

    def folders(self) -> Sequence[Mailbox]:
        self.command("LIST")
        return self.listed([Mailbox(wire, "/", box.attributes) for wire, box in self.boxes.items()])

    def folders_with_statuses(self) -> ListedStatuses:
        if "LIST-STATUS" not in self.capabilities:
            return ListedStatuses(tuple(self.folders()), None)
        self.command("LIST STATUS")
        listed = self.listed([Mailbox(wire, "/", box.attributes) for wire, box in self.boxes.items()])
        return ListedStatuses(tuple(listed), {each: self._status(each) for each in self.boxes})

    def subscribed(self) -> frozenset[str]:
        self.command("LSUB")
        return frozenset(self.subscriptions)

    def rights(self, wire: str) -> str | None:
        if not self.all_rights:
            return None
        self.command(f"MYRIGHTS {wire}")
        return self.all_rights.get(wire)

    def statuses(self, wires: Sequence[str]) -> dict[str, FolderStatus]:
        self.command("STATUS")
        return {} if self.lies.no_statuses else {each: self._status(each) for each in wires if each in self.boxes}

    def _status(self, wire: str) -> FolderStatus:
        box = self.boxes[wire]
        unseen = sum(not each.flags & SEEN for each in box.letters.values())
        modseq = None if self._level == "P" else box.modseq
        return FolderStatus(len(box.letters), unseen, box.uidnext, box.validity, modseq)

    def select(self, wire: str, *, validity: int = 0, modseq: int = 0, interactive: bool = False) -> FakeSelected:
        self.command(f"SELECT {wire}")
        self.selected = None
        if wire not in self.boxes:
            raise refused("no such mailbox")
        box = self.boxes[wire]
        opened = Opened(self.state_now(box))
        if self._level == "Q" and modseq and validity == box.validity:
            vanished = () if self.lies.silent_expunge else tuple((uid, uid) for uid, at in box.gone if at > modseq)
            changed = tuple(flag_state(each) for each in box.letters.values() if each.modseq > modseq)
            opened = Opened(opened.state, vanished + self.lies.vanished, changed + self.lies.changed)
        self.selected = FakeSelected(self, box, opened)
        return self.selected

    def state_now(self, box: Box) -> MailboxState:
        lies = self.lies
        return MailboxState(
            box.validity,
            box.uidnext if lies.uidnext is None else lies.uidnext,
            len(box.letters) if lies.exists is None else lies.exists,
            0 if self._level == "P" else (box.modseq if lies.modseq is None else lies.modseq),
            self.permanent,
            any(each is box for wire, each in self.boxes.items() if wire in self.read_only),
        )

    def state_of(self, wire: str) -> MailboxState:
        return self.state_now(self.boxes[wire])

    # -- not used by synchronising
    def append(
        self,
        wire: str,
        pieces: Callable[[], Iterable[bytes]],
        size: int,
        *,
        flags: int,
        keywords: str = "",
        arrived: float,
    ) -> CopiedUids | None:
        raise NotImplementedError

    def prefix(self) -> str:
        return ""

    def create(self, wire: str, *, use: str = "") -> None:
        self.boxes[wire] = Box()

    def rename(self, wire: str, to: str) -> None:
        self.boxes[to] = self.boxes.pop(wire)

    def delete(self, wire: str) -> None:
        del self.boxes[wire]

    def subscribe(self, wire: str, *, subscribed: bool) -> None:
        raise NotImplementedError

    def watch(self, wire: str, changed: Callable[[], None]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class FakeSelected:
    """A selected mailbox."""

    def __init__(self, server: FakeImap, box: Box, opened: Opened) -> None:
        self._server = server
        self._box = box
        self.opened = opened
        self._told = len(box.letters), box.modseq

    def _command(self, name: str) -> None:
        if self._server.selected is not self:
            raise lost()
        self._server.command(name)
        if self._box.validity != self.opened.state.validity:
            raise lost()  # no server changes it in a session

    def uids(self) -> list[int]:
        self._command("SEARCH ALL")
        return self._server.lies.listing(sorted(self._box.letters))

    def search(self, criteria: str | Criteria) -> list[int]:
        if isinstance(criteria, Criteria):
            raise NotImplementedError
        self._command(f"SEARCH {criteria}")
        return sorted(each.uid for each in self._matching(criteria))

    def _matching(self, criteria: str) -> Iterator[Stored]:
        letters = self._box.letters
        if criteria.startswith("UID "):
            first = int(criteria.removeprefix("UID ").removesuffix(":*"))
            top = max(letters, default=0)
            yield from (each for uid, each in letters.items() if uid >= min(first, top))
            return
        bit = {"UNSEEN": SEEN, "FLAGGED": FLAGGED, "ANSWERED": ANSWERED, "DELETED": DELETED}[criteria]
        wanted = criteria != "UNSEEN"
        yield from (each for each in letters.values() if bool(each.flags & bit) == wanted)

    def headers(self, uids: Sequence[int]) -> list[FetchedHeader]:
        self._command(f"FETCH {len(uids)}")
        lies = self._server.lies
        if lies.killing.intersection(uids):
            self._server.selected = None
            raise lost()
        if lies.all_refused or lies.refused.intersection(uids):
            raise refused()
        there = (self._box.letters[uid] for uid in uids if uid in self._box.letters and uid not in lies.left_out)
        return [*map(fetched, there), *lies.extra]

    def flags(self, first: int, last: int, *, changed_since: int = 0) -> list[FlagState]:
        self._command("FETCH FLAGS")
        return [
            flag_state(each)
            for uid, each in self._box.letters.items()
            if first <= uid <= last and each.modseq > changed_since
        ]

    def arrivals(self, first: int) -> list[FetchedHeader]:
        raise NotImplementedError

    def there(self, uids: Sequence[int]) -> list[int]:
        self._command("FETCH UID")
        return [uid for uid in uids if uid in self._box.letters]

    def news(self) -> News:
        exists, modseq = self._told
        self._told = len(self._box.letters), self._box.modseq
        if self._box.modseq == modseq:
            return News()
        return News(gone=len(self._box.letters) < exists, exists=len(self._box.letters))

    def fetch(self, uid: int, write: Callable[[bytes], object], *, offset: int = 0) -> bool:
        self._command(f"FETCH BODY {uid}")
        lies = self._server.lies
        if uid not in self._box.letters:
            return False
        if uid in lies.refused:
            raise refused()
        content = body_of(self._box.letters[uid])
        write(content[offset : len(content) // 2])
        if uid in lies.killing:
            self._server.selected = None
            raise lost()
        write(content[len(content) // 2 :])
        return True

    def store(
        self, uids: Sequence[int], *, add: int = 0, remove: int = 0, add_keywords: str = "", remove_keywords: str = ""
    ) -> None:
        raise NotImplementedError

    def copy(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        raise NotImplementedError

    def move(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        raise NotImplementedError

    def expunge(self, uids: Sequence[int]) -> None:
        raise NotImplementedError


def body_of(each: Stored) -> bytes:
    """The bytes of the whole message: as many as the server says."""
    return each.header + b"." * (each.size - len(each.header))


def fetched(each: Stored) -> FetchedHeader:
    return FetchedHeader(
        each.uid, each.flags, each.keywords, each.arrived, each.size, each.header, each.modseq, each.emailid
    )


def flag_state(each: Stored) -> FlagState:
    return FlagState(each.uid, each.flags, each.keywords, each.modseq)
