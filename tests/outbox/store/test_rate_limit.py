"""An account never sends more than it may: the user's limit and the server's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.outbox.restoring import drain
from tests.outbox.scene import Box, SetClock, host_trouble, message, sent_through, store_in, unreachable
from tuimail.config.model import Account, Identity, Rate, Server
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.model.rate_limit import FORGET_AFTER, learnt, next_allowed, without_old_limits
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.outbox.store.store import Store

HOUR, DAY = 3600.0, 86400.0


@given(
    st.lists(st.integers(0, 10_000)).map(sorted),
    st.integers(1, 5),
    st.sampled_from([60.0, HOUR]),
    st.integers(0, 10_000),
)
def test_no_window_ever_holds_more_than_the_limit(begun: list[int], letters: int, seconds: float, now: int) -> None:
    begun = [at for at in begun if at <= now]
    allowed = next_allowed(begun, Rate(letters, seconds), now)
    at = now if allowed is None else allowed
    assert at >= now
    assert sum(at - seconds < each for each in begun) < letters


@pytest.mark.parametrize(
    ("hour", "day", "delay", "rate"),
    [(50, 200, HOUR, Rate(50, HOUR)), (50, 200, DAY, Rate(200, DAY)), (0, 200, HOUR, None), (0, 0, DAY, None)],
)
def test_a_refusal_tells_the_limit(hour: int, day: int, delay: float, rate: Rate | None) -> None:
    assert learnt(hour, day, delay) == rate


def queue_up(store: Store, count: int) -> None:
    for number in range(count):
        store.enqueue(Incoming(message(number), composing=f"d{number}"))


def test_the_users_limit_is_kept_and_the_rest_waits_without_trouble(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    store.outbox.rates = {"work": Rate(3, HOUR)}
    queue_up(store, 5)
    assert len(drain(store)) == 3
    assert store.schedule.next_due(filings=False) == clock.now() + HOUR
    assert {item.state for item in store.queries.items() if item.state is not ItemState.ACCEPTED} == {ItemState.QUEUED}
    assert store.recovery.recover() == []
    clock.move(HOUR - 1)
    assert drain(store) == []
    clock.move(1)
    assert len(drain(store)) == 2
    store.close()


def test_letters_under_way_count(tmp_path: Path) -> None:
    store = store_in(tmp_path / "outbox", SetClock())
    store.outbox.rates = {"work": Rate(2, HOUR)}
    queue_up(store, 5)
    assert [store.claims.claim(f"{each}:1:boot:x") is not None for each in range(3)] == [True, True, False]
    store.close()


@pytest.mark.parametrize("way", ["put back", "not connected", "taken back"])
def test_a_letter_that_was_not_sent_does_not_count(tmp_path: Path, way: str) -> None:
    clock = SetClock()
    box = Box(clock)
    store = store_in(tmp_path / "outbox", clock, box)
    store.outbox.rates = {"work": Rate(1, HOUR)}
    queue_up(store, 2)
    me = "1:1:boot:x"
    item = store.claims.claim(me)
    assert item is not None
    assert store.claims.claim("2:1:boot:x") is None
    if way == "put back":
        store.claims.unclaim(item.id, me)
    elif way == "not connected":
        store.claims.record(item.id, me, unreachable(item))
    else:
        box.killed.add(me)
        store.recovery.recover("2:1:boot:x")
    clock.move(60)
    assert store.accounts.health("work").paced_until is None
    assert len(drain(store)) == 1
    assert drain(store) == []
    clock.move(HOUR)
    assert len(drain(store)) == 1
    store.close()


@pytest.mark.parametrize(("actions", "counts"), [((Action.OK, Action.RETRY), True), ((Action.RETRY,), False)])
def test_a_letter_that_somebody_has_counts_though_others_still_wait(
    tmp_path: Path, actions: tuple[Action, ...], counts: bool
) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    store.outbox.rates = {"work": Rate(1, HOUR)}
    store.enqueue(Incoming(message(1, "a@x.net", "b@x.net"), composing="a"))
    sent_through(store, "1:1:boot:x", *actions)
    assert (store.accounts.health("work").paced_until is not None) is counts
    store.close()


def test_another_account_is_not_held_up(tmp_path: Path) -> None:
    store = store_in(tmp_path / "outbox", SetClock())
    store.outbox.rates = {"work": Rate(1, HOUR)}
    queue_up(store, 2)
    store.enqueue(Incoming(message(9, account="home"), composing="h"))
    assert sorted(item.account for item in drain(store)) == ["home", "work"]
    store.close()


def test_the_servers_limit_is_learnt_kept_over_a_restart_and_forgotten_in_a_week(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    queue_up(store, 8)
    for _ in range(3):
        sent_through(store, "1:1:boot:x", Action.OK)
    item = store.claims.claim("1:1:boot:x")
    assert item is not None
    quota = AccountProblem.QUOTA
    told = Verdict(Action.ACCOUNT, Stage.MAIL, "Limit.", Reply(450, "", "too many"), problem=quota, delay=HOUR)
    store.claims.record(item.id, "1:1:boot:x", host_trouble(item, told))
    health = store.accounts.health("work")
    assert (health.trouble, health.rate_limit, health.rate_window) == (AccountProblem.QUOTA, 3, HOUR)
    store.close()
    store = store_in(tmp_path / "outbox", clock)
    clock.move(2 * HOUR)
    assert len(drain(store)) == 3
    assert store.accounts.health("work").trouble is None
    assert drain(store) == []
    clock.move(FORGET_AFTER)
    assert store.accounts.health("work").rate_limit is None
    assert len(drain(store)) == 2
    store.close()


def test_the_limit_of_recipients_is_kept_over_a_restart_and_forgotten_in_a_week(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    with store.outbox.writing() as tx:
        tx.put_health(AccountHealth("work", recipient_limit=50))
    store.close()
    store = store_in(tmp_path / "outbox", clock)
    assert store.accounts.health("work").recipient_limit == 50
    clock.move(FORGET_AFTER)
    assert store.accounts.health("work").recipient_limit is None
    store.close()


def test_each_limit_has_an_age_of_its_own(tmp_path: Path) -> None:
    """What is learnt later, or sent meanwhile, keeps no older limit alive."""
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    store.accounts.learn_connection_limit("work", connections=2)
    clock.move(5 * DAY)
    with store.outbox.writing() as tx:
        tx.put_health(replace(store.accounts.health("work"), recipient_limit=50, rate_limit=9, rate_window=HOUR))
    queue_up(store, 1)
    assert len(drain(store)) == 1
    store.close()
    store = store_in(tmp_path / "outbox", clock)
    assert limits(store) == (2, 50, 9)
    clock.move(2 * DAY)
    assert limits(store) == (None, 50, 9)
    queue_up_more(store)
    assert len(drain(store)) == 1
    assert limits(store) == (None, 50, 9)
    store.accounts.learn_connection_limit("work", connections=3)
    clock.move(5 * DAY)
    assert limits(store) == (3, None, None)
    clock.move(2 * DAY)
    assert limits(store) == (None, None, None)
    store.close()


def queue_up_more(store: Store) -> None:
    store.enqueue(Incoming(message(77), composing="more"))


def limits(store: Store) -> tuple[int | None, int | None, int | None]:
    health = store.accounts.health("work")
    return health.connection_limit, health.recipient_limit, health.rate_limit


def test_limits_of_a_clock_that_was_set_back_are_forgotten() -> None:
    health = AccountHealth("work", rate_limit=3, rate_window=HOUR, rate_limit_at=500.0)
    assert without_old_limits(health, 100.0).rate_limit is None


def test_an_account_at_its_pace_says_so_without_alarm() -> None:
    account = Account("work", (Identity("a@x.example"),), Server("smtp.example.org", 465), rate=Rate(100, HOUR))
    notice = account_notice(AccountHealth("work", paced_until=900.0), account, 100.0)
    assert notice is not None
    assert "100 letters an hour" in notice.happened
    assert notice.next_try == 900.0
    assert not notice.needs_you
    assert account_notice(AccountHealth("work", paced_until=900.0), account, 901.0) is None
