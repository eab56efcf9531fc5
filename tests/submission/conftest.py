"""Letters, watchers and submitters for the dialogues."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from tuimail.config.model import Auth, Security, Server
from tuimail.mail.envelope import Envelope, EnvelopeRecipient
from tuimail.submission.smtp import SmtpSubmitter
from tuimail.submission.submitter import Letter
from tuimail.submission.wire import Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from tuimail.submission.result import Stage

PATIENT = Timeouts(quit=5.0)
"""Nothing is to time out."""
SECRET = "correct horse battery staple"
BODY = b"From: ada@example.org\r\nSubject: hello\r\n\r\nHello.\r\n.hidden\r\n"


@dataclass
class Bytes:
    """A letter in memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self, length: int = 65536) -> Iterator[bytes]:
        for start in range(0, len(self.data), length):
            yield self.data[start : start + length]


@dataclass
class Recorder:
    """A watcher that keeps what it is told, and can be made to fail or to run something at a stage."""

    events: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    on_touching: Callable[[], Awaitable[None]] | None = None
    on_committing: Callable[[], Awaitable[None]] | None = None
    on_stage: Callable[[Stage], None] | None = None

    async def touching(self) -> None:
        self.events.append("touching")
        if self.on_touching:
            await self.on_touching()

    async def committing(self, to: Sequence[str] | None = None) -> None:
        self.events.append("committing")
        if self.on_committing:
            await self.on_committing()

    def stage(self, stage: Stage) -> None:
        self.events.append(stage.value)
        if self.on_stage:
            self.on_stage(stage)

    def progress(self, sent: int, total: int) -> None:
        assert 0 <= sent <= total
        self.sent.append(sent)


def letter(*recipients: str, body: bytes = BODY, sender: str = "ada@example.org", **envelope: Any) -> Letter:
    people = tuple(EnvelopeRecipient(address) for address in recipients or ("bob@example.net",))
    return Letter("item000001", Envelope(sender, people, **envelope), Bytes(body))


def submitter(port: int, *, timeouts: Timeouts = PATIENT, secret: Any = None, hold: bool = False, **server: Any) -> Any:
    """A submitter for a loopback server, in clear and without sign-in unless told otherwise."""
    settings: dict[str, Any] = {"security": Security.NONE, "auth": Auth.NONE, "username": ""} | server
    settings.setdefault("host", "127.0.0.1")
    per_connection = settings.pop("letters_per_connection", 100)
    quirks = settings.pop("quirks", None)
    return SmtpSubmitter(
        Server(port=port, **settings),
        secret or secret_of(SECRET),
        timeouts=timeouts,
        hold=hold,
        letters_per_connection=per_connection,
        quirks=quirks,
    )


@dataclass
class Asked:
    """A source of secrets that counts."""

    answers: list[str]
    count: int = 0

    async def __call__(self) -> str:
        self.count += 1
        return self.answers[min(self.count, len(self.answers)) - 1]


def secret_of(*answers: str) -> Asked:
    return Asked(list(answers))


def impatient(**seconds: float) -> Timeouts:
    """Only the named steps time out, and at once."""
    return replace(PATIENT, **seconds)


@dataclass
class Authority:
    """A certificate authority of the test's own."""

    ca: trustme.CA
    file: Path

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        when = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC) if expired else None
        certificate = self.ca.issue_cert(*(names or ("127.0.0.1", "localhost")), not_after=when)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, file)
