"""What the outbox tests are made of: letters, a clock to set, a machine to restart, verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.coordination.lock import acts_for
from tuimail.mail.content import InMemory
from tuimail.mail.envelope import Envelope, EnvelopeRecipient
from tuimail.mail.outgoing import OutgoingMessage
from tuimail.outbox.store.store import Store
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.config.model import OutboxSettings
    from tuimail.outbox.model.item import Filing, OutboxItem

START = 1_800_000_000.0


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = START) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += seconds


class Box:
    """A machine whose processes die when told so. Implements coordination.lock.Host."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.ticks = 1000.0
        self.killed: set[str] = set()
        self.number = 0

    def owner(self) -> str:
        self.number += 1
        return f"{self.number}:1:boot:x"

    def dead(self, owner: str) -> bool:
        return any(acts_for(owner, each) for each in self.killed)

    def same_boot(self, owner: str) -> bool:
        return True

    def tick(self) -> float:
        return self.ticks


def message(number: int = 1, *to: str, account: str = "work", body: str = "") -> OutgoingMessage:
    text = body or f"Letter {number}.\r\nÄ line.\r\n"
    content = (
        f"Date: Thu, 01 Jan 2026 00:00:0{number % 10} +0000\r\nMessage-ID: <{number}@example.org>\r\n"
        f"Subject: Letter {number}\r\n\r\n{text}"
    ).encode()
    return OutgoingMessage(
        content=InMemory(content),
        envelope=Envelope("ada@example.org", tuple(EnvelopeRecipient(each) for each in to or ("bob@example.net",))),
        message_id=f"<{number}@example.org>",
        subject=f"Letter {number}",
        sender="Ada <ada@example.org>",
        account=account,
        identity="ada@example.org",
    )


def store_in(folder: Path, clock: SetClock, box: Box | None = None, settings: OutboxSettings | None = None) -> Store:
    return Store(folder, clock, settings=settings, host=box or Box(clock), chance=lambda: 0.5)


REPLIES = {
    Action.OK: Reply(250, "2.0.0", "queued as 42"),
    Action.RETRY: Reply(451, "4.3.0", "try again later"),
    Action.SOON: Reply(451, "4.3.0", "in a moment"),
    Action.RECIPIENT: Reply(550, "5.1.1", "no such user"),
    Action.MESSAGE: Reply(554, "5.7.1", "spam"),
    Action.SPLIT: Reply(452, "4.5.3", "too many recipients"),
    Action.ACCOUNT: Reply(535, "5.7.8", "no"),
    Action.REAUTH: Reply(535, "5.7.8", "bad credentials"),
}


def verdict(
    action: Action,
    *,
    stage: Stage = Stage.COMMITTING,
    trouble: AccountProblem | None = None,
    delay: float = 0.0,
    tries: int | None = None,
    then: Action | None = None,
) -> Verdict:
    return Verdict(
        action, stage, f"Told: {action}.", REPLIES.get(action), problem=trouble, delay=delay, tries=tries, then=then
    )


def result(item: OutboxItem, *actions: Action) -> SubmissionResult:
    """Each open recipient gets its action; the last one stands for the rest."""
    addresses = [each.address for each in item.open_recipients]
    padded = [*actions, *[actions[-1]] * (len(addresses) - len(actions))]
    return SubmissionResult(
        {address: verdict(action) for address, action in zip(addresses, padded, strict=False)}, touched=True
    )


def host_trouble(item: OutboxItem, told: Verdict) -> SubmissionResult:
    return SubmissionResult(dict.fromkeys((each.address for each in item.open_recipients), told), account=told)


def unreachable(item: OutboxItem) -> SubmissionResult:
    return host_trouble(item, Verdict(Action.RETRY, Stage.CONNECT, "Nobody answers."))


def sent_through(store: Store, owner: str, *actions: Action) -> OutboxItem:
    """Claim the next letter, take it past its dot, record the outcome."""
    item = store.claims.claim(owner)
    assert item is not None
    store.claims.touching(item.id, owner)
    store.claims.committing(item.id, owner)
    return store.claims.record(item.id, owner, result(item, *actions))


def filed(store: Store, item_id: str, filing: Filing, owner: str = "1:1:boot:x") -> OutboxItem:
    """Claim the Sent copy of a letter and record what came of it."""
    assert store.sent_copies.claim(owner, only=item_id) is not None
    return store.sent_copies.record(item_id, owner, filing)
