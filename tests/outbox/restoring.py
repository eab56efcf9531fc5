"""Yesterday's outbox put back over today's. ``sent_again`` is the whole proof at any size."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.outbox.scene import Box, SetClock, message, sent_through
from tuimail.outbox.model.states import Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem

DAY = 86400.0


def opened(root: Path, clock: SetClock, box: Box | None = None) -> Store:
    """The outbox of ``root``, with its log beside it."""
    folder = root / "outbox"
    return Store(folder, clock, host=box or Box(clock), chance=lambda: 0.5, audit_log=root / "state" / "witness")


def over(copy: Path, folder: Path) -> None:
    """As ``cp -a copy/. folder``: what is there and not in the copy stays."""
    shutil.copytree(copy, folder, dirs_exist_ok=True)


def in_place(copy: Path, folder: Path) -> None:
    """As ``rsync --inplace --delete``: the same inodes with the old bytes."""
    for each in folder.iterdir():
        if not (copy / each.name).exists():
            each.unlink()
    for each in copy.iterdir():
        (folder / each.name).write_bytes(each.read_bytes())


def instead(copy: Path, folder: Path) -> None:
    """The folder is deleted, the copy takes its place."""
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)


WAYS: tuple[Callable[[Path, Path], None], ...] = (over, in_place, instead)


def drain(store: Store, *actions: Action) -> list[OutboxItem]:
    """Send what is due; the letters that went."""
    owner = store.outbox.host.owner() if isinstance(store.outbox.host, Box) else ""
    sent: list[OutboxItem] = []
    while store.schedule.accounts_due():
        sent.append(sent_through(store, owner, *(actions or (Action.OK,))))
    return sent


def sent_again(
    root: Path, way: Callable[[Path, Path], None], *, letters: int, witness: bool = True, index: bool = True
) -> tuple[list[OutboxItem], list[OutboxItem]]:
    """Copy an outbox of waiting letters, send them, put the copy back, run: (what went again, what is asked about).

    ``witness``: the log elsewhere survived. ``index``: the copy has an index, else its letters alone.
    """
    clock = SetClock()
    store = opened(root, clock)
    for number in range(letters):
        store.enqueue(Incoming(message(number), composing=f"d{number}"))
    if letters > 2:
        store.actions.apply(Verb.HOLD, store.queries.items()[-1].id)
    store.close()
    copy = root / "backup"
    shutil.copytree(root / "outbox", copy)
    if not index:
        (copy / "index.db").unlink()
    clock.move(DAY)
    store = opened(root, clock)
    for item in store.queries.items():
        if item.not_before is None and str(item.state) == "held":
            store.actions.apply(Verb.RELEASE, item.id)
    assert len(drain(store)) == letters
    store.close()
    way(copy, root / "outbox")
    if not index:
        (root / "outbox" / "index.db").unlink(missing_ok=True)
    if not witness:
        (root / "state" / "witness").unlink()
    clock.move(DAY)
    store = opened(root, clock)
    try:
        store.recovery.recover()
        again = drain(store)
        return again, [each for each in store.queries.items() if each.needs_you]
    finally:
        store.close()
