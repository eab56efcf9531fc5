"""What one process does to the outbox is heard in the others."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.outbox.run.test_processes import forked
from tests.outbox.scene import message
from tuimail.clock import SystemClock
from tuimail.coordination.change_notifier import FOLDER, ChangeListener, ChangeNotifier, Peer, PeerRole, neighbours
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Heard:
    """Counts what an listener hears."""

    def __init__(self) -> None:
        self.times = 0
        self.again = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self.again.set()

    async def next(self) -> None:
        async with asyncio.timeout(20):
            await self.again.wait()
        self.again.clear()


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "outbox"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
def listener(outbox: Path, heard: Heard, event_loop_of_test: asyncio.AbstractEventLoop) -> Iterator[ChangeListener]:
    listener = ChangeListener(outbox, PeerRole.WATCH, heard)
    assert listener.open(event_loop_of_test)
    yield listener
    listener.close()


@pytest.fixture
async def event_loop_of_test() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def bells(outbox: Path) -> set[str]:
    return {each.name for each in (outbox / FOLDER).iterdir()}


async def test_a_letter_another_process_queues_is_heard_at_once(
    outbox: Path, listener: ChangeListener, heard: Heard
) -> None:
    def queue() -> None:
        store = Store(outbox, SystemClock())
        store.enqueue(Incoming(message(), composing="c"))
        store.close()

    await asyncio.to_thread(queue)
    await heard.next()


async def test_looking_rings_nobody(
    outbox: Path, listener: ChangeListener, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(outbox, SystemClock())
    rung = 0

    def count() -> None:
        nonlocal rung
        rung += 1

    store.outbox.index.committed = count
    assert store.queries.items() == []
    store.recovery.recover()
    store.schedule.retry_all_now()  # nothing waits: nothing is changed
    assert rung == 0
    store.enqueue(Incoming(message(), composing="c"))
    assert rung == 1
    store.close()


async def test_a_transaction_that_was_undone_rings_nobody(outbox: Path, listener: ChangeListener) -> None:
    store = Store(outbox, SystemClock())
    rung: list[bool] = []
    store.outbox.index.committed = lambda: rung.append(True)

    def fail() -> None:
        with store.outbox.writing() as tx:
            tx.db.execute("INSERT INTO timeline (item, number, at, words, stage, reply) VALUES ('x', 1, 0, '', '', '')")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    store.close()
    assert rung == []


async def test_nobody_hears_its_own_bell(outbox: Path, listener: ChangeListener, heard: Heard) -> None:
    other_heard = Heard()
    other = ChangeListener(outbox, PeerRole.APP, other_heard)
    assert other.open(asyncio.get_running_loop())
    notifier = ChangeNotifier(outbox)
    notifier.own = listener.name
    notifier.notify()
    await other_heard.next()
    other.close()
    assert heard.times == 0


async def test_a_flood_is_heard_a_few_times_and_its_end_is_heard(
    outbox: Path, listener: ChangeListener, heard: Heard
) -> None:
    notifier = ChangeNotifier(outbox)
    notifier.notify()
    await heard.next()
    for _ in range(2000):
        notifier.notify()
    await heard.next()  # what came while it was deaf
    assert heard.times == 2


async def test_the_sender_puts_off_all_but_the_first_and_the_last_ring_of_a_burst(outbox: Path) -> None:
    put_off: list[Callable[[], None]] = []
    rung = 0
    notifier = ChangeNotifier(outbox)
    notifier.later = lambda seconds, ring: put_off.append(ring)

    def count() -> None:
        nonlocal rung
        rung += 1

    notifier._send_all = count  # type: ignore[method-assign]
    notifier._sent_at = time.monotonic() + 3600  # the burst lasts
    for _ in range(100):
        notifier.notify()
    assert (rung, len(put_off)) == (0, 1)
    put_off[0]()
    assert rung == 1
    put_off[0]()
    assert rung == 1  # nothing was owing


async def test_what_is_owing_is_rung_when_the_outbox_is_closed(
    outbox: Path, listener: ChangeListener, heard: Heard
) -> None:
    store = Store(outbox, SystemClock())
    store.change_notifier.later = lambda seconds, ring: None
    store.change_notifier._sent_at = time.monotonic() + 3600
    store.enqueue(Incoming(message(), composing="c"))
    store.close()
    await heard.next()


async def test_a_ring_put_off_into_an_event_loop_that_is_closed_is_rung_at_once(
    outbox: Path, listener: ChangeListener, heard: Heard
) -> None:
    def closed(seconds: float, ring: Callable[[], None]) -> None:
        raise RuntimeError("Event loop is closed")

    notifier = ChangeNotifier(outbox)
    notifier.later = closed
    notifier._sent_at = time.monotonic() + 3600
    notifier.notify()
    await heard.next()


async def test_a_process_that_was_stopped_holds_up_nobody(outbox: Path, listener: ChangeListener, heard: Heard) -> None:
    stopped = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = listener.name[:-6] + "ffffff"
    descriptor = os.open(outbox / FOLDER, os.O_RDONLY)
    stopped.bind(f"/proc/self/fd/{descriptor}/{name}" if sys.platform == "linux" else str(outbox / FOLDER / name))
    os.close(descriptor)
    notifier = ChangeNotifier(outbox)
    for _ in range(1000):  # nobody reads at the other's
        notifier.notify()
    await heard.next()
    stopped.close()


async def test_it_is_private(outbox: Path, listener: ChangeListener) -> None:
    assert stat.S_IMODE((outbox / FOLDER).stat().st_mode) == 0o700
    assert stat.S_IMODE((outbox / FOLDER / listener.name).stat().st_mode) == 0o600


async def test_a_closed_ear_leaves_nothing_behind(outbox: Path, listener: ChangeListener) -> None:
    assert bells(outbox) == {listener.name}
    listener.close()
    listener.close()
    assert bells(outbox) == set()
    assert neighbours(outbox) == []


async def test_a_path_too_long_for_a_socket_will_do(tmp_path: Path, heard: Heard) -> None:
    deep = tmp_path / ("x" * 120) / "outbox"
    deep.mkdir(parents=True, mode=0o700)
    listener = ChangeListener(deep, PeerRole.APP, heard)
    opened = listener.open(asyncio.get_running_loop())
    assert opened == (sys.platform == "linux")
    if opened:
        ChangeNotifier(deep).notify()
        await heard.next()
    listener.close()


async def test_a_disk_that_takes_no_sockets_is_no_error(outbox: Path, heard: Heard) -> None:
    (outbox / FOLDER).write_text("in the way")
    listener = ChangeListener(outbox, PeerRole.APP, heard)
    assert not listener.open(asyncio.get_running_loop())
    listener.close()
    store = Store(outbox, SystemClock())
    assert store.enqueue(Incoming(message(), composing="c")).id
    store.close()


def test_a_folder_others_may_write_to_is_not_used(outbox: Path) -> None:
    (outbox / FOLDER).mkdir()
    (outbox / FOLDER).chmod(0o777)
    loop = asyncio.new_event_loop()
    listener = ChangeListener(outbox, PeerRole.APP, lambda: None)
    assert not listener.open(loop)
    loop.close()


def test_who_works_on_the_outbox_is_known_and_who_was_killed_is_cleared_away(outbox: Path) -> None:
    ready, said = os.pipe()

    def work() -> None:
        async def listen() -> None:
            assert ChangeListener(outbox, PeerRole.WATCH, lambda: None).open(asyncio.get_running_loop())
            os.write(said, b"!")
            await asyncio.sleep(60)

        asyncio.run(listen())

    child = forked(work)
    assert os.read(ready, 1) == b"!"
    assert neighbours(outbox) == [Peer(PeerRole.WATCH, child, here=True)]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert neighbours(outbox) == []
    assert len(bells(outbox)) == 1
    ChangeNotifier(outbox).notify()
    assert bells(outbox) == set()
    for descriptor in (ready, said):
        os.close(descriptor)


@pytest.mark.parametrize(("age", "kept"), [(0.0, True), (2 * 86_400.0, False)])
def test_another_machines_socket_is_left_alone_for_a_day(outbox: Path, age: float, kept: bool) -> None:
    name = "watch.17.00000000.abcdef"
    (outbox / FOLDER).mkdir(mode=0o700)
    os.mknod(outbox / FOLDER / name, 0o600 | stat.S_IFSOCK)
    then = time.time() - age
    os.utime(outbox / FOLDER / name, (then, then))
    ChangeNotifier(outbox).notify()
    assert ((outbox / FOLDER / name).exists()) == kept


def test_files_of_others_in_the_folder_are_left_alone(outbox: Path) -> None:
    (outbox / FOLDER).mkdir(mode=0o700)
    for name in ("notes.txt", "watch.1.0.zzzzzz", "watch.17.00000000.abcdef"):
        (outbox / FOLDER / name).write_text("mine")
        os.utime(outbox / FOLDER / name, (0, 0))
    ChangeNotifier(outbox).notify()
    assert len(bells(outbox)) == 3
    assert neighbours(outbox) == []
