"""A server in memory that carries out changes, cut off at any point of them, and a journal that can be cut too."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.sync.fake_imap import NOON, Box, FakeImap, FakeSelected, Stored, fetched, lost, refused
from tuimail.journal.action import ActionKind, ActionMessage, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import DELETED
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_values import CopiedUids, MailboxState, Opened
from tuimail.mailboxes.imap_wire import Status
from tuimail.sync.imap_replay import ImapReplayer
from tuimail.sync.imap_rows import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tuimail.mailboxes.imap_values import FetchedHeader

WAYS = {
    "MOVE": {"MOVE", "UIDPLUS"},
    "MOVE without COPYUID": {"MOVE"},
    "COPY": {"UIDPLUS"},
    "COPY without UIDPLUS": set[str](),
}
PERMANENT = frozenset({"\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft", "\\*"})


class KilledError(BaseException):
    """The process was killed."""


class Cutter:
    """Counts the points at which something may be cut, and cuts at those of some numbers."""

    def __init__(self) -> None:
        self.passed = 0
        self.at: set[int] = set()
        self.killing = False
        """Else the connection is lost at points where it can be."""

    def point(self, *, link: bool = True) -> None:
        self.passed += 1
        if self.passed - 1 in self.at:
            raise lost() if link and not self.killing else KilledError


def refusal(code: str = "", text: str = "no") -> ImapError:
    return ImapError(f"The server refuses {code}.", step=ImapStage.MAILBOX, status=Status("NO", code, text))


class ReplayServer(FakeImap):
    """Changes are carried out; ``cutter`` may cut before, inside and after each."""

    def __init__(self, capabilities: set[str], cutter: Cutter | None = None) -> None:
        super().__init__("P")
        self.capabilities = capabilities
        self.cutter = cutter or Cutter()
        self.refusing: Callable[[str, str, Sequence[int]], ImapError | None] = lambda *_: None
        """The error for a command's name, mailbox and uids."""
        self.permanent = PERMANENT
        self.without_uidnext = False

    def command(self, name: str) -> None:
        self.point()
        super().command(name)

    def point(self) -> None:
        try:
            self.cutter.point()
        except ImapError:
            self.selected = None
            raise

    def state_of(self, wire: str) -> MailboxState:
        self.command(f"STATUS {wire}")
        self.check("STATUS", wire)
        if wire not in self.boxes:
            raise refused("no such mailbox")
        state = self.state_now(self.boxes[wire])
        return state._replace(uidnext=0) if self.without_uidnext else state

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
        self.command(f"APPEND {wire}")
        self.check("APPEND", wire)
        if wire not in self.boxes:
            raise refusal("TRYCREATE")
        raw = b"".join(pieces())
        assert len(raw) == size
        box = self.boxes[wire]
        uid = put(box, Stored(0, raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", int(arrived), size, flags=flags))
        self.point()  # the reply is lost
        return CopiedUids(box.validity, {0: uid}) if self.has("UIDPLUS") else None

    def select(self, wire: str, *, validity: int = 0, modseq: int = 0, interactive: bool = False) -> ReplayMailbox:
        plain = super().select(wire, validity=validity, modseq=modseq, interactive=interactive)
        self.selected = None
        self.check("SELECT", wire)
        self.selected = mailbox = ReplayMailbox(self, wire, plain.opened)
        return mailbox

    def check(self, name: str, wire: str, uids: Sequence[int] = ()) -> None:
        """Refuse, or lose the connection."""
        error = self.refusing(name, wire, uids)
        if error is not None:
            if error.status is None:
                self.selected = None
            raise error

    # -- what the tests ask
    def subjects(self, wire: str, *, deleted: bool = True) -> dict[str, int]:
        """Flags of the messages by subject; a message that is there twice fails."""
        found: dict[str, int] = {}
        for each in self.boxes[wire].letters.values():
            if deleted or not each.flags & DELETED:
                subject = subject_of(each)
                assert subject not in found, f"{subject} is in {wire} twice"
                found[subject] = each.flags
        return found


class ReplayMailbox(FakeSelected):
    """A selected mailbox that can be changed."""

    def __init__(self, server: ReplayServer, wire: str, opened: Opened) -> None:
        super().__init__(server, server.boxes[wire], opened)
        self._wire = wire
        self._replay = server

    def _carry_out(self, name: str, uids: Sequence[int], step: Callable[[int], object], *, atomic: bool) -> None:
        self._command(f"{name} {len(uids)}")
        self._replay.check(name, self._wire, uids)
        there = [uid for uid in uids if uid in self._box.letters]
        for at, uid in enumerate(there):
            if at and not atomic:
                self._replay.point()
            step(uid)
        self._replay.point()  # the reply is lost

    def headers(self, uids: Sequence[int]) -> list[FetchedHeader]:
        self._replay.check("FETCH", self._wire, uids)
        return super().headers(uids)

    def arrivals(self, first: int) -> list[FetchedHeader]:
        self._command("FETCH MESSAGE-ID")
        self._replay.check("FETCH MESSAGE-ID", self._wire)
        top = max(self._box.letters, default=0)
        found = [fetched(each) for uid, each in self._box.letters.items() if uid >= min(first, top)]
        return [each._replace(header=message_id_of(each.header)) for each in found]

    def store(
        self, uids: Sequence[int], *, add: int = 0, remove: int = 0, add_keywords: str = "", remove_keywords: str = ""
    ) -> None:
        def change(uid: int, add: int, remove: int, more: str, less: str) -> None:
            each = self._box.letters[uid]
            keywords = set(each.keywords.split()) - set(less.split()) | set(more.split())
            self._box.set(uid, each.flags & ~remove | add, " ".join(sorted(keywords)))

        if add or add_keywords:
            self._carry_out("STORE", uids, lambda uid: change(uid, add, 0, add_keywords, ""), atomic=False)
        if remove or remove_keywords:
            self._carry_out("STORE", uids, lambda uid: change(uid, 0, remove, "", remove_keywords), atomic=False)

    def copy(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        new: dict[int, int] = {}
        if target not in self._replay.boxes:
            raise refusal("TRYCREATE")
        self._carry_out("COPY", uids, lambda uid: new.update({uid: self._put(uid, target)}), atomic=True)
        return self._copied(target, new)

    def move(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        new: dict[int, int] = {}
        if target not in self._replay.boxes:
            raise refusal("TRYCREATE")

        def one(uid: int) -> None:
            new[uid] = self._put(uid, target)
            self._box.expunge(uid)

        self._carry_out("MOVE", uids, one, atomic=False)
        return self._copied(target, new)

    def expunge(self, uids: Sequence[int]) -> None:
        assert self._replay.has("UIDPLUS")
        marked = [uid for uid in uids if uid in self._box.letters and self._box.letters[uid].flags & DELETED]
        self._carry_out("EXPUNGE", marked, self._box.expunge, atomic=False)

    def _put(self, uid: int, target: str) -> int:
        return put(self._replay.boxes[target], self._box.letters[uid])

    def _copied(self, target: str, new: dict[int, int]) -> CopiedUids | None:
        told = self._replay.has("UIDPLUS")
        return CopiedUids(self._replay.boxes[target].validity, dict(new)) if told else None


def put(box: Box, letter: Stored) -> int:
    """A copy of a message in ``box``; its uid."""
    uid = box.uidnext
    box.uidnext += 1
    box.modseq += 1
    box.letters[uid] = replace(letter, uid=uid, modseq=box.modseq)
    return uid


def new_letter(subject: str, *, name: str = "", size: int = 500, flags: int = 0) -> Stored:
    """A message with a Message-ID unless ``name`` is ``-``."""
    lines = ["From: ada@example.org", f"Subject: {subject}"]
    lines += [f"Message-ID: <{name or subject}@example.org>"] if name != "-" else []
    return Stored(0, "\r\n".join([*lines, "", ""]).encode(), NOON, size, flags=flags)


def message_id_of(header: bytes) -> bytes:
    found = [line for line in header.splitlines() if line.lower().startswith(b"message-id:")]
    return b"\r\n".join([*found, b"", b""])


def subject_of(letter: Stored) -> str:
    found = next(line for line in letter.header.splitlines() if line.startswith(b"Subject:"))
    return found.removeprefix(b"Subject: ").decode()


class CutJournal(ActionJournal):
    """Can be cut before and after each transaction. What the disk does costs no time."""

    def __init__(self, folder: Path, now: Callable[[], float], cutter: Cutter | None = None) -> None:
        super().__init__(folder, now=now)
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF"):
            self.database.db.execute(f"PRAGMA {pragma}").fetchall()
        self.cutter = cutter or Cutter()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self.cutter.point(link=False)
        with super().writing() as db:
            yield db
        self.cutter.point(link=False)


class Rig:
    """One account: its server, its journal and its clock."""

    def __init__(self, folder: Path, capabilities: set[str]) -> None:
        self.time = 1_000_000.0
        self.cutter = Cutter()
        self.server = ReplayServer(capabilities, self.cutter)
        self.server.boxes["Archive"] = Box(validity=7, uidnext=20)
        self.server.boxes["Trash"] = Box(validity=8)
        self.journal = CutJournal(folder, lambda: self.time, self.cutter)
        self._processes = 0
        self.replayer = self.restart()

    def restart(self) -> ImapReplayer:
        """A new process."""
        self._processes += 1
        self.server.selected = None
        self.replayer = ImapReplayer(self.journal, "work", self.server, f"process {self._processes}")
        return self.replayer

    @property
    def inbox(self) -> Box:
        return self.server.boxes["INBOX"]

    def keys(self, *uids: int, wire: str = "INBOX") -> tuple[ActionMessage, ...]:
        return tuple(ActionMessage(key_of(self.server.boxes[wire].validity, uid)) for uid in uids)

    def action(self, kind: ActionKind, *uids: int, **fields: Any) -> MailAction:
        folder = fields.pop("folder", "INBOX")
        messages = fields.pop("messages", None) or self.keys(*uids, wire=folder)
        return replace(MailAction("work", kind, folder, messages), **fields)

    def replay(self, *actions: MailAction) -> list[MailAction]:
        if actions:
            self.journal.add(actions)
        return self.replayer.replay()

    def replay_cut(self) -> bool:
        """Replay once; whether it was cut."""
        try:
            self.replayer.replay()
        except KilledError:
            self.restart()
            return True
        except ImapError:
            return True
        return False

    def replay_to_the_end(self, *, tries: int = 12) -> None:
        """Until nothing is to be done any more; the server is well, unless the cutter cuts."""
        for _ in range(tries):
            if not self.replay_cut():
                return
            self.time += 400
        raise AssertionError("it does not come to an end")

    def commands(self) -> list[str]:
        """Sent since this was asked last."""
        found, self.server.commands[:] = list(self.server.commands), []
        return found
