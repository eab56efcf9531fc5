"""A real account is synced and changed while the link is cut at the commands: nothing is lost, doubled or wrong.

Here a part of the points; ``python -m tests.proof imap`` cuts at all of them and kills the process as well.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support import changed_account
from tests.support.changed_account import WAYS
from tests.support.imap_gate import Cut, imap_gate
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail.config import secrets
from tuimail.sync import imap_proof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.changed_account import Wrong
    from tests.support.dovecot import Dovecot
    from tests.support.imap_gate import ImapGate

pytestmark = pytest.mark.real_servers

EVERY = 37
"""Points from one that is tried to the next."""


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[None]:
    set_clock(monkeypatch, now)
    yield
    secrets.forget("work")


def run(gate: ImapGate, folder: Path, now: list[float], cuts: dict[int, Cut]) -> tuple[int, Wrong]:
    """How many commands there were, and what is wrong in the end."""
    user = SyncedUser(gate, folder, now)
    changed_account.prepare(gate.target, user.name)
    gate.cuts = {}
    assert user.sync().error is None
    with closing(user.journal()) as journal:
        changed_account.act(gate.target, user.name, journal)
    gate.passed.clear()
    gate.cuts = cuts
    user.sync_to_the_end()
    expunged = b"UIDPLUS" not in gate.hidden
    return len(gate.passed), changed_account.wrong(gate.target, user.account, user.paths, expunged=expunged)


@pytest.mark.parametrize("way", WAYS)
def test_a_link_that_is_cut_at_a_command_loses_and_doubles_nothing(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        count, problems = run(gate, tmp_path / "whole", now, {})
        assert problems == (0, 0, ())
        points = [(number, cut) for number in range(count) for cut in Cut]
        for number, cut in points[list(WAYS).index(way) :: EVERY]:
            _, problems = run(gate, tmp_path / f"{number} {cut}", now, {number: cut})
            assert problems == (0, 0, ()), f"{cut} {number}"


@pytest.mark.parametrize("way", ["MOVE", "COPY"])
def test_without_the_proof_the_same_cuts_do_harm(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above can fail."""
    monkeypatch.setattr(imap_proof, "matched", lambda *_: {})
    with imap_gate(dovecot, *WAYS[way]) as gate:
        run(gate, tmp_path / "whole", now, {})
        number = gate.passed.index(f"UID {way}".encode())
        _, problems = run(gate, tmp_path / "cut", now, {number: Cut.UNANSWERED})
    assert problems.doubled if way == "COPY" else problems.words
