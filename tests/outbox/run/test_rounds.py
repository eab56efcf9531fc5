"""Rounds of one letter: the server takes a few recipients at once, puts some off, and the letter never spins."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.outbox.model.test_item import item as item_of
from tests.outbox.scene import START, Box, SetClock, message, store_in, verdict
from tests.support.slow import most_slow
from tuimail.clock import DAY, HOUR, MINUTE
from tuimail.coordination.writer import Writer
from tuimail.events import Announcer
from tuimail.outbox.model.item import Recipient
from tuimail.outbox.model.rounds import next_round, to_ask
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.run.runner import Runner
from tuimail.outbox.store.codec import recipients_of, recipients_plain
from tuimail.outbox.store.database import NAME
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.rows import COLUMNS, sum_of
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.submission.submitter import Letter, Watcher

DOWN = Verdict(Action.RETRY, Stage.RCPT, "Down.", Reply(421, "4.3.2", "shutting down"))
NOBODY = Verdict(Action.RETRY, Stage.CONNECT, "Nobody answers.")
GREY = verdict(Action.RETRY, stage=Stage.RCPT)


# -- whose turn it is
def waiting(**times: float | None) -> OutboxItem:
    item = item_of(ItemState.SENDING, **dict.fromkeys(times, RecipientState.DEFERRED))
    recipients = tuple(
        Recipient(each.to, each.state if at else RecipientState.PENDING, next_attempt_at=at)
        for each, at in zip(item.recipients, times.values(), strict=True)
    )
    return type(item)(**{**{name: getattr(item, name) for name in item.__slots__}, "recipients": recipients})


def asked(item: OutboxItem, limit: int | None) -> str:
    return " ".join(each.address.partition("@")[0] for each in to_ask(item, limit, START))


@pytest.mark.parametrize(
    ("times", "limit", "who"),
    [
        ({"a": None, "b": None, "c": None}, None, "a b c"),
        ({"a": None, "b": None, "c": None}, 2, "a b"),
        ({"a": START - 5, "b": START - 9, "c": None}, 2, "c b"),
        ({"a": START + 9, "b": None, "c": START}, None, "b c"),
        ({"a": START + 9, "b": START + 5, "c": START + 7}, 2, "b c"),
        ({"a": START + 30 * HOUR, "b": START + 5}, None, "a"),
    ],
)
def test_whose_turn_it_is(times: dict[str, float | None], limit: int | None, who: str) -> None:
    assert asked(waiting(**times), limit) == who


@pytest.mark.parametrize(
    ("times", "progress", "at"),
    [
        ({"a": None, "b": 300.0}, True, None),
        ({"a": 300.0, "b": 200.0}, True, 200.0),
        ({"a": None, "b": 300.0}, False, 60.0),
        ({"a": 300.0, "b": 200.0}, False, 200.0),
        ({"a": 300.0, "b": -200.0}, False, 60.0),
    ],
)
def test_at_once_only_when_somebody_was_decided(
    times: dict[str, float | None], progress: bool, at: float | None
) -> None:
    item = waiting(**{name: None if each is None else START + each for name, each in times.items()})
    found = next_round(item.open_recipients, START, progress=progress, pause=MINUTE)
    assert found == (None if at is None else START + at)


# -- the time of a recipient is durable, and outboxes from before it are read
def test_recipients_are_read_as_they_were_written_with_and_without_a_time() -> None:
    recipients = waiting(a=None, b=START + 5).recipients
    plain = json.loads(json.dumps(recipients_plain(recipients)))
    assert [len(each) for each in plain] == [8, 10]
    assert recipients_of(plain) == recipients
    assert recipients_of([each[:8] for each in plain])[1].next_attempt_at is None


def test_an_outbox_from_before_opens_unchanged_and_goes_on(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        item = store.enqueue(Incoming(message(1, "a@x.net", "b@x.net"), composing="d"))
        claimed = store.claims.take("1:1:boot:x")
        assert claimed is not None
        store.claims.record(item.id, "1:1:boot:x", SubmissionResult({"a@x.net": GREY, "b@x.net": GREY}))
    db = sqlite3.connect(tmp_path / NAME)
    values = list(db.execute(f"SELECT {', '.join(COLUMNS)} FROM item").fetchone())
    number = COLUMNS.index("recipients")
    values[number] = json.dumps(
        [each[:8] for each in json.loads(values[number])], ensure_ascii=False, separators=(",", ":")
    )
    db.execute("UPDATE item SET recipients = ?, sum = ?", (values[number], sum_of(tuple(values))))
    db.commit()
    db.close()
    with closing(store_in(tmp_path, clock)) as store:
        assert store.notice == ""
        assert store.claims.claim("2:1:boot:x") is None
        clock.move(67)
        taken = store.claims.take("2:1:boot:x")
        assert taken is not None
        assert [each.address for each in taken.to] == ["a@x.net", "b@x.net"]


# -- a server with limits, and a runner on virtual time
class Host:
    """A submission server whose recipients have characters of their own. Each attempt takes virtual time."""

    def __init__(self, clock: SetClock, seed: int) -> None:
        self.clock = clock
        self.chance = random.Random(seed)
        self.limit: int | None = self.chance.choice([None, 1, 2, 3])
        self.trouble = self.chance.choice([0.0, 0.0, 0.1])
        self.slow = self.chance.choice([0.0, 5.0, 60.0])
        self.greylisting = self.chance.choice([60.0, 300.0, 3600.0])
        self.first_asked: dict[tuple[str, str], float] = {}
        self.last_asked: dict[tuple[str, str], float] = {}
        self.attempts: dict[str, list[float]] = defaultdict(list)
        self.decided: dict[str, list[float]] = defaultdict(list)
        self.served: Counter[tuple[str, str]] = Counter()

    def says(self, item_id: str, address: str) -> Verdict:
        key = (item_id, address)
        now = self.clock.now()
        self.last_asked[key] = now
        first = self.first_asked.setdefault(key, now)
        character = address.partition("-")[0]
        if character == "grey" and now - first < self.greylisting:
            return GREY
        if character == "moody" and self.chance.random() < 0.7:
            return verdict(self.chance.choice([Action.RETRY, Action.SOON]), stage=Stage.RCPT)
        if character == "full":
            return GREY
        return verdict(Action.RECIPIENT if character == "gone" else Action.OK, stage=Stage.RCPT)

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        self.attempts[letter.item_id].append(self.clock.now())
        self.clock.move(self.chance.random() * self.slow)
        addresses = letter.envelope.addresses
        if self.chance.random() < self.trouble:
            told = self.chance.choice([NOBODY, DOWN])
            return SubmissionResult(dict.fromkeys(addresses, told), account=told)
        watcher.stage(Stage.MAIL)
        await watcher.touching()
        verdicts: dict[str, Verdict] = {}
        accepted: list[str] = []
        learnt = None
        for address in addresses:
            if self.limit is not None and len(accepted) >= self.limit:
                learnt = self.limit
                verdicts[address] = verdict(Action.SPLIT, stage=Stage.RCPT)
                continue
            verdicts[address] = self.says(letter.item_id, address)
            if verdicts[address].action is Action.OK:
                accepted.append(address)
        if accepted:
            await watcher.committing(accepted)
            if self.chance.random() < 0.05:
                verdicts |= dict.fromkeys(accepted, verdict(Action.RETRY))
                accepted = []
        for address in accepted:
            self.served[letter.item_id, address] += 1
        gone = [address for address, each in verdicts.items() if each.action is Action.RECIPIENT]
        self.decided[letter.item_id] += [self.clock.now()] * (len(accepted) + len(gone))
        return SubmissionResult(verdicts, touched=True, recipient_limit=learnt)

    async def close(self) -> None:
        """Nothing is kept."""


class Days:
    """A runner that is started again and again, as by a timer, while virtual days pass."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.clock = SetClock()
        self.box = Box(self.clock)
        self.host = Host(self.clock, seed)
        self.writer = Writer()
        self.store = store_in(folder, self.clock, self.box)

    def close(self) -> None:
        self.writer.call(self.store.close)
        self.writer.close()

    def restart(self) -> None:
        self.writer.call(self.store.close)
        self.store = store_in(self.folder, self.clock, self.box)

    async def run_once(self) -> None:
        runner = Runner(
            self.store,
            self.writer,
            lambda account: self.host,
            Announcer(),
            self.clock,
            owner=self.box.owner(),
            connections=lambda account: 2,
        )
        await runner.run_once()

    def rest(self) -> bool:
        """Sleep until something is due; False when nothing ever is."""
        due = self.writer.call(self.store.schedule.next_due, filings=False)
        if due is None:
            return False
        self.clock.time = max(self.clock.time, due)
        return True


def everybody(seed: int) -> list[str]:
    chance = random.Random(seed)
    names = ["good", "grey", "moody", "full", "gone"]
    return [f"{chance.choice(names)}-{number}@x.net" for number in range(chance.randint(1, 14))]


async def a_day_and_more(tmp_path: Path, seed: int) -> None:
    days = Days(tmp_path / "outbox", seed)
    host, clock = days.host, days.clock
    try:
        letters = {
            days.store.enqueue(Incoming(message(number, *people), composing=str(number))).id: people
            for number in range(1 + seed % 3)
            for people in [everybody(seed * 10 + number)]
        }
        chance = random.Random(-seed)
        asleep = START
        while clock.now() < START + 26 * HOUR:
            before = {each: len(host.attempts[each]) for each in letters}
            await days.run_once()
            for each, people in letters.items():
                # Every attempt but the last decided somebody; a 4yz after the dot decides nobody.
                assert len(host.attempts[each]) - before[each] <= len(people) + 1, f"{each} spins"
            for item in days.writer.call(days.store.queries.items, [ItemState.QUEUED, ItemState.DEFERRED]):
                for recipient in item.open_recipients:
                    last = host.last_asked.get((item.id, recipient.address), START)
                    assert clock.now() - max(last, asleep) < DAY, f"{recipient.address} is not asked"
            if chance.random() < 0.1:
                days.restart()
            if not days.rest():
                break
        for each, times in host.attempts.items():
            for start in times:
                begun = sum(start <= at < start + HOUR for at in times)
                decided = sum(start <= at < start + HOUR + MINUTE for at in host.decided[each])
                assert begun <= 70 + decided
        for item_id, people in letters.items():
            item = days.writer.call(days.store.queries.item, item_id)
            states = {each.address: each.state for each in item.recipients}
            for address in people:
                character = address.partition("-")[0]
                assert host.served[item_id, address] == (states[address] is RecipientState.ACCEPTED)
                if character in ("good", "grey"):
                    assert states[address] is RecipientState.ACCEPTED
                if character == "gone":
                    assert states[address] is RecipientState.REFUSED
                if character == "full":
                    assert states[address] is RecipientState.DEFERRED
    finally:
        days.close()


@pytest.mark.parametrize("seed", most_slow(range(12), 6))
async def test_a_letter_in_parts_neither_spins_nor_forgets_anybody(tmp_path: Path, seed: int) -> None:
    await a_day_and_more(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
async def test_the_same_with_many_more_letters(tmp_path: Path, seed: int) -> None:
    await a_day_and_more(tmp_path, seed)


async def test_a_learnt_limit_and_greylisting_make_no_hot_loop(tmp_path: Path) -> None:
    days = Days(tmp_path / "outbox", 0)
    days.host.limit, days.host.trouble, days.host.slow, days.host.greylisting = 2, 0.0, 0.0, 300.0
    people = ["good-1@x.net", "good-2@x.net", "grey-3@x.net", "grey-4@x.net", "grey-5@x.net", "good-6@x.net"]
    item = days.store.enqueue(Incoming(message(1, *people), composing="d"))
    try:
        await days.run_once()  # two are taken and the limit is learnt, two are put off
        assert len(days.host.attempts[item.id]) == 2
        after = days.writer.call(days.store.queries.item, item.id)
        assert (after.state, after.next_attempt_at) == (ItemState.DEFERRED, START + MINUTE)
        days.restart()
        assert days.rest()
        await days.run_once()  # those behind the deferred ones: one is taken, so the round goes on
        assert days.host.served[item.id, "good-6@x.net"] == 1
        while days.rest() and clock_in(days) < HOUR:
            await days.run_once()
        assert days.writer.call(days.store.queries.item, item.id).state is ItemState.ACCEPTED
        assert len(days.host.attempts[item.id]) < 12
    finally:
        days.close()


def clock_in(days: Days) -> float:
    return days.clock.now() - START


async def test_a_letter_at_which_the_server_hangs_up_holds_up_no_other(tmp_path: Path) -> None:
    """421 in answer to one letter pauses the account; the probe is another letter then."""
    days = Days(tmp_path / "outbox", 0)
    days.host.limit, days.host.trouble, days.host.slow = None, 0.0, 0.0
    good = [days.store.enqueue(Incoming(message(number, "good-1@x.net"), composing=str(number))) for number in range(9)]
    bad = good.pop(0)
    says = days.host.submit

    async def hang_up(letter: Letter, watcher: Watcher) -> SubmissionResult:
        if letter.item_id != bad.id:
            return await says(letter, watcher)
        days.host.attempts[bad.id].append(days.clock.now())
        await watcher.touching()
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, DOWN), account=DOWN)

    days.host.submit = hang_up  # type: ignore[method-assign]
    try:
        for _ in range(3):  # the bad one, a good one and the bad one once more, all the others
            await days.run_once()
            days.clock.move(67)
        assert {days.writer.call(days.store.queries.item, each.id).state for each in good} == {ItemState.ACCEPTED}
        while days.rest() and clock_in(days) < 5 * HOUR:
            await days.run_once()
        assert len(days.host.attempts[bad.id]) < 11
    finally:
        days.close()


async def test_what_is_deferred_while_the_outbox_is_run_waits_for_the_next_run(tmp_path: Path) -> None:
    """Each attempt takes longer than the pause: without a bound the first letter is always due again."""
    days = Days(tmp_path / "outbox", 0)
    days.host.limit, days.host.trouble, days.host.slow = None, 0.0, 0.0
    ids = [
        days.store.enqueue(Incoming(message(number, "full-1@x.net"), composing=str(number))).id for number in range(3)
    ]
    says = days.host.submit

    async def slowly(letter: Letter, watcher: Watcher) -> SubmissionResult:
        days.clock.move(4000)
        return await says(letter, watcher)

    days.host.submit = slowly  # type: ignore[method-assign]
    try:
        await days.run_once()
        assert [len(days.host.attempts[each]) for each in ids] == [1, 1, 1]
    finally:
        days.close()


# -- what a command promises of its account
@pytest.mark.parametrize("others", [0, 3])
async def test_a_command_that_fails_five_times_in_a_row_holds_its_account(tmp_path: Path, others: int) -> None:
    """As submission/sendmail says of exit 69: trouble at the recipients, without the word that it is the account's."""
    days = Days(tmp_path / "outbox", 0)
    told = Verdict(
        Action.RETRY, Stage.COMMITTING, "Not available.", Reply(0, "", "exit code 69."), AccountProblem.SERVER,
        tries=5, then=Action.ACCOUNT,
    )  # fmt: skip
    runs: list[float] = []
    broken = True

    async def run(letter: Letter, watcher: Watcher) -> SubmissionResult:
        runs.append(days.clock.now())
        await watcher.touching()
        await watcher.committing()
        done = told if broken else verdict(Action.OK)
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, done), touched=True)

    days.host.submit = run  # type: ignore[method-assign]
    ids = [days.store.enqueue(Incoming(message(number), composing=str(number))).id for number in range(1 + others)]
    try:
        while len(runs) < 5:
            assert days.writer.call(days.store.accounts.health, "work").trouble is None
            await days.run_once()
            assert days.rest()
        assert len(set(runs)) == 5  # one probe at a time, not every letter
        assert days.writer.call(days.store.accounts.health, "work").trouble is AccountProblem.SERVER
        await days.run_once()
        assert {days.writer.call(days.store.queries.item, each).state for each in ids} == {ItemState.BLOCKED}
        broken = False
        days.rest()
        await days.run_once()
        await days.run_once()
        assert {days.writer.call(days.store.queries.item, each).state for each in ids} == {ItemState.ACCEPTED}
    finally:
        days.close()


def test_the_same_trouble_on_several_connections_is_counted_once(tmp_path: Path) -> None:
    """Four letters are past their dots when the server hangs up; the probe after that is the second try."""
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        owners = [f"{number}:1:boot:x" for number in range(4)]
        for number in range(5):
            store.enqueue(Incoming(message(number), composing=str(number)))
        under_way = [store.claims.claim(each) for each in owners]
        clock.move(1)
        for owner, item in zip(owners, under_way, strict=True):
            assert item is not None
            store.claims.touching(item.id, owner)
            store.claims.committing(item.id, owner)
        for owner, item in zip(owners, under_way, strict=True):
            assert item is not None
            clock.move(1)
            store.claims.record(item.id, owner, SubmissionResult({"bob@example.net": DOWN}, account=DOWN))
            assert store.accounts.health("work").tries == 1
        clock.move(67)
        probe = store.claims.claim("9:1:boot:x")
        assert probe is not None
        store.claims.record(probe.id, "9:1:boot:x", SubmissionResult({"bob@example.net": NOBODY}, account=NOBODY))
        assert store.accounts.health("work").tries == 2


async def test_a_command_that_serves_somebody_in_between_is_not_held(tmp_path: Path) -> None:
    days = Days(tmp_path / "outbox", 0)
    told = Verdict(
        Action.RETRY, Stage.COMMITTING, "Failed inside.", Reply(0), AccountProblem.SERVER, tries=5, then=Action.ACCOUNT
    )
    count = 0

    async def run(letter: Letter, watcher: Watcher) -> SubmissionResult:
        nonlocal count
        count += 1
        await watcher.touching()
        await watcher.committing()
        bad = letter.item_id == poisoned.id
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, told if bad else verdict(Action.OK)))

    days.host.submit = run  # type: ignore[method-assign]
    poisoned = days.store.enqueue(Incoming(message(0), composing="0"))
    try:
        for number in range(1, 9):
            days.store.enqueue(Incoming(message(number), composing=str(number)))
            await days.run_once()
            assert days.writer.call(days.store.accounts.health, "work").trouble is None
            assert days.rest()
        states = Counter(each.state for each in days.writer.call(days.store.queries.items))
        assert states[ItemState.ACCEPTED] >= 7
        assert states[ItemState.BLOCKED] == 0
    finally:
        days.close()
