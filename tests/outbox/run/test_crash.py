"""Killed before every call that writes: nothing is lost, nothing is doubled unless it is flagged uncertain."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.outbox import crash_scene
from tests.outbox.crash_scene import letter, people
from tuimail.clock import SystemClock
from tuimail.errors import StorageError
from tuimail.mail.content import whole
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.store import Store
from tuimail.submission.result import Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.on_disk


TOLD = 73
"""The child met the full disk and said so in words."""


def die_at(folder: Path, ledger: Path, last: int, count: int, error: OSError | None) -> bool:
    """Run the scene in a forked child; whether it came to the end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            crash_scene.main(folder, ledger, last, count, error)
            code = 0
        except StorageError:
            code = TOLD
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in ((0, -9) if error is None else (0, TOLD)), code
    return "end" in (ledger.read_text().split() if ledger.exists() else [])


def go_on(folder: Path, ledger: Path, count: int) -> tuple[list[str], int]:
    """Start again, send what may be sent; the ledger's lines, and how many recipients were uncertain."""
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    store = Store(folder, SystemClock())
    owner = store.outbox.host.owner()
    store.recovery.recover(owner)
    items = store.queries.items(set(ItemState))
    if "queued" in lines:
        assert len(items) == 1, "a letter that the composer was told of"
    assert len(items) <= 1
    uncertain = 0
    for item in items:
        if item.state is ItemState.HELD:
            assert item.found
            assert "queued" not in lines
            store.actions.apply(Verb.RELEASE, item.id)
        if item.state is ItemState.UNCERTAIN:
            uncertain = item.count(RecipientState.UNCERTAIN)
            store.actions.apply(Verb.RESOLVE_SENT, item.id)
    while claimed := store.claims.claim(owner):
        assert b"".join(store.queries.content(claimed.id).chunks()) == whole(letter(count).content)
        lines.extend(f"sent {each.address}" for each in claimed.open_recipients)
        store.claims.committing(claimed.id, owner)
        verdict = Verdict(Action.OK, Stage.COMMITTING, "", Reply(250))
        addresses = [each.address for each in claimed.open_recipients]
        store.claims.record(claimed.id, owner, SubmissionResult(dict.fromkeys(addresses, verdict)))
    while filing := store.sent_copies.claim(owner):
        lines.append("filed")
        store.sent_copies.record(filing.id, owner, Filing(FilingState.FILED))
    for item in items:
        assert store.queries.item(item.id).state is ItemState.DONE
    store.close()
    again = Store(folder, SystemClock())
    assert again.notice == ""
    kept = {item.id for item in again.queries.items([ItemState.DONE]) if item.resolved_by_user}
    assert {each.stem for each in folder.glob("*.letter")} == kept
    assert list(folder.glob(".*.tmp")) == []
    again.close()
    return lines, uncertain


def sweep(tmp_path: Path, count: int, step: int, *, before: bool = False, error: OSError | None = None) -> None:
    uncertain_at = []
    last = 1
    met = True
    while met:
        folder, ledger = tmp_path / f"at{last}", tmp_path / f"ledger{last}"
        if before:
            Store(folder, SystemClock()).close()
        # An error that was survived and the end of the scene look the same: go on for a while.
        met = not die_at(folder, ledger, last, count, error) or (error is not None and last < 100)
        lines, uncertain = go_on(folder, ledger, count)
        for address in people(count):
            sent = lines.count(f"sent {address}")
            if "queued" in lines:
                # Said to be sent by the user when uncertain: then it may be missing, and never is it doubled.
                assert sent == 1 or (sent == 0 and uncertain), (last, address, lines)
            assert sent <= 1, (last, address, lines)
        if uncertain:
            uncertain_at.append(last)
        last += step
    assert last > 40
    # From the committing mark to the answer's mark, per transaction: what a power cut leaves in doubt.
    assert len(uncertain_at) <= 7 * ((count + 1) // 2), uncertain_at


def test_killed_before_every_write_of_a_letters_life(tmp_path: Path) -> None:
    sweep(tmp_path, 1, 1, before=True)


def test_killed_while_the_outbox_is_being_made_and_the_server_splits(tmp_path: Path) -> None:
    sweep(tmp_path, 3, 4)


def test_a_disk_that_fills_up_at_any_write_is_told_and_harms_nothing(tmp_path: Path) -> None:
    sweep(tmp_path, 1, 3, before=True, error=OSError(errno.ENOSPC, "No space left on device"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_broken_disk_at_every_write_is_told_and_harms_nothing(tmp_path: Path, number: int) -> None:
    sweep(tmp_path, 3, 1, error=OSError(number, os.strerror(number)))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("before", [True, False])
def test_killed_before_every_write_of_other_letters(tmp_path: Path, count: int, before: bool) -> None:
    sweep(tmp_path, count, 1, before=before)
