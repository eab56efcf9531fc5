"""What other programs do to a Maildir is told at once, in bursts that cost one look, and whatever happens to it."""

from __future__ import annotations

import errno
import os
import queue
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncinotify
import pytest

from tuimail.errors import StorageError
from tuimail.mailboxes import watch
from tuimail.mailboxes.maildir_folder import MaildirScanner, change_flags, find_folders
from tuimail.mailboxes.watch import FileWatch, WatchedPlace, maildir_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "Maildir"
    make(made, ".Lists")
    return made


def make(root: Path, *folders: str) -> None:
    for folder in ("", *folders):
        for part in ("cur", "new", "tmp"):
            (root / folder / part).mkdir(parents=True, exist_ok=True)


def deliver(folder: Path, name: str) -> None:
    temporary = folder / "tmp" / name
    temporary.write_text("Subject: x\n\nText\n")
    temporary.rename(folder / "new" / name)


class Told:
    """A watch, and how often it told something."""

    def __init__(self, places: Callable[[], Iterator[WatchedPlace]], most: int = watch.MOST_WATCHED) -> None:
        self.watch = FileWatch(places, self._tell, most=most)
        self._told: queue.Queue[None] = queue.Queue()
        self.hold = threading.Event()
        self.hold.set()
        self.times = 0

    def _tell(self) -> None:
        self.times += 1
        self._told.put(None)
        self.hold.wait(PATIENCE)

    def wait(self) -> None:
        """For the next time."""
        self._told.get(timeout=PATIENCE)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true after it was told."""
        while not true():
            self.wait()


@contextmanager
def watching(root: Path, **options: Any) -> Iterator[Told]:
    told = Told(lambda: maildir_places(root), **options)
    assert told.watch.open()
    try:
        yield told
    finally:
        told.hold.set()
        told.watch.close()


@pytest.mark.parametrize("folder", ["", ".Lists"])
def test_delivery_flags_and_deletion_are_told(root: Path, folder: str) -> None:
    with watching(root) as told:
        deliver(root / folder, "1.a")
        told.wait()
        (root / folder / "new" / "1.a").rename(root / folder / "cur" / "1.a:2,S")
        told.wait()
        (root / folder / "cur" / "1.a:2,S").unlink()
        told.wait()
        assert told.watch.is_complete


def test_a_delivery_by_a_second_name_is_told(root: Path) -> None:
    """Postfix and many others link the file into ``new``; nothing tells whether it is complete."""
    with watching(root) as told:
        (root / "tmp" / "1.a").write_text("Subject: x\n\nText\n")
        (root / "new" / "1.a").hardlink_to(root / "tmp" / "1.a")
        told.wait()


def test_a_file_that_is_being_written_is_told_when_it_is_closed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SETTLE", 3600.0)
    with watching(root) as told:
        with (root / "new" / "1.a").open("w") as file:
            file.write("Subject: x\n")
            file.flush()
            assert told.times == 0
        told.wait()


def test_new_folders_are_watched_too(root: Path) -> None:
    with watching(root) as told:
        make(root, ".New", "plain/deep")
        told.until(lambda: {"New", "plain/deep"} <= {each.name for each in find_folders(root)})
        for folder in (".New", "plain/deep"):
            deliver(root / folder, "1.a")
            told.until(lambda folder=folder: (root / folder / "new" / "1.a").exists())  # type: ignore[misc]
            before = told.times
            (root / folder / "new" / "1.a").unlink()
            told.until(lambda before=before: told.times > before)  # type: ignore[misc]


def test_a_folder_that_is_gone_is_told_and_not_watched_any_more(root: Path, tmp_path: Path) -> None:
    with watching(root) as told:
        (root / ".Lists").rename(tmp_path / "elsewhere")
        told.wait()
        told.until(lambda: told.times >= 2)  # its watches end
        before = told.times
        deliver(tmp_path / "elsewhere", "1.a")
        deliver(root, "2.a")
        told.wait()
        assert told.times == before + 1


def test_what_servers_keep_beside_the_messages_is_not_told(root: Path) -> None:
    with watching(root) as told:
        for number in range(20):
            (root / f"dovecot-uidlist.{number}").write_text("x")
            (root / f"dovecot-uidlist.{number}").rename(root / "dovecot-uidlist")
        deliver(root, "1.a")
        told.wait()
        assert told.times == 1


def test_a_look_is_not_told_so_that_no_look_follows_from_a_look(root: Path) -> None:
    deliver(root, "1.a")
    with watching(root) as told:
        change_flags(root, "1.a", add="S")
        told.wait()
        before = told.times
        for folder in find_folders(root):
            for path in MaildirScanner(folder.path).scan().appeared.values():
                (folder.path / path).read_bytes()
        deliver(root, "2.a")
        told.wait()
        assert told.times == before + 1


def test_thousands_of_changes_are_told_a_few_times(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_MOST_EVENTS", 1 << 20)
    with watching(root) as told:
        told.hold.clear()
        deliver(root, "1.a")
        told.wait()
        for number in range(2000):
            deliver(root, f"{number}.b")
        told.hold.set()
        told.wait()
        (root / "new" / "1.a").unlink()
        told.wait()
        assert told.times == 3


def test_more_changes_than_the_system_remembers_mean_that_all_is_looked_at(root: Path) -> None:
    """The folder is made while events are being dropped, and still what comes into it is told."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    deliver(root, "1.a")
    with watching(root) as told:
        told.hold.clear()
        deliver(root, "2.a")
        told.wait()
        here, there = root / "new" / "1.a", root / "cur" / "1.a:2,"
        for _ in range(limit // 4 + 10):
            here.rename(there)
            there.rename(here)
        make(root, ".New")
        told.hold.set()
        told.until(lambda: watched(told, root / ".New" / "new"))
        before = told.times
        deliver(root / ".New", "1.a")
        told.until(lambda: told.times > before)


def watched(told: Told, folder: Path) -> bool:
    return folder in {each.path for each in dict(told.watch._watched).values()}


def test_the_maildir_itself_goes_and_comes_back(root: Path, tmp_path: Path) -> None:
    with watching(root) as told:
        root.rename(tmp_path / "aside")
        told.until(lambda: told.watch.is_lost)
        assert not told.watch.is_complete
    assert not FileWatch(lambda: maildir_places(root), lambda: None).open()
    (tmp_path / "aside").rename(root)
    with watching(root) as told:
        deliver(root, "1.a")
        told.wait()


def test_a_bound_on_what_is_watched(root: Path) -> None:
    with watching(root, most=3) as told:
        assert not told.watch.is_complete
        deliver(root, "1.a")
        told.wait()


def refusing(number: int) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_system_that_refuses_is_no_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncinotify, "Inotify", refusing(errno.EMFILE))
    assert not FileWatch(lambda: maildir_places(root), lambda: None).open()


def test_a_system_that_has_no_watches_left(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add, added = asyncinotify.Inotify.add_watch, 0

    def refuse_soon(self: asyncinotify.Inotify, *given: Any) -> asyncinotify.Watch:
        nonlocal added
        added += 1
        return add(self, *given) if added <= 3 else refusing(errno.ENOSPC)()

    monkeypatch.setattr(asyncinotify.Inotify, "add_watch", refuse_soon)
    with watching(root) as told:
        assert not told.watch.is_complete
        deliver(root, "1.a")
        told.wait()


def test_places_that_cannot_be_found_out(root: Path) -> None:
    def places() -> Iterator[WatchedPlace]:
        if root.exists():
            raise StorageError("no")
        yield WatchedPlace(root)

    assert not FileWatch(places, lambda: None).open()


def test_a_single_file(tmp_path: Path) -> None:
    """As an mbox is: appended to, and replaced."""
    path = tmp_path / "mbox"
    path.write_text("a")
    told = Told(lambda: iter([WatchedPlace(path)]))
    assert told.watch.open()
    with path.open("a") as file:
        file.write("b")
        file.flush()
        told.wait()
    told.wait()
    (tmp_path / "other").write_text("c")
    (tmp_path / "other").rename(path)
    told.wait()
    before = told.times
    path.write_text("d")
    told.until(lambda: told.times > before)
    told.watch.close()
    told.watch.close()


def test_it_ends_at_once_and_leaves_no_descriptor_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with watching(root) as told:
        assert any(each.name == "file watch" for each in threading.enumerate())
        deliver(root, "1.a")
        told.wait()
    assert not any(each.name == "file watch" for each in threading.enumerate())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
