"""What an earlier tuimail wrote opens unchanged, with a backup first: outbox, witness, drafts, correspondents."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.outbox.scene import Box, SetClock
from tuimail.compose.correspondents import Correspondents
from tuimail.compose.draft_store import DraftStore
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState
from tuimail.outbox.store.schema import VERSION
from tuimail.outbox.store.store import Store
from tuimail.paths import Paths
from tuimail.submission.result import AccountProblem

WRITTEN = Path(__file__).parent / "data" / "version-0.1"
WRITTEN_AT = 1_795_800_000.0
WRITTEN_BY = 2
"""The version of its index."""

LETTERS = {
    "Grant renewal": (ItemState.FAILED, ["refused", "refused", "accepted"], FilingState.FILED, 1),
    "Invoice 1843-118": (ItemState.UNCERTAIN, ["uncertain"], FilingState.NONE, 1),
    "Theatre tickets": (ItemState.BLOCKED, ["pending"], FilingState.NONE, 0),
    "Corrected proofs": (ItemState.ACCEPTED, ["accepted"], FilingState.DUE, 1),
    "That last remark of yours": (ItemState.HELD, ["pending"], FilingState.NONE, 0),
    "Happy birthday": (ItemState.HELD, ["pending"], FilingState.NONE, 0),
    "Minutes of the board": (ItemState.DEFERRED, ["deferred"], FilingState.NONE, 1),
    "Drawings of the mill": (ItemState.QUEUED, ["pending"], FilingState.NONE, 0),
}


@pytest.fixture
def found(tmp_path: Path) -> Paths:
    """A private copy of what it left."""
    root = tmp_path / "user"
    shutil.copytree(WRITTEN, root)
    for path in (root, *root.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return Paths.under(root)


def opened(paths: Paths) -> Store:
    clock = SetClock(WRITTEN_AT)
    return Store(paths.outbox, clock, host=Box(clock), chance=lambda: 0.5, audit_log=paths.outbox_audit_log)


def test_every_letter_is_as_it_was(found: Paths) -> None:
    with closing(opened(found)) as store:
        assert store.notice == ""
        items = {each.subject: each for each in store.queries.items()}
        assert {
            subject: (item.state, [each.state.value for each in item.recipients], item.filing.state, item.attempts)
            for subject, item in items.items()
        } == LETTERS
        refused = items["Grant renewal"].recipients[0]
        assert refused.state is RecipientState.REFUSED
        assert str(refused.reply) == "550 5.1.1 no such user here"
        for item in items.values():
            content = b"".join(store.queries.content(item.id).chunks())
            assert len(content) == item.size
            assert f"Message-ID: {item.message_id}".encode() in content
        assert store.queries.dialogue(items["Minutes of the board"].id)[-1] == "S: 421 4.3.2 try again later"
        assert store.queries.timeline(items["Minutes of the board"].id)
        assert [store.accounts.health(each).trouble for each in ("work", "home")] == [None, AccountProblem.SIGN_IN]


def test_what_may_go_goes_and_nothing_else(found: Paths) -> None:
    with closing(opened(found)) as store:
        claimed = []
        while (item := store.claims.claim("9:1:boot:x")) is not None:
            claimed.append(item.subject)
    assert claimed == ["Drawings of the mill"]


def test_the_index_is_kept_as_it_was_before_it_is_changed(found: Paths) -> None:
    before = (found.outbox / "index.db").read_bytes()
    opened(found).close()
    with closing(sqlite3.connect(found.outbox / f"index.before-{WRITTEN_BY + 1}")) as backup:
        kept = backup.execute("SELECT id, state, recipients FROM item ORDER BY id").fetchall()
        assert backup.execute("PRAGMA user_version").fetchone() == (WRITTEN_BY,)
    copy = found.outbox / "as-written.db"
    copy.write_bytes(before)
    with closing(sqlite3.connect(copy)) as written:
        assert kept == written.execute("SELECT id, state, recipients FROM item ORDER BY id").fetchall()
    with closing(sqlite3.connect(found.outbox / "index.db")) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_the_letters_alone_give_the_same_outbox(found: Paths) -> None:
    (found.outbox / "index.db").unlink()
    with closing(opened(found)) as store:
        items = {each.subject: each.state for each in store.queries.items()}
    # Attempts and accounts stand in the index only: what was deferred or blocked is tried again.
    again = {ItemState.DEFERRED: ItemState.QUEUED, ItemState.BLOCKED: ItemState.QUEUED}
    assert items == {subject: again.get(state, state) for subject, (state, *_) in LETTERS.items()}


def test_drafts_and_correspondents_are_there(found: Paths) -> None:
    drafts = DraftStore(found.drafts).drafts()
    assert [each.subject for each in drafts] == ["A thought about loops", "Your lecture on Friday"]
    assert drafts[1].postponed
    with closing(Correspondents(found.correspondents)) as correspondents:
        assert correspondents.complete("Luigi") == ["Luigi Menabrea <luigi@torino.example>"]
