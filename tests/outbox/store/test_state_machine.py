"""Any order of steps by several owners, against a model that keeps the books: hypothesis looks for one that fails."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.outbox.scene import START, Box, SetClock, host_trouble, message, result, store_in, unreachable, verdict
from tests.support.slow import most_slow
from tuimail.errors import IllegalTransitionError, LeaseLostError, OutboxError
from tuimail.outbox.model.actions import SAID
from tuimail.outbox.model.item import Filing, OutboxItem, verbs_of
from tuimail.outbox.model.states import (
    NEEDS_YOU,
    VERBS,
    WAITING,
    FilingState,
    ItemState,
    Place,
    RecipientState,
    Verb,
    verbs_for,
)
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import AccountProblem, Action, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.outbox.store.store import Store

PLAIN = sorted(SAID)
"""Verbs that need no more than the item."""

ACCOUNTS = ["work", "home"]

ACTIONS = [
    Action.OK, Action.RETRY, Action.SOON, Action.RECIPIENT, Action.MESSAGE, Action.SPLIT, Action.UNCERTAIN
]  # fmt: skip
OWNERS = 3
WHO = st.integers(0, OWNERS - 1)


class Outbox(RuleBasedStateMachine):
    """Several processes on one outbox."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SetClock(START)
        self.box = Box(self.clock)
        self.number = 0
        self.ids: set[str] = set()
        self.cancelled: set[str] = set()
        self.held: dict[str, OutboxItem] = {}
        """owner -> what it believes to be sending"""
        self.past_dot: dict[str, tuple[str, ...]] = {}
        """owner -> recipients who may have the letter by now"""
        self.has_it: dict[tuple[str, str], int] = {}
        """(item, recipient) -> how often the letter was handed over"""
        self.may_again: set[tuple[str, str]] = set()
        """whom the user asked to serve once more though they may have it"""

    @initialize()
    def open(self) -> None:
        self.stores = [store_in(self.folder / "outbox", self.clock, self.box) for _ in range(OWNERS)]
        self.owners = [self.box.owner() for _ in range(OWNERS)]
        for two in (True, False, True):
            self.enqueue(two, held=False, undo=False, who=0)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    @property
    def store(self) -> Store:
        return self.stores[0]

    def pick(self, choice: int) -> str:
        return sorted(self.ids)[choice % len(self.ids)]

    @precondition(lambda self: len(self.ids) < 8)
    @rule(two=st.booleans(), held=st.booleans(), undo=st.booleans(), who=WHO)
    def enqueue(self, two: bool, held: bool, undo: bool, who: int) -> None:
        self.number += 1
        self.clock.move(0.002)  # ids of one millisecond sort by chance, and the order must be hypothesis' own
        to = ["ann@x.net", "bob@x.net"] if two else ["ann@x.net"]
        until = self.clock.now() + 10.0 if undo else None
        letter = message(self.number, *to)
        item = self.stores[who].enqueue(Incoming(letter, composing=str(self.number), held=held, not_before=until))
        self.ids.add(item.id)

    def claim(self, who: int) -> None:
        owner = self.owners[who]
        if owner not in self.held:
            self.stores[who].recovery.recover(owner)
            item = self.stores[who].claims.claim(owner)
            if item is not None:
                assert item.open_recipients
                self.held[owner] = item

    @precondition(lambda self: self.held)
    @rule(who=WHO)
    def touch(self, who: int) -> None:
        """MAIL is about to be said; a crash may come before anything else."""
        owner = self.owners[who]
        if owner in self.held and owner not in self.past_dot:
            try:
                self.stores[who].claims.touching(self.held[owner].id, owner)
            except LeaseLostError:
                del self.held[owner]

    @precondition(lambda self: self.held)
    @rule(who=WHO, some=st.booleans())
    def write_dot(self, who: int, some: bool) -> None:
        """The dot goes out; with ``some`` only for the first recipient, the server put off the others."""
        owner = self.owners[who]
        item = self.held.get(owner)
        if item is None or owner in self.past_dot:
            return
        addresses = tuple(each.address for each in item.open_recipients)[: 1 if some else None]
        try:
            self.stores[who].claims.touching(item.id, owner)
            self.stores[who].claims.committing(item.id, owner, to=addresses)
        except LeaseLostError:
            del self.held[owner]
            return
        assert item.id not in self.cancelled, "a cancelled letter was sent"
        self.past_dot[owner] = addresses

    @rule(who=WHO, dot=st.booleans())
    def begin(self, who: int, dot: bool) -> None:
        self.claim(who)
        if dot:
            self.write_dot(who, some=False)

    @rule(who=WHO)
    def deliver_all(self, who: int) -> None:
        """One that works without a hitch: whatever may go, goes."""
        for _ in range(10):
            self.claim(who)
            if self.owners[who] not in self.held:
                return
            self.write_dot(who, some=False)
            self.answer(who, [Action.OK, Action.OK], arrived=True)

    @precondition(lambda self: self.past_dot)
    @rule(who=WHO, actions=st.lists(st.sampled_from(ACTIONS), min_size=2, max_size=2), arrived=st.booleans())
    def answer(self, who: int, actions: list[Action], arrived: bool) -> None:
        """The server answers, or its answer is lost and the letter has ``arrived`` or not."""
        owner = self.owners[who]
        if owner not in self.past_dot:
            return
        item = self.held.pop(owner)
        served = self.past_dot.pop(owner)
        for address, action in zip(served, actions, strict=False):
            if action is Action.OK or (action is Action.UNCERTAIN and arrived):
                self.hand_over(item.id, address)
        told = result(item, *actions)
        told = replace(told, recipients={each: told.recipients[each] for each in served})
        with contextlib.suppress(LeaseLostError):
            self.stores[who].claims.record(item.id, owner, told)

    @precondition(lambda self: self.held)
    @rule(who=WHO)
    def cannot_sign_in(self, who: int) -> None:
        """The account's trouble: its letters are blocked until it is mended."""
        owner = self.owners[who]
        if owner in self.held and owner not in self.past_dot:
            item = self.held.pop(owner)
            refused = verdict(Action.ACCOUNT, stage=Stage.AUTH, trouble=AccountProblem.SIGN_IN)
            with contextlib.suppress(LeaseLostError):
                self.stores[who].claims.record(item.id, owner, host_trouble(item, refused))

    @rule(who=WHO)
    def mend_account(self, who: int) -> None:
        for account in ACCOUNTS:
            self.stores[who].accounts.fixed(account)

    @precondition(lambda self: self.held)
    @rule(who=WHO)
    def cannot_connect(self, who: int) -> None:
        owner = self.owners[who]
        if owner in self.held and owner not in self.past_dot:
            item = self.held.pop(owner)
            try:
                after = self.stores[who].claims.record(item.id, owner, unreachable(item))
            except LeaseLostError:
                return
            assert after.attempts == item.attempts

    @precondition(lambda self: self.held)
    @rule(who=WHO)
    def put_back(self, who: int) -> None:
        owner = self.owners[who]
        if owner in self.held and owner not in self.past_dot:
            with contextlib.suppress(LeaseLostError):
                self.stores[who].claims.unclaim(self.held.pop(owner).id, owner)

    @precondition(lambda self: self.held)
    @rule(who=WHO, delivered=st.booleans())
    def kill(self, who: int, delivered: bool) -> None:
        """The process dies; what was past its dot may have arrived or not."""
        owner = self.owners[who]
        if owner in self.past_dot and delivered:
            for address in self.past_dot[owner]:
                self.hand_over(self.held[owner].id, address)
        self.past_dot.pop(owner, None)
        self.held.pop(owner, None)
        self.box.killed.add(owner)
        self.stores[who].close()
        self.stores[who] = store_in(self.folder / "outbox", self.clock, self.box)
        self.owners[who] = self.box.owner()
        self.stores[who].recovery.recover(self.owners[who])

    @rule(who=WHO)
    def recover(self, who: int) -> None:
        self.stores[who].recovery.recover(self.owners[who])

    @rule(seconds=st.sampled_from([-1e6, 1.0, 60.0, 4000.0, 1e6]), ticks=st.sampled_from([0.0, 60.0, 500.0]))
    def time_passes(self, seconds: float, ticks: float) -> None:
        self.clock.move(seconds)
        self.box.ticks += ticks

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 50), verb=st.sampled_from(PLAIN))
    def verb(self, choice: int, verb: Verb) -> None:
        before = self.store.queries.item(self.pick(choice))
        try:
            after = self.store.actions.apply(verb, before.id)
        except IllegalTransitionError:
            assert verb not in verbs_of(before)
            return
        assert before.state in VERBS[verb]
        if verb is Verb.RESOLVE_RESEND:
            self.may_again |= {
                (before.id, each.address) for each in before.recipients if each.state is RecipientState.UNCERTAIN
            }
        assert after.id == before.id

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 50), seconds=st.sampled_from([10.0, 4000.0]))
    def later(self, choice: int, seconds: float) -> None:
        before = self.store.queries.item(self.pick(choice))
        try:
            after = self.store.actions.postpone(before.id, self.clock.now() + seconds)
        except IllegalTransitionError:
            assert before.state not in VERBS[Verb.LATER]
            return
        assert (after.state, after.not_before) == (ItemState.HELD, self.clock.now() + seconds)

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 50), place=st.sampled_from(list(Place)))
    def move(self, choice: int, place: Place) -> None:
        before = self.store.queries.item(self.pick(choice))
        try:
            after = self.store.actions.move(before.id, place)[0]
        except IllegalTransitionError:
            assert before.state not in VERBS[Verb.MOVE]
            return
        assert (after.state, after.recipients) == (before.state, before.recipients)

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 50), account=st.sampled_from(ACCOUNTS))
    def change_account(self, choice: int, account: str) -> None:
        before = self.store.queries.item(self.pick(choice))
        try:
            after = self.store.actions.change_account(before.id, account)
        except IllegalTransitionError:
            assert before.state not in VERBS[Verb.CHANGE_ACCOUNT]
            return
        assert after.account == account

    @precondition(lambda self: self.cancelled)
    @rule(choice=st.integers(0, 50), exactly=st.booleans())
    def restore(self, choice: int, exactly: bool) -> None:
        item = self.store.actions.restore(sorted(self.cancelled)[choice % len(self.cancelled)], exactly=exactly)
        self.cancelled.discard(item.id)
        if not exactly:
            assert item.state in (ItemState.HELD, ItemState.FAILED, ItemState.UNCERTAIN)

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 50))
    def mend(self, choice: int) -> None:
        item = self.store.queries.item(self.pick(choice))
        refused = [each.address for each in item.recipients if each.state is RecipientState.REFUSED]
        try:
            self.store.actions.fix_address(
                item.id, refused[0] if refused else "ann@x.net", f"m{self.number}{choice}@x.net"
            )
        except OutboxError:
            return
        assert refused

    @rule(who=WHO, works=st.booleans())
    def file(self, who: int, works: bool) -> None:
        item = self.stores[who].sent_copies.claim(self.owners[who])
        if item is not None:
            state = FilingState.FILED if works else FilingState.DUE
            self.stores[who].sent_copies.record(item.id, self.owners[who], Filing(state, item.filing.attempts + 1))

    @rule()
    def lose_the_index(self) -> None:
        """Everything is closed, the index is lost, both start again."""
        done = {each.id for each in self.store.queries.items([ItemState.DONE]) if not each.resolved_by_user}
        for who in range(OWNERS):
            self.past_dot.pop(self.owners[who], None)
            self.held.pop(self.owners[who], None)
            self.box.killed.add(self.owners[who])
            self.stores[who].close()
        (self.folder / "outbox" / "index.db").unlink()
        self.stores = [store_in(self.folder / "outbox", self.clock, self.box) for _ in range(OWNERS)]
        self.owners = [self.box.owner() for _ in range(OWNERS)]
        self.ids -= done

    def hand_over(self, item_id: str, address: str) -> None:
        key = (item_id, address)
        if key in self.has_it:
            assert key in self.may_again, f"{key} was sent twice and nobody asked for it"
        self.may_again.discard(key)
        self.has_it[key] = self.has_it.get(key, 0) + 1

    @invariant()
    def nobody_vanishes(self) -> None:
        if not hasattr(self, "stores"):
            return
        items = {each.id: each for each in self.store.queries.items(set(ItemState))}
        assert items.keys() == self.ids
        self.cancelled |= {each.id for each in items.values() if each.state is ItemState.CANCELLED}
        for item in items.values():
            assert (item.state is ItemState.CANCELLED) == (item.id in self.cancelled)
            assert item.state in WAITING | {ItemState.ACCEPTED, ItemState.DONE, ItemState.CANCELLED} | NEEDS_YOU
            if item.state in (ItemState.HELD, *NEEDS_YOU):
                assert verbs_for(item.state)
            if item.state in WAITING:
                assert item.open_recipients
            if item.state is ItemState.SENDING:
                assert item.owner
                assert item.lease_until is not None
            else:
                assert not item.owner
            if item.state in (ItemState.ACCEPTED, ItemState.DONE):
                assert not item.open_recipients
            if item.state is ItemState.ACCEPTED:
                assert item.filing.state is FilingState.DUE
            if item.state is not ItemState.DONE:
                assert self.store.outbox.letter_path(item.id).exists()

    @invariant()
    def whatever_waits_has_a_time(self) -> None:
        if not hasattr(self, "stores"):
            return
        waiting = self.store.queries.items([ItemState.QUEUED, ItemState.DEFERRED])
        if waiting and not self.store.queries.items([ItemState.SENDING]):
            assert self.store.schedule.next_due() is not None


def walk(seed: int, steps: int) -> int:
    """One long walk; how many letters it had.

    Hypothesis leaves rules out at random to find odd orders; this takes all of them, thickly.
    """
    chance = random.Random(seed)
    machine = Outbox()
    machine.open()

    def who() -> int:
        return chance.randrange(OWNERS)

    def coin() -> bool:
        return chance.random() < 0.5

    moves: list[tuple[int, Callable[[], None]]] = [
        (2, lambda: machine.enqueue(coin(), held=chance.random() < 0.2, undo=chance.random() < 0.2, who=who())),
        (6, lambda: machine.begin(who(), dot=True)),
        (2, lambda: machine.begin(who(), dot=False)),
        (1, lambda: machine.touch(who())),
        (2, lambda: machine.write_dot(who(), some=coin())),
        (3, lambda: machine.answer(who(), chance.choices(ACTIONS, k=2), arrived=coin())),
        (1, lambda: machine.cannot_sign_in(who())),
        (2, lambda: machine.mend_account(who())),
        (1, lambda: machine.cannot_connect(who())),
        (1, lambda: machine.put_back(who())),
        (3, lambda: machine.kill(who(), delivered=chance.random() < 0.7)),
        (2, lambda: machine.deliver_all(who())),
        (1, lambda: machine.recover(who())),
        (4, lambda: machine.time_passes(chance.choice([1.0, 60.0, 4000.0, -1e6]), chance.choice([0.0, 60.0, 500.0]))),
        (5, lambda: machine.verb(chance.randrange(50), chance.choice(PLAIN))),
        (1, lambda: machine.later(chance.randrange(50), chance.choice([10.0, 4000.0]))),
        (1, lambda: machine.move(chance.randrange(50), chance.choice(list(Place)))),
        (1, lambda: machine.change_account(chance.randrange(50), chance.choice(ACCOUNTS))),
        (
            2,
            lambda: machine.restore(chance.randrange(50), exactly=chance.random() < 0.5) if machine.cancelled else None,
        ),
        (1, lambda: machine.mend(chance.randrange(50))),
        (1, lambda: machine.file(who(), works=chance.random() < 0.6)),
        (1, machine.lose_the_index),
    ]
    try:
        for move in chance.choices([move for _, move in moves], [weight for weight, _ in moves], k=steps):
            move()
            machine.nobody_vanishes()
            machine.whatever_waits_has_a_time()
        return machine.number
    finally:
        machine.teardown()


@pytest.mark.parametrize("seed", most_slow(range(8), 4))
def test_long_walks(seed: int) -> None:
    walk(seed, 120)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_very_long_walks(seed: int) -> None:
    walk(seed, 600)


Outbox.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOutbox = Outbox.TestCase
