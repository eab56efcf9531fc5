"""A command line in process: a private home, the real engine, and a server that answers by script."""

from __future__ import annotations

import io
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.real_engine import all_stored, write_letters
from tuimail.cli import main
from tuimail.clock import SystemClock
from tuimail.config.loader import load
from tuimail.engine.configured_accounts import ConfiguredAccounts
from tuimail.engine.drafts import Drafts
from tuimail.errors import StorageError
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.outbox.model.delivery_options import DeliveryOptions
from tuimail.outbox.model.item import OutboxItem, Recipient
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.database import NAME
from tuimail.outbox.store.store import Store
from tuimail.paths import Paths
from tuimail.submission.result import Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tuimail.compose.draft import Draft
    from tuimail.outbox.model.item import AccountHealth
    from tuimail.submission.submitter import Letter, Watcher

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


class ScriptedServer:
    """In place of every mail server: answers as ``verdict`` says. What the real engine was given is noted on the way.

    Implements submission.submitter.Submitter.
    """

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.verdict = Verdict(Action.OK, Stage.COMMITTING, "", Reply(250, "2.0.0", "Ok"))
        """The answer to every letter; one from before the envelope is about the whole account."""
        self.tried: list[str] = []
        """The letters that it was given, by id."""
        self.given: list[tuple[Draft, dict[str, Any]]] = []
        """The drafts that were to be queued, each with the options that go with it."""

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Answer."""
        self.tried.append(letter.item_id)
        whole_account = self.verdict.problem is not None or self.verdict.stage is Stage.CONNECT
        if not whole_account:
            await watcher.touching()
        if self.verdict.stage is Stage.COMMITTING:
            await watcher.committing()
        verdicts = dict.fromkeys(letter.envelope.addresses, self.verdict)
        return SubmissionResult(
            verdicts, account=self.verdict if whole_account else None, touched=not whole_account, via="smtp.example.org"
        )

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def letters(self) -> list[OutboxItem]:
        """The letters in the outbox on the disk."""
        return all_stored(self.paths) if (self.paths.outbox / NAME).exists() else []

    @property
    def letter(self) -> OutboxItem:
        """The only one."""
        (letter,) = self.letters
        return letter

    @property
    def draft(self) -> Draft:
        """The draft that was to be queued last."""
        return self.given[-1][0]

    @property
    def wishes(self) -> DeliveryOptions:
        """The delivery options that it had."""
        wishes = self.given[-1][1]["wishes"]
        assert isinstance(wishes, DeliveryOptions)
        return wishes

    def add(self, *items: OutboxItem, healths: Sequence[AccountHealth] = ()) -> None:
        """Put letters into the outbox, and what is known of accounts."""
        write_letters(self.paths, items, settings=load(self.paths), healths=healths)

    def health(self, account: str) -> AccountHealth:
        """Whether an account may send, as the outbox on the disk has it."""
        with closing(Store(self.paths.outbox, SystemClock())) as store:
            return store.accounts.health(account)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, write_config: Callable[[], None], home: Paths) -> ScriptedServer:
    """What the real engine meets: a server that answers by script, and a config with two accounts."""
    write_config()
    server = ScriptedServer(home)
    enqueue = Drafts.enqueue

    async def noted(drafts: Drafts, draft: Draft, **options: Any) -> OutboxItem:
        server.given.append((draft, options))
        return await enqueue(drafts, draft, **options)

    monkeypatch.setattr(Drafts, "enqueue", noted)
    monkeypatch.setattr(ConfiguredAccounts, "submitter_for", lambda _accounts, _name: server)
    return server


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """``with full_disk()``: nothing can be made durable in the outbox, as on a disk without room."""

    @contextmanager
    def full() -> Iterator[None]:
        def refuse(_path: Path, _pieces: object) -> Path:
            raise StorageError("The disk is full.", hint="Make room.")

        with monkeypatch.context() as disk:
            disk.setattr("tuimail.outbox.store.letter_file.write_aside", refuse)
            yield

    return full
