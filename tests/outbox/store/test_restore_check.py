"""A restored backup of the outbox: nothing that was sent goes again, and nothing waits without a word."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.outbox.restoring import DAY, WAYS, drain, instead, opened, over, sent_again
from tests.outbox.scene import Box, SetClock, filed, message, result, sent_through
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.audit_log import AuditLog
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.restore_check import STAMP
from tuimail.outbox.store.store import Store
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("way", WAYS)
def test_nothing_goes_again_that_went_since_the_backup(tmp_path: Path, way: Callable[[Path, Path], None]) -> None:
    again, asked = sent_again(tmp_path, way, letters=7)
    assert again == []
    assert asked == []


@pytest.mark.parametrize("way", WAYS)
def test_without_the_log_each_waiting_letter_is_asked_about(tmp_path: Path, way: Callable[[Path, Path], None]) -> None:
    again, asked = sent_again(tmp_path, way, letters=7, witness=False)
    assert again == []
    assert [item.state for item in asked] == [ItemState.UNCERTAIN] * 7
    assert all("backup" in item.words for item in asked)


@pytest.mark.parametrize("witness", [True, False])
def test_a_backup_of_the_letters_alone_sends_nothing_again(tmp_path: Path, witness: bool) -> None:
    again, _ = sent_again(tmp_path, instead, letters=7, witness=witness, index=False)
    assert again == []


def backup(root: Path) -> Path:
    copy = root / "backup"
    shutil.copytree(root / "outbox", copy)
    return copy


def put_back(root: Path) -> None:
    instead(root / "backup", root / "outbox")


def test_the_copy_of_a_letter_found_sent_is_still_filed(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    store.close()
    backup(tmp_path)
    store = opened(tmp_path, clock)
    drain(store)
    store.close()
    put_back(tmp_path)
    store = opened(tmp_path, clock)
    assert "1 letter had been sent since and is not sent again" in store.notice
    restored = store.queries.item(item.id)
    assert restored.state is ItemState.ACCEPTED
    assert restored.filing.state is FilingState.DUE
    assert "backup" in store.queries.timeline(item.id)[-1].words
    assert filed(store, item.id, Filing(FilingState.FILED)).state is ItemState.DONE
    store.close()
    store = opened(tmp_path, clock)
    assert store.notice == ""
    store.close()


def test_only_recipients_who_do_not_have_it_are_served(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(1, "a@x.example", "b@x.example"), composing="d"))
    store.close()
    backup(tmp_path)
    store = opened(tmp_path, clock)
    sent_through(store, "1:1:boot:x", Action.OK, Action.RETRY)
    store.close()
    put_back(tmp_path)
    store = opened(tmp_path, clock)
    states = [each.state for each in store.queries.item(item.id).recipients]
    assert states == [RecipientState.ACCEPTED, RecipientState.PENDING]
    assert [each.address for each in store.queries.item(item.id).open_recipients] == ["b@x.example"]
    assert store.queries.item(item.id).state is ItemState.QUEUED
    store.close()


def test_what_may_have_been_sent_since_is_uncertain(tmp_path: Path) -> None:
    clock = SetClock()
    box = Box(clock)
    store = opened(tmp_path, clock, box)
    item = store.enqueue(Incoming(message(), composing="d"))
    store.close()
    backup(tmp_path)
    store = opened(tmp_path, clock, box)
    store.claims.claim("1:1:boot:x")
    store.claims.touching(item.id, "1:1:boot:x")
    store.claims.committing(item.id, "1:1:boot:x")
    store.close()
    box.killed.add("1:1:boot:x")
    put_back(tmp_path)
    store = opened(tmp_path, clock, box)
    assert store.queries.item(item.id).state is ItemState.UNCERTAIN
    store.close()


def test_a_letter_in_the_middle_of_being_sent_in_the_backup_is_not_sent_again(tmp_path: Path) -> None:
    clock = SetClock()
    box = Box(clock)
    store = opened(tmp_path, clock, box)
    item = store.enqueue(Incoming(message(), composing="d"))
    owner = "1:1:boot:x"
    store.claims.claim(owner)
    store.claims.touching(item.id, owner)
    backup(tmp_path)
    store.claims.committing(item.id, owner)
    store.claims.record(item.id, owner, result(store.queries.item(item.id), Action.OK))
    store.close()
    box.killed.add(owner)
    put_back(tmp_path)
    store = opened(tmp_path, clock, box)
    store.recovery.recover()
    assert drain(store) == []
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    store.close()


def test_a_letter_taken_out_since_comes_back_with_a_question(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    store.close()
    backup(tmp_path)
    store = opened(tmp_path, clock)
    store.actions.apply(Verb.DROP, item.id)
    store.close()
    put_back(tmp_path)
    store = opened(tmp_path, clock)
    assert drain(store) == []
    assert store.queries.item(item.id).state is ItemState.HELD
    assert store.queries.item(item.id).needs_you
    store.actions.apply(Verb.RELEASE, item.id)
    store.close()
    store = opened(tmp_path, clock)
    assert store.queries.item(item.id).state is ItemState.QUEUED
    store.close()


def test_what_still_waits_after_a_restore_goes_on(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    for number in (1, 2):
        store.enqueue(Incoming(message(number), composing=f"d{number}"))
        clock.move(1)
    store.close()
    backup(tmp_path)
    clock.move(DAY)
    store = opened(tmp_path, clock)
    sent_through(store, "1:1:boot:x", Action.OK)
    store.close()
    put_back(tmp_path)
    store = opened(tmp_path, clock)
    assert [item.subject for item in drain(store)] == ["Letter 2"]
    store.close()


def test_a_resend_the_user_asked_for_is_not_stopped_by_what_was_noted_before(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    sent_through(store, "1:1:boot:x", Action.UNCERTAIN)
    store.actions.apply(Verb.RESOLVE_RESEND, item.id)
    store.close()
    store = opened(tmp_path, clock)
    assert store.notice == ""
    assert len(drain(store)) == 1
    store.close()


def test_an_outbox_from_before_the_log_is_taken_as_it_is(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    store.enqueue(Incoming(message(), composing="d"))
    store.close()
    (tmp_path / "state" / "witness").unlink()
    (tmp_path / "outbox" / "outbox.id").unlink()
    store = opened(tmp_path, clock)
    assert store.notice == ""
    assert len(drain(store)) == 1
    store.close()


def test_lines_lost_in_a_power_cut_ask_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    store.enqueue(Incoming(message(1), composing="d1"))
    before = (tmp_path / "state" / "witness").read_bytes()
    clock.move(5)
    store.enqueue(Incoming(message(2), composing="d2"))
    store.close()
    (tmp_path / "state" / "witness").write_bytes(before + b"\n1 1800")
    store = opened(tmp_path, clock)
    assert store.notice == ""
    assert len(drain(store)) == 2
    store.close()


def test_the_outbox_of_another_computer_asks_although_this_one_has_a_log(tmp_path: Path) -> None:
    clock = SetClock()
    for name in ("here", "there"):
        store = opened(tmp_path / name, clock)
        store.enqueue(Incoming(message(), composing="d"))
        clock.move(DAY)
        store.close()
    instead(tmp_path / "there" / "outbox", tmp_path / "here" / "outbox")
    store = opened(tmp_path / "here", clock)
    (item,) = store.queries.items()
    assert item.state is ItemState.UNCERTAIN
    store.actions.apply(Verb.RESOLVE_RESEND, item.id)
    store.close()
    store = opened(tmp_path / "here", clock)
    assert store.notice == ""
    store.close()


def test_a_single_letter_put_back_beside_its_tombstone_is_never_sent(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    file = store.outbox.letter_path(item.id)
    old = file.read_bytes()
    drain(store)
    filed(store, item.id, Filing(FilingState.FILED))
    store.close()
    file.write_bytes(old)
    store = opened(tmp_path, clock)
    assert drain(store) == []
    assert store.queries.item(item.id).state is ItemState.DONE
    assert not file.exists()
    store.close()


def test_a_single_letter_put_back_without_its_tombstone_is_known_as_sent(tmp_path: Path) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    file = store.outbox.letter_path(item.id)
    old = file.read_bytes()
    drain(store)
    filed(store, item.id, Filing(FilingState.FILED))
    clock.move(200 * DAY)
    assert store.prune() == 1
    store.close()
    file.write_bytes(old)
    store = opened(tmp_path, clock)
    assert drain(store) == []
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    store.close()


def test_the_log_is_shortened_and_still_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    store = opened(tmp_path, clock)
    item = store.enqueue(Incoming(message(), composing="d"))
    store.close()
    copy = backup(tmp_path)
    store = opened(tmp_path, clock)
    drain(store)
    store.close()
    monkeypatch.setattr("tuimail.outbox.store.audit_log.LARGE", 10)
    log = tmp_path / "state" / "witness"
    size = log.stat().st_size
    AuditLog(log).shorten(clock.now())
    assert log.stat().st_size < size
    over(copy, tmp_path / "outbox")
    store = opened(tmp_path, clock)
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    store.close()


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    (tmp_path / "state").write_text("in the way")
    store = opened(tmp_path, clock)
    store.enqueue(Incoming(message(), composing="d"))
    assert len(drain(store)) == 1
    store.close()


def test_a_new_outbox_is_known_to_the_log_for_good_before_it_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut in its first second must not make it one from another computer, and every letter uncertain."""
    order: list[str] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        fsync(descriptor)
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", recorded)
    (tmp_path / "outbox").mkdir(mode=0o700)
    clock = SetClock()
    Store(tmp_path / "outbox", clock, host=Box(clock), audit_log=tmp_path / "state" / "log").close()
    named = next(place for place, name in enumerate(order) if STAMP in name)
    assert "log" in order[:named]
    assert "state" in order[:named]
