"""A command line in process: a private home, an engine that records, and one that is real."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

import tuimail.engine
from tuimail.cli import main
from tuimail.clock import SystemClock
from tuimail.errors import NoSuchItemError, OutboxError, TuimailError
from tuimail.events import Announcer
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.outbox.model.delivery_options import NONE, DeliveryOptions
from tuimail.outbox.model.item import AccountHealth, ItemState, Order, OutboxItem, Outcome, Recipient, Verb, after
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.coordination.change_notifier import Peer

T = TypeVar("T")

CONFIG = """\
default_account = "work"
[accounts.work]
address = "ada@example.org"
name = "Ada"
aliases = ["countess@example.org"]
[accounts.work.submission]
host = "smtp.example.org"
username = "ada"
[accounts.home]
address = "ada@lovelace.example"
[accounts.home.submission]
command = ["/usr/sbin/sendmail", "-oi"]
"""


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


class Stdin(io.TextIOWrapper):
    """Standard input with ``text``; a person at a terminal, or a pipe."""

    def __init__(self, raw: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(raw), encoding="utf-8")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def home() -> Paths:
    """The folders the command line uses here."""
    return Paths.from_environment()


@pytest.fixture
def write_config(home: Paths) -> Callable[[str], None]:
    """Write the config file."""

    def write(text: str = CONFIG) -> None:
        home.config_file.parent.mkdir(parents=True, exist_ok=True)
        home.config_file.write_text(text)
        home.config_file.chmod(0o600)

    return write


@pytest.fixture
def tuimail_(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run one command line in process."""

    def run(*argv: str, text: str | bytes = "hello\n", terminal: bool = False) -> Ran:
        raw = text.encode() if isinstance(text, str) else text
        monkeypatch.setattr(sys, "stdin", Stdin(raw, terminal=terminal))
        code = main(list(argv))
        return Ran(code, *capsys.readouterr())

    return run


def an_item(state: ItemState = ItemState.QUEUED, **changes: object) -> OutboxItem:
    """An item as the outbox would give it."""
    item = OutboxItem(
        id="3k9x7m2p4q",
        state=state,
        account="work",
        identity="ada@example.org",
        sender="Ada <ada@example.org>",
        reverse_path="ada@example.org",
        subject="Minutes",
        message_id="<m@example.org>",
        size=1234,
        recipients=(Recipient(EnvelopeRecipient("bob@example.net")),),
        queued_at=1_800_000_000.0,
        composing="d",
        digest="x",
    )
    return replace(item, **changes)  # type: ignore[arg-type]  # fields by name


@dataclass
class FakeEngine:
    """All parts of an engine: records what is asked; ``becomes`` is the state the next letter ends in."""

    config: Config
    paths: Paths
    becomes: OutboxItem
    log: list[object]
    announcer: Announcer = field(default_factory=Announcer)
    clock: SystemClock = field(default_factory=SystemClock)
    known: dict[str, OutboxItem] = field(default_factory=dict)
    trouble: AccountHealth | None = None
    refusal: TuimailError | None = None
    watching: Sequence[Peer] = ()

    def __post_init__(self) -> None:
        self.outbox = self.drafts = self.accounts = self.sent = self

    async def query(self, ask: Callable[[FakeEngine], T]) -> T:
        return ask(self)

    async def start(self, *, run_outbox: bool = True, watch: bool = False) -> None:
        self.log.append(("start", run_outbox))

    async def stop(self) -> None:
        self.log.append("stop")

    async def enqueue(
        self,
        draft: Draft,
        *,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        same_within: float | None = None,
        wishes: DeliveryOptions = NONE,
    ) -> OutboxItem:
        if self.refusal is not None:
            raise self.refusal
        self.log.append(("wishes", wishes))
        self.log.append(("enqueue", draft, not_before, again))
        state = ItemState.QUEUED if not_before is None else ItemState.HELD
        item = replace(self.becomes, state=state, not_before=not_before)
        self.known[item.id] = item
        return item

    async def send_one(self, item_id: str) -> OutboxItem:
        self.log.append(("send_one", item_id))
        self.known[item_id] = self.becomes
        return self.becomes

    async def file_one(self, item_id: str) -> OutboxItem:
        self.log.append(("file_one", item_id))
        return self.known[item_id]

    def item(self, item_id: str) -> OutboxItem:
        for known in self.known.values():
            if known.id.startswith(item_id):
                return known
        raise NoSuchItemError(f"There is no letter {item_id} in the outbox.")

    def items(self, states: Collection[ItemState] | None = None) -> Sequence[OutboxItem]:
        return [item for item in self.known.values() if states is None or item.state in states]

    async def health(self, account: str) -> AccountHealth:
        return self.trouble or AccountHealth(account)

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        self.log.append((verb, item_id))
        item = self.known[item_id]
        self.known[item_id] = replace(item, state=after(verb, item.state))
        return self.known[item_id]

    async def apply_many(self, verb: Verb, ids: Sequence[str]) -> Sequence[Outcome]:
        outcomes = []
        for item_id in ids:
            try:
                item = self.item(item_id)
                outcomes.append(Outcome(item_id, await self.apply(verb, item.id)))
            except OutboxError as error:
                outcomes.append(Outcome(item_id, error=error))
        return outcomes

    def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        return [item.id for item in self.items(states)]

    async def cancel(self, item_id: str) -> None:
        await self.apply(Verb.CANCEL, item_id)

    async def check_again(self, account: str) -> None:
        self.log.append(("check_again", account))

    def watchers(self) -> Sequence[Peer]:
        return self.watching

    async def run_once(self) -> Sequence[OutboxItem]:
        self.log.append("run_once")
        return list(self.known.values())


@dataclass
class Faked:
    """Steers the fake engine of a test."""

    becomes: OutboxItem = field(default_factory=lambda: an_item(ItemState.DONE, last_reply="250 2.0.0 Ok"))
    known: dict[str, OutboxItem] = field(default_factory=dict)
    trouble: AccountHealth | None = None
    refusal: TuimailError | None = None
    """Why no letter can be queued."""
    log: list[object] = field(default_factory=list)

    def add(self, item: OutboxItem) -> None:
        self.known[item.id] = item

    @property
    def wishes(self) -> DeliveryOptions:
        """Those of the letter enqueued last."""
        wishes = [each[1] for each in self.log if isinstance(each, tuple) and each[0] == "wishes"][-1]
        assert isinstance(wishes, DeliveryOptions)
        return wishes

    @property
    def draft(self) -> Draft:
        """The letter that was enqueued."""
        (entry,) = (each for each in self.log if isinstance(each, tuple) and each[0] == "enqueue")
        draft: Draft = entry[1]
        return draft


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, write_config: Callable[[], None]) -> Faked:
    """A fake engine in place of the real one, and a config with two accounts."""
    write_config()
    faked = Faked()

    def make(config: Config, paths: Paths) -> FakeEngine:
        return FakeEngine(
            config, paths, faked.becomes, faked.log, known=faked.known, trouble=faked.trouble, refusal=faked.refusal
        )

    monkeypatch.setattr(tuimail.engine, "Engine", make)
    return faked
