"""The power is cut in a sync and replay at a real server: nothing is lost or doubled.

A few of the steps each time; all of them with ``-m slow``.
"""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support import changed_account
from tests.support.changed_account import WAYS
from tests.support.imap_gate import Cut, imap_gate
from tests.sync.failing_power import FailingPower, PowerCut, Saved
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail.config import secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.changed_account import Wrong
    from tests.support.dovecot import Dovecot
    from tests.support.imap_gate import ImapGate

pytestmark = pytest.mark.real_servers

NOTHING = (0, 0, ())
CUTS = (Cut.BEFORE, Cut.INSIDE, Cut.UNANSWERED)
"""Where the client waits for the server, so that what is on the disk stands still."""
EVERY = 37
"""Steps from one that is tried to the next."""


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[FailingPower]:
    set_clock(monkeypatch, now)
    yield FailingPower(monkeypatch)
    secrets.forget("work")


class Account:
    """Letters at the server that were synced once, and what the user did to them since."""

    def __init__(self, gate: ImapGate, folder: Path, now: list[float], disk: FailingPower) -> None:
        self.gate, self.folder, self.disk = gate, folder, disk
        self.user = SyncedUser(gate, folder / "home", now)
        changed_account.prepare(gate.target, self.user.name)
        gate.cuts = {}
        disk.reset()

    def act(self, *, synced: bool) -> None:
        """``synced``: the disk fails only at what comes after the first sync."""
        if synced:
            assert self.user.sync().error is None
            with closing(self.user.journal()) as journal:
                changed_account.act(self.gate.target, self.user.name, journal)
        self.disk.reset()
        self.gate.passed.clear()

    def wrong(self, *, synced: bool) -> Wrong:
        self.disk.reset()
        self.gate.cuts = {}
        if not synced:
            self.act(synced=True)
        self.user.sync_to_the_end()
        found = self._compared()
        if found != NOTHING and all(each.endswith("is not kept") for each in found.words):
            # Damaged letters are not read when somebody opens them, and fetched again.
            self.user.sync_to_the_end()
            found = self._compared()
        shutil.rmtree(self.folder)
        return found

    def _compared(self) -> Wrong:
        hidden = b"UIDPLUS" in self.gate.hidden
        return changed_account.wrong(self.gate.target, self.user.account, self.user.paths, expunged=not hidden)


class Once:
    """Calls a function the first time."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._calls = [call]

    def __call__(self) -> None:
        if self._calls:
            self._calls.pop()()


class OnlyUntil(dict[int, Cut]):
    """The link is cut at a command, and at every one after it: without power nothing more is done."""

    def __init__(self, number: int, cut: Cut) -> None:
        super().__init__({number: cut})
        self._number = number

    def get(self, number: int, default: object = None) -> Cut | None:  # type: ignore[override]
        return Cut.BEFORE if number > self._number else super().get(number)


def cut_at(account: Account, moment: int, *, synced: bool) -> bool:
    """Sync until the power is cut; whether it came to that."""
    account.act(synced=synced)
    saved = Saved(account.user.paths, account.folder / "saved")
    account.disk.cut_at, account.disk.at_cut = moment, saved.keep
    try:
        account.user.sync()
    except PowerCut:
        saved.put_back(random.Random(moment))
        return True
    return False


def cut_at_command(account: Account, number: int, cut: Cut, *, older: bool = False) -> None:
    """Sync until the power is cut at a command; ``older``: the journal forgets as well what it had committed."""
    account.act(synced=True)
    saved = Saved(account.user.paths, account.folder / "saved")
    if older:
        saved.keep()
    else:
        account.gate.on_cut = Once(saved.keep)
    account.gate.cuts = OnlyUntil(number, cut)
    account.user.sync()
    account.gate.on_cut = lambda: None
    if older or len(account.gate.passed) > number:
        saved.put_back(random.Random(number))


class Tried:
    """Runs on accounts of their own."""

    def __init__(self, dovecot: Dovecot, folder: Path, now: list[float], disk: FailingPower, way: str) -> None:
        self.dovecot, self.folder, self.now, self.disk, self.way = dovecot, folder, now, disk, way
        self.number = 0

    def account(self, gate: ImapGate) -> Account:
        self.number += 1
        return Account(gate, self.folder / str(self.number), self.now, self.disk)

    def sizes(self, gate: ImapGate, *, synced: bool) -> tuple[int, int]:
        """Moments and commands of a sync with which nothing is wrong."""
        account = self.account(gate)
        account.act(synced=synced)
        assert account.user.sync().error is None
        found = self.disk.moments, len(gate.passed)
        assert account.wrong(synced=synced) == NOTHING
        return found

    def cut(self, first: int, every: int) -> None:
        """The power is cut at a transaction."""
        with imap_gate(self.dovecot, *WAYS[self.way]) as gate:
            for synced in (False, True):
                for moment in range(first, self.sizes(gate, synced=synced)[0], every):
                    account = self.account(gate)
                    assert cut_at(account, moment, synced=synced)
                    assert account.wrong(synced=synced) == NOTHING, f"{self.way}, {moment}, {synced=}"

    def cut_in_talk(self, first: int, every: int) -> None:
        """The power is cut at a command, with what the server did and told by then."""
        with imap_gate(self.dovecot, *WAYS[self.way]) as gate:
            count = self.sizes(gate, synced=True)[1]
            for number, cut in [(number, cut) for number in range(count) for cut in CUTS][first::every]:
                account = self.account(gate)
                cut_at_command(account, number, cut)
                assert account.wrong(synced=True) == NOTHING, f"{self.way}, {cut} {number}"


@pytest.fixture(params=WAYS)
def tried(
    request: pytest.FixtureRequest, dovecot: Dovecot, tmp_path: Path, now: list[float], disk: FailingPower
) -> Tried:
    return Tried(dovecot, tmp_path, now, disk, request.param)


def test_a_power_cut_at_a_transaction_loses_and_doubles_nothing(tried: Tried) -> None:
    tried.cut(list(WAYS).index(tried.way) * 5, EVERY)


def test_a_power_cut_at_a_command_loses_and_doubles_nothing(tried: Tried) -> None:
    tried.cut_in_talk(list(WAYS).index(tried.way) * 5, EVERY)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_at_every_step(tried: Tried) -> None:
    tried.cut(0, 1)
    tried.cut_in_talk(0, 1)


def test_a_journal_that_a_cut_takes_back_doubles(
    dovecot: Dovecot, tmp_path: Path, now: list[float], disk: FailingPower
) -> None:
    """So the tests above can fail."""
    tried = Tried(dovecot, tmp_path, now, disk, "COPY")
    with imap_gate(dovecot, *WAYS["COPY"]) as gate:
        tried.sizes(gate, synced=True)
        number = gate.passed.index(b"UID COPY")
        account = tried.account(gate)
        cut_at_command(account, number, Cut.UNANSWERED, older=True)
        assert account.wrong(synced=True).doubled
