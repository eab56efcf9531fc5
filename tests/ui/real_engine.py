"""The real engine over letters that a test wrote into its outbox beforehand; it sends nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.ui.scene import NOW, StoppedClock, config
from tuimail.compose.correspondents import Correspondents
from tuimail.compose.draft_store import DraftStore
from tuimail.durable import fsync_folder
from tuimail.engine import Engine
from tuimail.engine.open_stores import open_outbox
from tuimail.events import ItemChanged
from tuimail.mail.address import parse_addresses
from tuimail.mail.content import InMemory
from tuimail.mail.envelope import Envelope
from tuimail.outbox.model.item import TimelineEntry
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.database import NAME
from tuimail.outbox.store.letter_file import Head, prepare_letter
from tuimail.outbox.store.rows import Row
from tuimail.outbox.store.transaction import View
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

TIMELINE = (
    TimelineEntry(NOW - 3600, "queued"),
    TimelineEntry(NOW - 600, "attempt 1: some were refused", "rcpt", "550 5.1.1 no such user"),
)
DIALOGUE = ("S: 220 smtp.example.org ready", "C: EHLO [192.0.2.1]", "C: AUTH PLAIN ****", "S: 235 2.7.0 welcome")
PEOPLE = ("Board <board@list.example>", "Bob <bob@example.net>")
"""Written to before, the latest last."""


def bytes_of(item: OutboxItem) -> bytes:
    """A letter that fits ``item``."""
    to = ", ".join(each.address for each in item.recipients)
    subject = base64.b64encode(item.subject.encode()).decode()
    return (
        f"From: {item.sender}\r\nTo: {to}\r\nSubject: =?utf-8?b?{subject}?=\r\nMessage-ID: {item.message_id}\r\n"
        "\r\nDear all,\r\n\x1b[31mred\r\n"
    ).encode()


def write_letters(
    paths: Paths,
    items: Sequence[OutboxItem],
    *,
    settings: Config | None = None,
    contents: Mapping[str, bytes] | None = None,
    healths: Iterable[AccountHealth] = (),
) -> None:
    """Put ``items`` into the outbox, each with a letter's file, a timeline and a dialogue.

    ``contents`` has the bytes of some of them, by id; ``bytes_of`` makes the others.
    """
    with closing(open_outbox(settings or config(), paths, StoppedClock())) as store:
        written = [_with_file(store, each, (contents or {}).get(each.id)) for each in items]
        fsync_folder(paths.outbox)
        with store.outbox.writing() as tx:
            for row in written:
                tx.put(row)
                tx.add_entries(row.item.id, TIMELINE)
                tx.put_dialogue(row.item.id, DIALOGUE)
            for health in healths:
                tx.put_health(health)


def _with_file(store: Store, item: OutboxItem, content: bytes | None) -> Row:
    """The row of ``item``, whose letter is in place; one that is done has none."""
    content = bytes_of(item) if content is None else content
    item, sha256 = replace(item, size=len(content)), hashlib.sha256(content).hexdigest()
    if item.state is ItemState.DONE:
        return Row(item, sha256=sha256, offset=0)
    head = Head(
        id=item.id,
        envelope=Envelope(item.reverse_path, tuple(each.to for each in item.recipients)),
        account=item.account,
        identity=item.identity,
        composing=item.composing,
        message_id=item.message_id,
        subject=item.subject,
        sender=item.sender,
        queued_at=item.queued_at,
        digest=item.digest,
        size=len(content),
        sha256=sha256,
        not_before=item.not_before,
        held=item.state is ItemState.HELD and item.not_before is None,
        rank=item.rank,
    )
    prepared = prepare_letter(store.outbox.letter_path(item.id), head, InMemory(content))
    prepared.put_in_place()
    return Row(item, sha256=sha256, offset=prepared.offset)


def write_drafts(paths: Paths, drafts: Iterable[Draft]) -> None:
    """Keep ``drafts``."""
    private_dir(paths.data)
    with closing(DraftStore(private_dir(paths.drafts))) as store:
        for draft in drafts:
            store.save(draft)


def write_people(paths: Paths, people: Iterable[str] = PEOPLE) -> None:
    """Remember ``people``, each as written to a minute after the one before."""
    private_dir(paths.data)
    with closing(Correspondents(paths.correspondents)) as known:
        for minute, person in enumerate(people):
            known.remember(parse_addresses(person), NOW - 86_400 + 60 * minute)


@contextmanager
def _index(paths: Paths) -> Iterator[View]:
    with closing(sqlite3.connect(f"{(paths.outbox / NAME).as_uri()}?mode=ro", uri=True)) as db:
        yield View(db, paths.outbox, NOW)


def stored(paths: Paths, item_id: str) -> OutboxItem:
    """A letter as its outbox has it on the disk."""
    with _index(paths) as view:
        return view.row(item_id).item


def all_stored(paths: Paths) -> list[OutboxItem]:
    """Every letter on the disk, gone ones too, in the order they were queued."""
    with _index(paths) as view:
        return [row.item for row in view.rows("TRUE ORDER BY queued_at, id")]


def happened(paths: Paths, item_id: str) -> list[str]:
    """What the timeline says since the scene began."""
    with _index(paths) as view:
        found = view.db.execute("SELECT words FROM timeline WHERE item = ? ORDER BY number", (item_id,))
        return [words for (words,) in found][len(TIMELINE) :]


def kept_drafts(paths: Paths) -> Sequence[Draft]:
    """The drafts on the disk, newest first."""
    return DraftStore(paths.drafts).drafts()


def is_open(paths: Paths, draft_id: str) -> bool:
    """Somebody has the draft open."""
    return bool(DraftStore(paths.drafts).holder(draft_id))


class Gate:
    """Holds up calls until it is opened."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self.calls = 0
        """How many came."""
        self.waiting = 0
        """How many wait in front of it."""

    def open(self) -> None:
        """Let them go on."""
        self._opened.set()

    async def passed(self) -> None:
        """Wait until it is opened."""
        self.calls += 1
        self.waiting += 1
        try:
            await self._opened.wait()
        finally:
            self.waiting -= 1


class SceneEngine(Engine):
    """The engine of a test: its clock stands still, and no letter leaves."""

    def __init__(self, paths: Paths, *, settings: Config | None = None) -> None:
        self.stopped_clock = StoppedClock()
        super().__init__(settings or config(), paths, clock=self.stopped_clock)
        self.gates: list[Gate] = []

    async def start(self, *, run_outbox: bool = True, watch: bool = False, sync: bool = True) -> None:
        """Without the runner."""
        await super().start(run_outbox=False, watch=watch, sync=sync)

    # -- what a test does to it
    def hold(self, part: Any, method: str) -> Gate:
        """Every call of a coroutine method of ``part`` waits until the gate is opened."""
        gate, real = Gate(), getattr(part, method)
        self.gates.append(gate)

        async def held(*args: Any, **named: Any) -> Any:
            await gate.passed()
            return await real(*args, **named)

        setattr(part, method, held)
        return gate

    def refuse(self, part: Any, method: str, error: Exception) -> None:
        """The next call of a coroutine method of ``part`` raises ``error``."""
        real = getattr(part, method)

        async def refused(*args: Any, **named: Any) -> Any:
            setattr(part, method, real)
            raise error

        setattr(part, method, refused)

    async def change(self, item_id: str, **fields: Any) -> None:
        """Change a letter as another process might, and announce it."""

        def put(store: Store) -> None:
            with store.outbox.writing() as tx:
                row = tx.row(item_id)
                tx.put(replace(row, item=replace(row.item, **fields)))

        await self._outbox_store.run(put)
        self.announcer.announce(ItemChanged(item_id))

    # -- waiting for it
    @property
    def drafts_started(self) -> bool:
        """The engine was started, and not stopped again."""
        return self._draft_store.started

    @property
    def held_up(self) -> bool:
        """A call waits for the test."""
        return any(gate.waiting for gate in self.gates)

    async def caught_up(self) -> None:
        """Until the threads of its stores have done what they were given."""
        handles: tuple[StoreHandle[Any], ...] = (self._outbox_store, self._draft_store, self._correspondents)
        for handle in handles:
            if handle.started and handle._writer is not None:
                await handle._writer.run(lambda: None)
        if self.mail.accounts and self.drafts_started:
            await self.mail.look()
            await self.mail.query(lambda _reader: None)
