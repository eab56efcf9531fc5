"""The log of what was sent: whatever others put into its place, letters are sent and commands end."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.outbox.restoring import opened
from tests.outbox.scene import SetClock, message
from tuimail.errors import ForeignStoreError
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store import audit_log as module
from tuimail.outbox.store.audit_log import AuditLog, Note
from tuimail.outbox.store.enqueue import Incoming

if TYPE_CHECKING:
    from pathlib import Path


def line(text: str) -> bytes:
    """A line whose checksum fits."""
    return b"%s %08x\n" % (text.encode(), zlib.crc32(text.encode()))


@pytest.mark.parametrize(
    "odd",
    [
        line("1 x letter -"),
        line("1 nan letter -"),
        line("1 inf letter -"),
        line("1 1e999 letter -"),
        line("1 " + "9" * 5000 + " letter -"),
        line("1 5 letter abc"),
        line("1 5 letter a=b,c"),
        line("1 5 letter 01234567=z"),
        line("1 5 le/tter -"),
        line("2 5 letter -"),
        line("1 5 letter"),
        b"1 5 letter - 00000000\n",
        b"1 5 letter - zzzzzzzz\n",
        b"1 5 letter - +1234567\n",
        b"\xff\x00\xfe" * 1000,
        b"=" * 100_000,
    ],
)
def test_lines_that_do_not_parse_are_skipped(tmp_path: Path, odd: bytes) -> None:
    file = tmp_path / "witness"
    before, after = line("1 1800000000 first 01234567=a,89abcdef=p"), line("1 1800000001 second !-")
    file.write_bytes(before + b"\n" + odd + b"\n" + after)
    file.chmod(0o600)
    assert AuditLog(file).memory().notes == {
        "first": Note(1_800_000_000.0, False, {"01234567": "a", "89abcdef": "p"}),
        "second": Note(1_800_000_001.0, True, {}),
    }


def test_only_the_end_of_an_endless_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "witness"
    file.write_bytes(b"".join(line(f"1 {number} letter{number} -") for number in range(1000)))
    monkeypatch.setattr(module, "LARGEST", 300)
    names = list(AuditLog(file).memory().notes)
    assert names[-1] == "letter999"
    assert 5 < len(names) < 20


@pytest.mark.parametrize("what", ["pipe", "link", "folder", "zero"])
def test_what_is_no_file_of_ours_neither_hangs_nor_stops_the_outbox(tmp_path: Path, what: str) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    place = state / "witness"
    if what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    else:
        target = tmp_path / "target"
        target.write_bytes(line("1 1800000000 first 01234567=a"))
        place.symlink_to("/dev/zero" if what == "zero" else target)
    assert AuditLog(place).memory().notes == {}
    store = opened(tmp_path, SetClock())
    try:
        assert store.enqueue(Incoming(message(), composing="d")).state is ItemState.QUEUED
    finally:
        store.close()


def test_a_state_folder_of_others_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(ForeignStoreError, match="Others may write to the folder"):
        opened(tmp_path, SetClock())
    state.chmod(0o700)
    opened(tmp_path, SetClock()).close()


def test_a_state_folder_that_cannot_be_made_is_no_reason_not_to_send(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"in the way")
    opened(tmp_path, SetClock()).close()
