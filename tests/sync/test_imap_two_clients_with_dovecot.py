"""Two clients change an account of a real server in any order, while ours is off line or cut off.

In the end ours shows what the server has. A letter that nobody has deleted is there; one that the other client has not
touched while ours was at it is there as often as the commands make it, with the flags of our user.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.changed_account import FOLDERS, WAYS, Letter, deliver, in_cache, letters, other_client
from tests.support.imap_gate import Cut, imap_gate
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail.cache.database import ReadableCache
from tuimail.config import secrets
from tuimail.engine.cache_place import cache_of
from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction, MessageOutcome
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.undo import followed
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN

if TYPE_CHECKING:
    import imaplib
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tests.support.imap_gate import ImapGate
    from tuimail.journal.store import ActionJournal

pytestmark = pytest.mark.real_servers

OURS = FLAGGED | ANSWERED
"""Flags that only our user changes; the other client changes SEEN."""
TURNS = 8


KINDS = (ActionKind.FLAG, ActionKind.MOVE, ActionKind.COPY, ActionKind.DELETE)
"""What the user does to messages that are there."""


class Model:
    """What is to come of it, counted by subject."""

    def __init__(self, user: SyncedUser, journal: ActionJournal, client: imaplib.IMAP4, seed: int) -> None:
        self.chance = random.Random(seed)
        self.user, self.journal, self.client = user, journal, client
        self.names: dict[tuple[str, str], str] = {}
        """Letters by folder and key, of all that were ever there."""
        self.others = Counter[str]()
        """Letters that the other client has made, less those it has deleted."""
        self.copied: set[str] = set()
        self.loose: set[str] = set()
        """Letters that both clients were at: nobody can tell how often they are to be there."""
        self.deleted: set[str] = set()
        for folder in FOLDERS[1:]:
            client.create(folder)
        for _ in range(6):
            self.deliver()
        self.learn()

    def deliver(self) -> None:
        subject = f"n{len(self.others)}"
        deliver(self.client, subject, name=self.chance.choice(("", "", "-")))
        self.others[subject] += 1

    def learn(self) -> dict[str, list[Letter]]:
        """What the server has now."""
        there = {folder: letters(self.client, folder) for folder in FOLDERS}
        self.names |= {(folder, each.key): each.subject for folder in there for each in there[folder]}
        return there

    def letter_of(self, action: MailAction, message: ActionMessage) -> str:
        if (action.folder, message.key) in self.names:
            return self.names[action.folder, message.key]
        assert message.origin is not None
        earlier = self.journal.get(message.origin.action)
        return self.letter_of(earlier, earlier.messages[message.origin.index])

    # -- our user
    def act(self) -> None:
        """A command on what was shown at the last sync, and followed to where earlier commands take it."""
        chance = self.chance
        undecided = self.journal.actions(UNDECIDED)
        # What is to be deleted is hidden, and an arrival is not known yet.
        hidden = {
            self.letter_of(each, message)
            for each in undecided
            if each.state is ActionState.REFUSED or each.kind is ActionKind.DELETE or each.mark
            for message in each.messages
        }
        wire = chance.choice(FOLDERS)
        shown = [each for each in self.shown() if each[0] == wire and self.names[each[0], each[1]] not in hidden]
        if not shown:
            return
        kind = chance.choices(KINDS, (5, 5, 2, 1))[0]
        by_folder: dict[str, list[ActionMessage]] = {}
        for folder, key, flags in chance.sample(shown, min(len(shown), chance.choice((1, 1, 2, 3)))):
            message = ActionMessage(key, before=flags)
            folder_now, message = followed(folder, message, map(self.journal.resolved, undecided))
            by_folder.setdefault(folder_now, []).append(message)
        for folder, messages in by_folder.items():
            action = MailAction("work", kind, folder, tuple(messages))
            if kind is ActionKind.FLAG:
                bit = chance.choice((FLAGGED, ANSWERED))
                action = replace(action, add=bit) if chance.random() < 0.6 else replace(action, remove=bit)
            elif kind is not ActionKind.DELETE:
                action = replace(action, target=chance.choice([each for each in FOLDERS if each != folder]))
            (stored,) = self.journal.add([action])
            named = {self.letter_of(stored, each) for each in stored.messages}
            self.copied |= named if kind is ActionKind.COPY else set()
            self.deleted |= named if kind is ActionKind.DELETE else set()

    def shown(self) -> list[tuple[str, str, int]]:
        folder = cache_of(self.user.account, self.user.paths)[0]
        with closing(ReadableCache(folder)) as cache, cache.reading() as db:
            found: list[tuple[str, str, int]] = db.execute(
                "SELECT box.name, m.emailid, m.flags FROM message m JOIN mailbox box ON box.id = m.mailbox "
                "WHERE m.leaving IS NULL AND m.flags & ? = 0 ORDER BY box.name, m.uid",
                (DELETED,),
            ).fetchall()
        return found

    def undo(self) -> None:
        commands = [each.batch for each in self.journal.actions() if each.state is not ActionState.REFUSED]
        if commands:
            try:
                self.journal.undo(self.chance.choice(commands[-5:]))
            except IllegalTransitionError:
                return

    # -- the other client
    def interfere(self, *, busy: set[str] | None = None) -> None:
        """Whatever it likes; ``busy`` are letters that ours may be at, None: all."""
        chance, client = self.chance, self.client
        what = chance.choices(("deliver", "flag", "move", "copy", "expunge"), (2, 4, 3, 1, 1))[0]
        if what == "deliver":
            self.deliver()
            return
        folder = chance.choice(FOLDERS)
        there = [each for each in self.learn()[folder] if not each.flags & DELETED]
        if not there:
            return
        letter = chance.choice(there)
        client.select(folder)
        uid = letter.key.partition(".")[2]
        target = chance.choice([each for each in FOLDERS if each != folder])
        match what:
            case "flag":
                client.uid("STORE", uid, "-FLAGS" if letter.flags & SEEN else "+FLAGS", "(\\Seen)")
                return
            case "move":
                client.uid("MOVE", uid, target)
            case "copy":
                client.uid("COPY", uid, target)
                self.copied.add(letter.subject)
            case "expunge":
                client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
                client.uid("EXPUNGE", uid)
                self.deleted.add(letter.subject)
        self.others[letter.subject] += {"move": 0, "copy": 1, "expunge": -1}[what]
        if busy is None or letter.subject in busy:
            self.loose.add(letter.subject)
        self.learn()

    def begun(self) -> set[str]:
        """Letters of which ours may have done a part."""
        undecided = [each for each in self.journal.actions(UNDECIDED) if each.mark or each.state is ActionState.SENT]
        return {self.letter_of(each, message) for each in undecided for message in each.messages}

    # -- both
    def turn(self) -> None:
        chance, gate = self.chance, self.user.gate
        for _ in range(chance.randrange(6)):
            what = chance.choices(("act", "undo", "interfere"), (6, 1, 3))[0]
            if what == "interfere":
                self.interfere(busy=self.begun())
            else:
                self.act() if what == "act" else self.undo()
        if chance.random() < 0.25:
            return  # off line
        gate.passed.clear()
        gate.cuts = {chance.randrange(30): chance.choice(list(Cut))} if chance.random() < 0.7 else {}
        meddling = chance.random() < 0.4
        gate.before = lambda _name: self.interfere() if meddling and chance.random() < 0.2 else None
        self.user.sync()
        gate.before, gate.cuts = (lambda _name: None), {}
        self.learn()

    def recover(self) -> None:
        """Both are on line, and the user tries again what was refused."""
        for _ in range(4):
            for each in self.journal.actions({ActionState.REFUSED}):
                UserDecisions(self.journal, now=lambda: self.user.now[0]).retry(each.id)
            self.user.sync()
        self.user.sync_to_the_end()

    def check(self) -> None:
        there = self.learn()
        assert list(in_cache(self.user.account, self.user.paths, there)) == []
        expected, flags = Counter(self.others), dict.fromkeys(self.others, 0)
        marked = set()
        for action in self.journal.actions():
            for each in action.messages:
                # Without UIDPLUS a letter stays, marked, and can be deleted again before that is seen.
                again = action.kind is ActionKind.DELETE and (action.folder, each.key) in marked
                if each.outcome is MessageOutcome.DONE and not again:
                    marked |= {(action.folder, each.key)} if action.kind is ActionKind.DELETE else set()
                    letter = self.letter_of(action, each)
                    if action.kind is ActionKind.FLAG:
                        flags[letter] = flags[letter] & ~action.remove | action.add
                    else:
                        expected[letter] += {ActionKind.MOVE: 0, ActionKind.COPY: 1, ActionKind.DELETE: -1}[action.kind]
                    if each.landed:  # it may have been moved on before anybody looked
                        assert self.names.get((action.target, each.landed), letter) == letter, action
        seen = [each for found in there.values() for each in found if not each.flags & DELETED]
        found = Counter(each.subject for each in seen)
        assert set(self.others) - self.deleted <= set(found)
        assert {name: found[name] for name in expected.keys() - self.loose} == {
            name: expected[name] for name in expected.keys() - self.loose
        }
        for one in seen:
            if one.subject not in self.copied | self.loose:
                assert one.flags & OURS == flags[one.subject], one.subject


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[None]:
    set_clock(monkeypatch, now)
    yield
    secrets.forget("work")


def played(gate: ImapGate, folder: Path, now: list[float], seed: int) -> None:
    user = SyncedUser(gate, folder, now)
    with other_client(gate.target, user.name) as client:
        gate.cuts = {}
        with closing(user.journal()) as journal:
            model = Model(user, journal, client, seed)
            assert user.sync().error is None
            for _ in range(TURNS):
                model.turn()
            model.recover()
            model.check()


@pytest.mark.parametrize("way", WAYS)
def test_two_clients_end_with_the_same_view(dovecot: Dovecot, tmp_path: Path, now: list[float], way: str) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        for seed in range(2):
            played(gate, tmp_path / str(seed), now, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", range(0, 100, 10))
def test_many_times_two_clients_end_with_the_same_view(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str, first: int
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        for seed in range(first + 2, first + 12):
            played(gate, tmp_path / str(seed), now, seed)
