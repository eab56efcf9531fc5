"""Drafts survive: full disks, kills, damage, other processes."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import stat
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose import draft_file
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.draft_store import PATIENCE, PAUSE, DraftStore
from tuimail.errors import NoSuchItemError, OutboxError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from tuimail.compose.draft_store import DraftStore
print(DraftStore(Path(sys.argv[1])).acquire(sys.argv[2]), flush=True)
sys.stdin.read()
"""
LOOKER = """
import sys
from pathlib import Path
from tuimail.compose.draft_store import DraftStore
store = DraftStore(Path(sys.argv[1]))
print("looking", flush=True)
while True:
    store.holder(sys.argv[2])
"""
TEXT = st.text(st.characters())


@pytest.fixture
def store(tmp_path: Path) -> DraftStore:
    return DraftStore(tmp_path / "drafts")


@given(
    st.builds(
        Draft,
        to=TEXT,
        subject=TEXT,
        body=TEXT,
        attachments=st.lists(st.builds(Attachment, TEXT, TEXT, TEXT, st.integers(0), TEXT), max_size=2).map(tuple),
        references=st.lists(TEXT, max_size=2).map(tuple),
        headers=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
        updated_at=st.floats(0, 1e12),
        postponed=st.booleans(),
    )
)
def test_any_draft_comes_back_from_its_file(draft: Draft) -> None:
    assert draft_file.decode(draft_file.encode(draft)) == draft


@given(
    st.one_of(
        st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
    )
)
def test_any_damage_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        draft_file.decode(content)


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"id": 5}, {"to": None}, {"attachments": [{}]}, {"headers": [["x"]]}, {"postponed": 1}],
)
def test_a_damaged_field_is_not_guessed_at(change: dict[str, object]) -> None:
    document = json.loads(draft_file.encode(Draft(to="a@b"))) | change
    with pytest.raises(ValueError, match=r"."):
        draft_file.decode(json.dumps(document).encode())


def test_saved_drafts_are_listed_newest_first(store: DraftStore) -> None:
    assert store.drafts() == []
    old, new = Draft(subject="old", updated_at=1.0), Draft(subject="new", updated_at=2.0, postponed=True)
    store.save(old)
    store.save(new)
    store.save(replace(old, body="more"))
    assert store.drafts() == [new, replace(old, body="more")]
    assert store.load(new.id) == new


def test_everything_is_private(store: DraftStore) -> None:
    before = os.umask(0)
    try:
        store.save(Draft(id="d1"))
        store.acquire("d1")
    finally:
        os.umask(before)
    for path in (store.root, store.root / "d1"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (store.root / "d1").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_keeps_the_old_draft(store: DraftStore, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft(body="old")
    store.save(draft)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match=r"^The disk is full: "):
            store.save(replace(draft, body="new"))
    assert store.load(draft.id) == draft
    assert not list(store.folder(draft.id).glob(".*"))


def test_a_damaged_draft_is_set_aside_and_the_others_are_listed(
    store: DraftStore, caplog: pytest.LogCaptureFixture
) -> None:
    good = Draft(subject="good")
    store.save(good)
    for _ in range(2):
        store.save(Draft(id="bad"))
        (store.root / "bad" / "draft.json").write_bytes(b'{"version": 1, "id": "bad", "to"')
        with pytest.raises(StorageError, match="is damaged"):
            store.load("bad")
        with caplog.at_level(logging.WARNING):
            assert store.drafts() == [good]
    assert "set aside" in caplog.text
    assert (store.root / "bad.damaged" / "draft.json").exists()
    assert (store.root / "bad.damaged.1" / "draft.json").exists()
    assert store.drafts() == [good]


def test_unknown_ids(store: DraftStore) -> None:
    store.discard("nothing")
    with pytest.raises(NoSuchItemError):
        store.load("nothing")
    for evil in ("../x", "", "a/b", ".", "x\0", "y" * 65):
        with pytest.raises(NoSuchItemError):
            store.load(evil)
        with pytest.raises(NoSuchItemError):
            store.save(Draft(id=evil))


def test_discarding_takes_the_files_along(store: DraftStore) -> None:
    store.save(Draft(id="d1"))
    (store.folder("d1") / "scan.pdf").write_bytes(b"x")
    assert store.acquire("d1")
    store.discard("d1")
    assert list(store.root.iterdir()) == []
    assert not store.owned_elsewhere("d1")


def test_owning_without_saving_leaves_nothing(store: DraftStore) -> None:
    assert store.acquire("d1")
    assert store.acquire("d1")
    store.release("d1")
    store.release("d1")
    assert list(store.root.iterdir()) == []


def test_leftovers_of_a_killed_save_are_tidied_when_the_draft_is_opened(store: DraftStore) -> None:
    store.save(Draft(id="d1"))
    (store.root / "d1" / ".draft.json.0123.tmp").write_bytes(b"half")
    assert store.acquire("d1")
    assert sorted(each.name for each in (store.root / "d1").iterdir()) == ["draft.json", "lock"]


def test_another_process_may_look_but_not_write_until_the_owner_dies(store: DraftStore) -> None:
    draft = Draft(id="d1", body="theirs")
    store.save(draft)
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root), "d1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"True\n"
        assert store.owned_elsewhere("d1")
        assert not store.acquire("d1")
        assert store.load("d1") == draft
        assert store.drafts() == [draft]
        with pytest.raises(OutboxError, match="open in another tuimail"):
            store.save(draft)
        with pytest.raises(OutboxError, match="open in another tuimail"):
            store.discard("d1")
    finally:
        owner.kill()
        owner.communicate()
    assert not store.owned_elsewhere("d1")
    assert store.acquire("d1")
    store.save(replace(draft, body="mine"))
    assert store.load("d1").body == "mine"


def test_one_who_merely_looks_is_no_owner_and_keeps_nobody_from_opening_a_draft(
    store: DraftStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Draft(id="d1"))
    look = os.open(store.root / "d1" / "lock", os.O_RDONLY)
    fcntl.flock(look, fcntl.LOCK_SH)  # a look that is under way; it is over when opening tries again
    monkeypatch.setattr("tuimail.compose.draft_store.time.sleep", lambda seconds: os.close(look))
    assert not DraftStore(store.root).owned_elsewhere("d1")
    assert store.acquire("d1")
    assert DraftStore(store.root).owned_elsewhere("d1")


def test_opening_does_not_wait_long_for_an_owner(store: DraftStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(Draft(id="d1"))
    assert store.acquire("d1")
    at = iter(range(1000))
    pauses: list[float] = []
    monkeypatch.setattr("tuimail.compose.draft_store.time.monotonic", lambda: next(at) * PATIENCE / 10)
    monkeypatch.setattr("tuimail.compose.draft_store.time.sleep", pauses.append)
    assert not DraftStore(store.root).acquire("d1")
    assert pauses == [PAUSE] * 9


def test_a_draft_is_opened_every_time_while_another_process_looks_without_a_pause(store: DraftStore) -> None:
    store.save(Draft(id="d1"))
    looker = subprocess.Popen(
        [sys.executable, "-c", LOOKER, str(store.root), "d1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert looker.stdout is not None
        assert looker.stdout.readline() == b"looking\n"
        opened = 0
        for _ in range(300):
            opened += store.acquire("d1")
            store.release("d1")
    finally:
        looker.kill()
        looker.communicate()
    assert opened == 300
