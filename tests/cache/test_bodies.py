"""The files of messages that are kept on this machine."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuimail.cache.bodies import BodyStore, place_name
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_790_000_000.0
DAY = 86_400.0


def giving(*pieces: bytes, there: bool = True) -> Callable[[Callable[[bytes], object]], bool]:
    def fetch(write: Callable[[bytes], object]) -> bool:
        for each in pieces:
            write(each)
        return there

    return fetch


def read(store: BodyStore, mailbox: str, key: str) -> bytes | None:
    file = store.open(mailbox, key)
    if file is None:
        return None
    with file:
        return file.read()


def test_what_was_kept_is_read_and_removed(tmp_path: Path) -> None:
    store = BodyStore(tmp_path / "bodies")
    assert not store.has("INBOX", "1.1")
    kept = store.keep("INBOX", "1.1", giving(b"one", b"two"), used=NOW)
    assert kept is not None
    assert (kept.size, kept.used, kept.place) == (6, NOW, place_name("INBOX", "1.1"))
    assert store.find("INBOX", "1.1") == kept
    assert list(store.kept(now=NOW)) == [kept]
    assert read(store, "INBOX", "1.1") == b"onetwo"
    assert read(store, "INBOX", "1.2") is None
    assert read(store, "Inbox", "1.1") is None
    found = store.find("INBOX", "1.1")
    assert found is not None
    assert found.used > NOW, "it counts as used when it is opened"
    store.remove("INBOX", "1.1")
    assert not store.has("INBOX", "1.1")
    assert store.find("INBOX", "1.1") is None


def test_what_was_not_fetched_to_the_end_is_not_kept(tmp_path: Path) -> None:
    store = BodyStore(tmp_path / "bodies")
    assert store.keep("INBOX", "1.1", giving(b"part", there=False)) is None

    def cut(write: Callable[[bytes], object]) -> bool:
        write(b"part")
        raise ConnectionError

    with pytest.raises((ConnectionError, StorageError)):
        store.keep("INBOX", "1.1", cut)
    assert not store.has("INBOX", "1.1")
    assert [each for each in (tmp_path / "bodies").rglob("*") if each.is_file()] == []


def test_a_name_without_its_bytes_does_not_count_as_kept(tmp_path: Path) -> None:
    """A power cut can leave that; nobody is to find out only when the server is out of reach."""
    store = BodyStore(tmp_path / "bodies")
    for key in ("1.1", "1.2", "1.3"):
        kept = store.keep("INBOX", key, giving(b"as it came"))
        assert kept is not None
        os.truncate(kept.path, 0)
    assert not store.has("INBOX", "1.1")
    assert store.find("INBOX", "1.2") is None
    assert list(store.kept(now=NOW)) == []
    assert [each for each in (tmp_path / "bodies").rglob("*") if each.is_file()] == []
    store.keep("INBOX", "1.1", giving(b"again"))
    assert read(store, "INBOX", "1.1") == b"again"


def test_a_damaged_file_is_removed_and_never_read(tmp_path: Path) -> None:
    store = BodyStore(tmp_path / "bodies")
    kept = store.keep("INBOX", "1.1", giving(b"as it came"))
    assert kept is not None
    kept.path.write_bytes(b"as it cane")
    assert store.has("INBOX", "1.1")
    assert read(store, "INBOX", "1.1") is None
    assert not store.has("INBOX", "1.1")


def test_what_a_crash_left_unfinished_goes_after_a_day(tmp_path: Path) -> None:
    store = BodyStore(tmp_path / "bodies")
    kept = store.keep("INBOX", "1.1", giving(b"x"), used=NOW)
    assert kept is not None
    young, old = (kept.path.parent / f"{kept.place}.{word}.part" for word in ("young", "old"))
    for path, age in ((young, 0.5), (old, 1.5)):
        path.write_bytes(b"unfinished")
        os.utime(path, (NOW - age * DAY,) * 2)
    assert list(store.kept(now=NOW)) == [kept]
    assert young.exists()
    assert not old.exists()
    assert read(store, "INBOX", "1.1") == b"x"


def test_several_threads_that_keep_the_same_message_keep_it_once(tmp_path: Path) -> None:
    store = BodyStore(tmp_path / "bodies")
    together = threading.Barrier(4)

    def work() -> None:
        def fetch(write: Callable[[bytes], object]) -> bool:
            write(b"be")
            together.wait()
            write(b"gin")
            return True

        store.keep("INBOX", "1.1", fetch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(list(store.kept(now=NOW))) == 1
    assert read(store, "INBOX", "1.1") == b"begin"


names = st.sampled_from([("INBOX", "1.1"), ("INBOX", "1.2"), ("A/b", "1.1"), ("\udcff", "2.1")])
steps = st.tuples(st.sampled_from(["keep", "cut", "gone", "remove", "damage", "open"]), names, st.binary(max_size=9))


@settings(deadline=None)
@given(st.lists(steps, max_size=20))
def test_in_any_order_it_has_what_was_kept_last(
    tmp_path_factory: pytest.TempPathFactory, work: list[tuple[str, tuple[str, str], bytes]]
) -> None:
    store = BodyStore(tmp_path_factory.mktemp("bodies"))
    model: dict[tuple[str, str], bytes] = {}
    for what, name, content in work:
        if what == "keep" and name not in model:
            assert store.keep(*name, giving(content)) is not None
            model[name] = content
        elif what == "cut":
            with pytest.raises(RuntimeError):
                store.keep(*name, _cut)
        elif what == "gone":
            assert store.keep(*name, giving(content, there=False)) is None
        elif what == "remove":
            store.remove(*name)
            model.pop(name, None)
        elif what == "damage" and (found := store.find(*name)) is not None:
            found.path.write_bytes(model.pop(name) + b"!")
            assert read(store, *name) is None
        assert read(store, *name) == model.get(name)
        assert {each.place for each in store.kept(now=NOW)} == {place_name(*each) for each in model}


def _cut(write: Callable[[bytes], object]) -> bool:
    write(b"half")
    raise RuntimeError
