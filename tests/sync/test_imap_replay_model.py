"""A user and another client change mail at random while links are cut, processes killed and commands refused.

At last the server is well: every action is decided, and of each letter there are as many as the commands make.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.sync.imap_replay_support import WAYS, KilledError, Rig, new_letter, put, refusal, subject_of
from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import (
    FINISHED,
    UNDECIDED,
    ActionKind,
    ActionMessage,
    ActionState,
    MessageOutcome,
    depends,
)
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.undo import followed
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.imap_rows import key_of

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.journal.action import MailAction

SEEDS = 200
OURS = FLAGGED | ANSWERED
"""Flags that only the user changes; the other client changes SEEN."""


KINDS = (ActionKind.FLAG, ActionKind.MOVE, ActionKind.COPY, ActionKind.DELETE)
"""What the user does to messages that are there."""


class Model:
    """What is to come of it, counted by letter."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.way = self.chance.choice(list(WAYS))
        self.rig = Rig(folder, WAYS[self.way])
        self.server = self.rig.server
        self.names: dict[tuple[str, str], str] = {}
        """Letters by folder and key, of all that were ever there."""
        self.others = Counter[str]()
        """Letters that the other client has made, less those it has deleted."""
        self.copied: set[str] = set()
        self.unsure: set[str] = set()
        """Letters whose deletion was cut off: gone since, nobody can tell who did it."""
        for number in range(8):
            subject = f"n{number}"
            name = self.chance.choice(("", "", "-", "twin"))
            letter = new_letter(subject, name=name, size=500 + number if name == "twin" else 500)
            put(self.rig.inbox, letter)
            self.others[subject] += 1
        self.learn()

    def learn(self) -> None:
        """Which letters are called what now."""
        for wire, box in self.server.boxes.items():
            for uid, each in box.letters.items():
                self.names[wire, key_of(box.validity, uid)] = subject_of(each)

    def letter_of(self, action: MailAction, message: ActionMessage) -> str:
        if message.key:
            return self.names[action.folder, message.key]
        if message.origin is None:
            return "unknown"  # to be brought back from where it is not known to have landed
        earlier = self.rig.journal.get(message.origin.action)
        return self.letter_of(earlier, earlier.messages[message.origin.index])

    # -- the user
    def act(self) -> None:
        """A command on what the user sees."""
        chance, journal = self.chance, self.rig.journal
        wire = chance.choice(list(self.server.boxes))
        box = self.server.boxes[wire]
        there = [uid for uid, each in box.letters.items() if not each.flags & DELETED]
        if not there:
            return
        kind = chance.choices(KINDS, (5, 5, 2, 1))[0]
        undecided = journal.actions(UNDECIDED)
        # What was refused is decided first, what is to be deleted is hidden, and an arrival is not known yet.
        hidden = {
            self.letter_of(each, message)
            for each in undecided
            if each.state is ActionState.REFUSED
            or each.kind is ActionKind.DELETE
            or (each.mark and each.target == wire)
            for message in each.messages
        }
        there = [uid for uid in there if subject_of(box.letters[uid]) not in hidden]
        by_folder: dict[str, list[ActionMessage]] = {}
        for uid in chance.sample(there, min(len(there), chance.choice((1, 1, 2, 3)))):
            letter = box.letters[uid]
            message = ActionMessage(key_of(box.validity, uid), before=letter.flags, keywords=letter.keywords)
            folder, message = followed(wire, message, map(journal.resolved, undecided))
            by_folder.setdefault(folder, []).append(message)
        for folder, messages in by_folder.items():
            action = self.rig.action(kind, folder=folder, messages=tuple(messages))
            if kind is ActionKind.FLAG:
                bit = chance.choice((FLAGGED, ANSWERED))
                action = replace(action, add=bit) if chance.random() < 0.6 else replace(action, remove=bit)
            elif kind is not ActionKind.DELETE:
                action = replace(action, target=chance.choice([each for each in self.server.boxes if each != folder]))
            (stored,) = journal.add([action])
            if kind is ActionKind.COPY:
                self.copied |= {self.letter_of(stored, each) for each in stored.messages}

    def undo(self) -> None:
        journal = self.rig.journal
        # What was refused may be half done; dropped, it stays so.
        commands = [each.batch for each in journal.actions() if each.state is not ActionState.REFUSED]
        if commands:
            try:
                journal.undo(self.chance.choice(commands[-5:]))
            except IllegalTransitionError:
                return

    # -- another client
    def interfere(self, *, between: bool = False) -> None:
        """It leaves alone what may have been half done: nobody could tell what came of that.

        ``between`` our commands that is whatever the user has done something to.
        """
        self.learn()
        chance = self.chance
        undecided = self.rig.journal.actions(UNDECIDED)
        begun = [each for each in undecided if each.mark or between or each.state is not ActionState.WAITING]
        busy = {self.letter_of(each, message) for each in begun for message in each.messages}
        wire = chance.choice(list(self.server.boxes))
        box = self.server.boxes[wire]
        free = [uid for uid, each in box.letters.items() if subject_of(each) not in busy]
        what = chance.choices(("flag", "move", "copy", "expunge", "validity"), (4, 3, 1, 1, 0.2))[0]
        if what == "validity" and not begun and not between:
            box.new_validity(keep_order=chance.random() < 0.5)
        elif what == "flag" and box.letters:
            uid = chance.choice(list(box.letters))
            box.set(uid, box.letters[uid].flags ^ SEEN, box.letters[uid].keywords)
        elif free and what in ("move", "copy", "expunge"):
            uid = chance.choice(free)
            letter = box.letters[uid]
            if what != "expunge":
                put(self.server.boxes[chance.choice([each for each in self.server.boxes if each != wire])], letter)
            if what != "copy":
                box.expunge(uid)
            else:
                self.copied.add(subject_of(letter))
            marked = bool(letter.flags & DELETED)  # what we could not expunge is not counted
            self.others[subject_of(letter)] += 0 if marked else {"move": 0, "copy": 1, "expunge": -1}[what]
        self.learn()

    # -- the server
    def trouble(self) -> None:
        """What goes wrong in the next turn."""
        chance, cutter = self.chance, self.rig.cutter
        cutter.killing = chance.random() < 0.4
        first = cutter.passed + chance.randrange(40)
        cutter.at = {first, first + chance.randrange(1, 30)} if chance.random() < 0.6 else set()
        refused = chance.choice(("", "", "STORE", "COPY", "MOVE", "EXPUNGE", "FETCH", "FETCH MESSAGE-ID", "STATUS"))
        if "UIDPLUS" not in self.server.capabilities and refused.startswith("FETCH"):
            refused = ""  # such a server leaves no way to find out which copy is whose
        error = chance.choice(("", "LIMIT", "OVERQUOTA", "UNAVAILABLE"))
        self.server.refusing = lambda name, _wire, _uids: refusal(error) if name == refused else None
        self.server.meanwhile = (lambda: self.interfere(between=True)) if chance.random() < 0.3 else self.learn

    def turn(self) -> None:
        for _ in range(self.chance.randrange(4)):
            self.chance.choices((self.act, self.undo, self.interfere), (6, 1, 3))[0]()
        self.trouble()
        try:
            if not self.rig.replay_cut():
                assert self.rig.journal.ready("work") == []
        except KilledError:
            self.rig.restart()
        self.rig.cutter.at = set()
        self.learn()
        begun = self.rig.journal.actions({ActionState.SENT})
        deletions = [each for each in begun if each.kind is ActionKind.DELETE]
        self.unsure |= {self.letter_of(each, message) for each in deletions for message in each.messages}
        self.rig.time += self.chance.choice((0, 1, 10, 2000))

    def recover(self) -> None:
        """Everything is well, and the user tries again what was refused."""
        self.server.refusing = lambda *_: None
        self.server.meanwhile = self.learn
        for _ in range(6):
            self.rig.time += 5000
            for each in self.rig.journal.actions({ActionState.REFUSED}):
                UserDecisions(self.rig.journal).retry(each.id)
            self.rig.replay_to_the_end()
            self.learn()
        assert [each for each in self.rig.journal.actions() if each.state not in FINISHED] == []

    def check(self) -> None:
        expected, flags = Counter(self.others), dict.fromkeys(self.others, 0)
        for action in self.rig.journal.actions():
            for each in action.messages:
                if each.outcome is not MessageOutcome.DONE:
                    continue
                letter = self.letter_of(action, each)
                if action.kind is ActionKind.FLAG:
                    flags[letter] = flags[letter] & ~action.remove | action.add
                else:
                    expected[letter] += {ActionKind.MOVE: 0, ActionKind.COPY: 1, ActionKind.DELETE: -1}[action.kind]
                if each.landed:
                    assert self.names[action.target, each.landed] == letter, action
        letters = [each for box in self.server.boxes.values() for each in box.letters.values()]
        there = [each for each in letters if not each.flags & DELETED]
        found = Counter(subject_of(each) for each in there)
        for letter in self.unsure:
            found[letter] = expected[letter] = 0
        assert +found == +expected, self.way
        for letter_there in there:
            name = subject_of(letter_there)
            if name not in self.copied:
                assert letter_there.flags & OURS == flags[name] & OURS


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_or_doubled_whatever_happens(tmp_path: Path, seed: int) -> None:
    model = Model(tmp_path, seed)
    for _ in range(12):
        model.turn()
    model.recover()
    model.check()
    model.rig.journal.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(10))
def test_a_letter_that_the_server_fails_at_holds_up_no_other(tmp_path: Path, way: str, seed: int) -> None:
    """Each command that names it costs the connection."""
    chance = random.Random(seed)
    rig = Rig(tmp_path, WAYS[way])
    for number in range(10):
        put(rig.inbox, new_letter(f"n{number}"))
    poison = chance.randrange(1, 11)
    lost = ImapError("The connection was lost.", step=refusal().step)
    rig.server.refusing = lambda _name, wire, uids: lost if wire == "INBOX" and poison in uids else None
    kinds = (ActionKind.FLAG, ActionKind.FLAG, ActionKind.MOVE, ActionKind.COPY, ActionKind.DELETE)
    for _ in range(15):
        uids = chance.sample(range(1, 11), chance.choice((1, 2)))
        kind = chance.choice(kinds)
        target = "" if kind in (ActionKind.FLAG, ActionKind.DELETE) else "Archive"
        rig.journal.add([rig.action(kind, *uids, target=target, add=FLAGGED if kind is ActionKind.FLAG else 0)])
    for _ in range(40):
        rig.replay_cut()
        rig.time += 1
    poisoned: list[MailAction] = []
    for each in rig.journal.actions():
        about = any(message.key == f"1.{poison}" for message in each.messages)
        if about or any(depends(each, earlier) for earlier in poisoned):
            poisoned.append(each)
        else:
            assert each.state in FINISHED, each
    assert poisoned == [] or any(each.state not in FINISHED for each in poisoned)
    rig.server.refusing = lambda *_: None
    rig.replay_to_the_end(tries=20)
    rig.time += 1000
    rig.replay_to_the_end()
    assert all(each.state in FINISHED for each in rig.journal.actions())
    rig.journal.close()
