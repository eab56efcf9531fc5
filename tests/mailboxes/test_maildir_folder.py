"""A Maildir folder that other programs change at the same time."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tuimail.errors import StorageError
from tuimail.mailboxes.maildir_folder import (
    MaildirScanner,
    MessageGoneError,
    change_flags,
    find_folders,
    find_path,
    flags_of,
    is_new,
    open_message,
    size_of,
    unique_part,
)

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def make(folder: Path, *paths: str) -> Path:
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for path in paths:
        (folder / path).write_bytes(b"Subject: x\n\nText\n")
    return folder


def at(folder: Path, seconds: float) -> None:
    for part in ("cur", "new"):
        os.utime(folder / part, (seconds, seconds))


def scanner_of(folder: Path, clock: Clock, *known: str) -> MaildirScanner:
    return MaildirScanner(folder, known, now=clock, monotonic=clock)


def test_folders_of_maildir_plus_plus(tmp_path: Path) -> None:
    make(tmp_path)
    for name in (".Sent", ".Lists.Rust", ".INBOX"):
        make(tmp_path / name)
    (tmp_path / ".notmuch").mkdir()
    assert [(each.name, each.path) for each in find_folders(tmp_path)] == [
        ("INBOX", tmp_path),
        ("Lists/Rust", tmp_path / ".Lists.Rust"),
        ("Sent", tmp_path / ".Sent"),
    ]


def test_names_are_decoded(tmp_path: Path) -> None:
    """Dovecot writes modified UTF-7, other programs UTF-8."""
    make(tmp_path)
    for name in (".Entw&APw-rfe", ".Gelöscht", ".R&-D"):
        make(tmp_path / name)
    assert [each.name for each in find_folders(tmp_path)] == ["Entwürfe", "Gelöscht", "INBOX", "R&D"]


def test_plain_folders_and_circles(tmp_path: Path) -> None:
    for name in ("inbox", "Lists/Rust", "Sent"):
        make(tmp_path / name)
    (tmp_path / "Lists" / "again").symlink_to(tmp_path / "Lists")
    (tmp_path / "file").write_text("x")
    assert [each.name for each in find_folders(tmp_path)] == ["Lists/Rust", "Sent", "inbox"]


def test_no_maildir_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        find_folders(tmp_path / "none")


def test_names_tell_flags_and_size() -> None:
    path = "cur/1.M2P3.host,S=417,W=430:2,SFa"
    assert unique_part(path) == "1.M2P3.host,S=417,W=430"
    assert flags_of(path) == "FSa"
    assert size_of(path) == 417
    assert not is_new(path)
    assert (flags_of("new/1.x"), size_of("new/1.x"), is_new("new/1.x")) == ("", None, True)
    assert flags_of("cur/1.x:1,experimental") == ""


def test_appeared_renamed_and_gone_after_two_agreeing_scans(tmp_path: Path) -> None:
    folder, clock = make(tmp_path, "new/a", "cur/b:2,S", "cur/c:2,"), Clock()
    at(folder, clock.seconds - 10)
    scanner = scanner_of(folder, clock)
    first = scanner.scan()
    assert first.appeared == {"a": "new/a", "b": "cur/b:2,S", "c": "cur/c:2,"}
    assert first.again_in is not None
    assert scanner.scan().again_in is None
    assert scanner.unchanged()
    (folder / "new/a").rename(folder / "cur/a:2,")
    (folder / "cur/b:2,S").unlink()
    at(folder, clock.seconds - 5)
    assert not scanner.unchanged()
    change = scanner.scan()
    assert (change.appeared, change.renamed, change.gone) == ({}, {"a": "cur/a:2,"}, frozenset())
    assert change.again_in is not None
    assert "b" in scanner.files
    change = scanner.scan()
    assert (change.renamed, change.gone, change.again_in) == ({}, frozenset({"b"}), None)
    assert set(scanner.files) == {"a", "c"}


def test_a_folder_changed_a_moment_ago_is_not_believed(tmp_path: Path) -> None:
    folder, clock = make(tmp_path, "cur/a:2,"), Clock()
    at(folder, clock.seconds)
    scanner = scanner_of(folder, clock, "a", "b")
    assert scanner.scan().renamed == {"a": "cur/a:2,"}
    change = scanner.scan()
    assert (change.gone, change.again_in) == (frozenset(), 2.0)
    clock.seconds += 1.5
    change = scanner.scan()
    assert (change.gone, change.again_in) == (frozenset(), 0.5)
    clock.seconds += 0.5
    assert scanner.scan().gone == {"b"}


def test_a_change_between_two_scans_begins_anew(tmp_path: Path) -> None:
    folder, clock = make(tmp_path), Clock()
    scanner = scanner_of(folder, clock, "a")
    for age in (50, 40, 30):
        at(folder, clock.seconds - age)
        assert scanner.scan().gone == frozenset()
    assert scanner.scan().gone == {"a"}


def test_a_clock_that_is_ahead_of_ours(tmp_path: Path) -> None:
    folder, clock = make(tmp_path), Clock()
    at(folder, clock.seconds + 3600)
    scanner = scanner_of(folder, clock, "a")
    scanner.scan()
    assert scanner.scan().gone == frozenset()
    clock.seconds += 2
    assert scanner.scan().gone == {"a"}


def test_a_folder_that_is_not_there_loses_nothing(tmp_path: Path) -> None:
    folder, clock = make(tmp_path / "m", "cur/a:2,"), Clock()
    at(folder, clock.seconds - 10)
    scanner = scanner_of(folder, clock)
    scanner.scan()
    folder.rename(tmp_path / "unmounted")
    with pytest.raises(StorageError, match="cannot be read"):
        scanner.scan()
    assert not scanner.unchanged()
    (tmp_path / "unmounted").rename(folder)
    assert scanner.scan().gone == frozenset()
    assert set(scanner.files) == {"a"}


def test_flags_are_changed_by_rename_and_others_letters_stay(tmp_path: Path) -> None:
    folder = make(tmp_path, "cur/a,S=1:2,RSb")
    assert change_flags(folder, "a,S=1", add="F", remove="S", path="cur/a,S=1:2,RSb") == "cur/a,S=1:2,FRb"
    assert [each.name for each in (folder / "cur").iterdir()] == ["a,S=1:2,FRb"]
    assert change_flags(folder, "a,S=1", add="F") == "cur/a,S=1:2,FRb"


def test_a_name_that_changed_is_looked_up(tmp_path: Path) -> None:
    folder = make(tmp_path, "cur/a:2,R", "new/n")
    assert change_flags(folder, "a", add="S", path="new/a") == "cur/a:2,RS"
    assert change_flags(folder, "a", add="S", path="cur/a:2,S") == "cur/a:2,RS"
    assert change_flags(folder, "n", path="new/n") == "cur/n:2,"
    with pytest.raises(MessageGoneError):
        change_flags(folder, "none", add="S", path="cur/none:2,")


def test_never_overwrites_another_file(tmp_path: Path) -> None:
    folder = make(tmp_path, "cur/a:2,S", "new/a")
    (folder / "new/a").write_bytes(b"other")
    with pytest.raises(StorageError):
        change_flags(folder, "a", add="S", path="new/a")
    assert (folder / "new/a").read_bytes() == b"other"
    assert (folder / "cur/a:2,S").exists()


def test_opens_under_its_new_name_and_only_files(tmp_path: Path) -> None:
    folder = make(tmp_path, "cur/a:2,S")
    file, path = open_message(folder, "a", path="new/a")
    with file:
        assert file.read() == b"Subject: x\n\nText\n"
    assert path == "cur/a:2,S"
    os.mkfifo(folder / "cur/pipe:2,")
    (folder / "cur/link:2,").symlink_to("/etc/passwd")
    for unique in ("pipe", "link"):
        with pytest.raises(StorageError, match="cannot be read"):
            open_message(folder, unique)
    with pytest.raises(MessageGoneError):
        open_message(folder, "none")


@pytest.mark.on_disk
def test_beside_mutt_and_a_delivery_agent(tmp_path: Path) -> None:
    """Another thread renames, delivers and deletes while we scan and set flags: none is lost, none wrongly gone."""
    names = [f"{number:05}.host,S=17" for number in range(2000)]
    folder = make(tmp_path, *(f"cur/{name}:2," for name in names))
    there = set(names)
    deleted: set[str] = set()
    stop = threading.Event()

    def others() -> None:
        chance = random.Random(1)
        number = 0
        mine = [name for name in names if not name.endswith("7.host,S=17")]
        while not stop.is_set():
            number += 1
            delivered = f"new{number:05}.host"
            (folder / "tmp" / delivered).write_bytes(b"Subject: n\n\nN\n")
            (folder / "tmp" / delivered).rename(folder / "new" / delivered)
            there.add(delivered)
            for name in chance.sample(mine, 20):
                change_flags(folder, name, add="S" if number % 2 else "", remove="" if number % 2 else "S")
            victim = mine.pop()
            deleted.add(victim)
            (folder / find(folder, victim)).unlink()
            there.discard(victim)
            time.sleep(0.001)

    thread = threading.Thread(target=others)
    scanner = MaildirScanner(folder)
    scanner.scan()
    thread.start()
    until = time.monotonic() + 2
    gone: set[str] = set()
    try:
        while time.monotonic() < until:
            gone |= scanner.scan().gone
            for name in names[7:2000:400]:
                change_flags(folder, name, add="F", path=scanner.files[name])
    finally:
        stop.set()
        thread.join()
    assert gone <= deleted
    while (again := (change := scanner.scan()).again_in) is not None:
        gone |= change.gone
        time.sleep(again)
    gone |= change.gone
    assert gone == deleted
    assert set(scanner.files) == there
    assert all("F" in flags_of(scanner.files[name]) for name in names[7:2000:400])
    assert all(is_new(path) for unique, path in scanner.files.items() if unique.startswith("new"))


def find(folder: Path, unique: str) -> str:
    path = find_path(folder, unique)
    assert path is not None
    return path
