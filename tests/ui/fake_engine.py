"""An engine without disk or network: the same methods, items in memory, every call recorded."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tuimail.compose.draft import Draft
from tuimail.compose.review import Review
from tuimail.config.model import Account, Config, Identity, Server, UiSettings
from tuimail.engine import Engine
from tuimail.errors import IllegalTransitionError, NoSuchItemError
from tuimail.events import ItemChanged
from tuimail.mail.content import InMemory
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.delivery_options import NONE as NO_WISHES
from tuimail.outbox.model.item import (
    OPEN,
    WAITING,
    AccountHealth,
    Filing,
    FilingState,
    ItemState,
    Order,
    OutboxItem,
    Outcome,
    Place,
    Recipient,
    RecipientState,
    TimelineEntry,
    Verb,
    after,
)
from tuimail.outbox.model.turn import Standing
from tuimail.outbox.store.listing import Tally
from tuimail.submission.result import AccountProblem, Reply, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from tuimail.config.model import WhenLate
    from tuimail.coordination.change_notifier import Peer
    from tuimail.mail.content import Content
    from tuimail.outbox.model.delivery_options import DeliveryOptions
    from tuimail.paths import Paths

NOW = 1_764_061_200.0
"""Tuesday, 25 November 2025, 09:00 UTC."""
HOSTILE = "[/etc] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07 \u202eevil"


class StoppedClock:
    """Always the same moment, until a test moves it."""

    def __init__(self, moment: float = NOW) -> None:
        self.moment = moment

    def now(self) -> float:
        return self.moment


def account(name: str, address: str) -> Account:
    return Account(name, (Identity(address, "Ada Lovelace"),), Server(f"smtp.{address.partition('@')[2]}", 465))


def config(**ui: Any) -> Config:
    accounts = {"work": account("work", "ada@example.org"), "home": account("home", "ada@home.example")}
    return Config(accounts=accounts, default_account="work", ui=UiSettings(**ui))


def item(item_id: str, state: ItemState, subject: str, *to: Recipient, **fields: Any) -> OutboxItem:
    values: dict[str, Any] = {
        "id": item_id,
        "state": state,
        "account": "work",
        "identity": "ada@example.org",
        "sender": "Ada Lovelace <ada@example.org>",
        "reverse_path": "ada@example.org",
        "subject": subject,
        "message_id": f"<{item_id}@example.org>",
        "size": 48_000,
        "recipients": to or (Recipient(EnvelopeRecipient("bob@example.net", name="Bob")),),
        "queued_at": NOW - 3600,
        "composing": f"draft-{item_id}",
        "digest": item_id,
        "via": "smtp.example.org:465",
    }
    return OutboxItem(**{**values, **fields})


def recipient(address: str, state: RecipientState = RecipientState.PENDING, **fields: Any) -> Recipient:
    return Recipient(EnvelopeRecipient(address), state, **fields)


def every_state() -> list[OutboxItem]:
    """One letter in each open state."""
    refused = Reply(550, "5.1.1", "no such user")
    words = "There is no such mailbox; correct the address."
    return [
        item("a1", ItemState.FAILED, "Grant renewal",
             recipient("kim@grants.example", RecipientState.REFUSED, reply=refused, words=words),
             recipient("lee@grants.example", RecipientState.REFUSED, reply=refused, words=words),
             recipient("pat@grants.example", RecipientState.ACCEPTED, reply=Reply(250, "2.1.5", "ok")),
             words="Refused by smtp.example.org for 2 of 3: 550 5.1.1 no such user.", last_reply=str(refused),
             attempts=1, last_attempt_at=NOW - 600),
        item("a2", ItemState.UNCERTAIN, "Invoice 2026-118", recipient("billing@acme.example", RecipientState.UNCERTAIN),
             words="The connection broke before the server's answer came; it may have been delivered. Your call.",
             stage=Stage.COMMITTING, attempts=1),
        item("a3", ItemState.BLOCKED, "Rota", recipient("team@example.org"), account="home",
             trouble=AccountProblem.SIGN_IN, words="smtp.home.example does not accept the password."),
        item("a4", ItemState.SENDING, "Re: Thursday", recipient("bob@example.net"), stage=Stage.BODY, size=25_000_000),
        item("a5", ItemState.DEFERRED, "Minutes of the board", recipient("board@list.example", RecipientState.DEFERRED,
             reply=Reply(421, "4.3.2", "try later")),
             next_attempt_at=NOW + 240, last_reply="421 4.3.2 try later", attempts=2, last_attempt_at=NOW - 60,
             words="The server asks to try later.", expires_at=NOW + 430_000),
        item("a6", ItemState.QUEUED, "Lunch?", recipient("eve@example.net")),
        item("a7", ItemState.HELD, "Happy birthday", recipient("mum@example.org"), not_before=NOW + 82_800),
        item("a8", ItemState.HELD, "Draft contract", recipient("law@example.com")),
        item("a9", ItemState.ACCEPTED, "Report", recipient("boss@example.org", RecipientState.ACCEPTED),
             last_reply="250 2.0.0 queued as 4F1", filing=Filing(FilingState.DUE)),
    ]  # fmt: skip


def _holds(each: OutboxItem, words: str) -> bool:
    return all(
        each.state == word.partition(":")[2]
        if word.startswith("state:")
        else word in f"{each.subject} {each.recipients[0].address}".casefold()
        for word in words.casefold().split()
    )


class FakeEngine(Engine):
    """Engine over lists, and all of its parts; ``calls`` holds (method, arguments) of whatever changes something."""

    def __init__(self, paths: Paths, items: Sequence[OutboxItem] = (), *, settings: Config | None = None) -> None:
        self.stopped_clock = StoppedClock()
        super().__init__(settings or config(), paths, clock=self.stopped_clock)
        self.outbox: Any = self
        self.drafts: Any = self
        self.accounts: Any = self
        self.sent: Any = self
        self.all = {each.id: each for each in items}
        self.gone: list[OutboxItem] = []
        self.letters: list[Draft] = []
        self.stored: Content = InMemory(b"Subject: Grant renewal\r\n\r\nDear all,\r\n\x1b[31mred\r\n")
        """Every letter."""
        self.calls: list[tuple[Any, ...]] = []
        self.ready = asyncio.Event()
        """``start`` waits for it; set unless a test clears it."""
        self.ready.set()
        self.healths: dict[str, AccountHealth] = {}
        self.reads: list[tuple[str, ...]] = []
        """Which letters were read, each time."""
        self.failure: Exception | None = None
        """Raised by the next call that changes something."""

    def change(self, changed: OutboxItem) -> OutboxItem:
        """Put ``changed`` in, and announce it."""
        self.all[changed.id] = changed
        self.announcer.announce(ItemChanged(changed.id))
        return changed

    def _record(self, *call: Any) -> None:
        self.calls.append(call)
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    async def start(self, *, run_outbox: bool = True, watch: bool = False) -> None:
        await self.ready.wait()

    async def stop(self) -> None:
        self.calls.append(("stop",))

    def wake(self) -> None:
        self._record("wake")

    def watchers(self) -> Sequence[Peer]:
        return ()

    async def review(self, draft: Draft) -> Review:
        to = tuple(part.strip() for part in draft.to.split(",") if part.strip())
        return Review("Ada Lovelace <ada@example.org>", "work", "smtp.example.org:465", to, (), (), (), 1200)

    async def enqueue(
        self,
        draft: Draft,
        *,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        same_within: float | None = None,
        wishes: DeliveryOptions = NO_WISHES,
    ) -> OutboxItem:
        self._record("enqueue", draft, not_before, held, again)
        state = ItemState.HELD if held or not_before else ItemState.QUEUED
        return self.change(item(f"q{len(self.all)}", state, draft.subject, recipient(draft.to), not_before=not_before))

    async def save(self, draft: Draft) -> None:
        self._record("save_draft", draft)
        self.letters = [draft, *(each for each in self.letters if each.id != draft.id)]

    async def available(self) -> Sequence[Draft]:
        return tuple(self.letters)

    async def open(self, draft_id: str) -> Draft:
        self._record("open_draft", draft_id)
        for draft in self.letters:
            if draft.id == draft_id:
                return draft
        raise NoSuchItemError("There is no such draft.")

    async def close(self, draft_id: str) -> None:
        self._record("close_draft", draft_id)

    async def discard(self, draft_id: str) -> None:
        self._record("discard_draft", draft_id)
        self.letters = [draft for draft in self.letters if draft.id != draft_id]

    async def complete(self, typed: str, *, limit: int = 500) -> Sequence[str]:
        known = ("Bob <bob@example.net>", "Board <board@list.example>")
        return tuple(each for each in known if each.casefold().startswith(typed.casefold()))[:limit]

    async def query(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def items(self, states: Collection[ItemState] | None = None) -> Sequence[OutboxItem]:
        wanted = OPEN if states is None else states
        return tuple(each for each in self.all.values() if each.state in wanted)

    async def latest(self, *, limit: int = 1000) -> Sequence[OutboxItem]:
        return tuple(self.gone[:limit])

    def item(self, item_id: str) -> OutboxItem:
        for each in (*self.all.values(), *self.gone):
            if each.id == item_id:
                return each
        raise NoSuchItemError(f"There is no letter {item_id} in the outbox.")

    def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        return (
            TimelineEntry(NOW - 3600, "queued"),
            TimelineEntry(NOW - 600, "attempt 1: some were refused", "rcpt", "550 5.1.1 no such user"),
        )

    def dialogue(self, item_id: str) -> tuple[str, ...]:
        return ("S: 220 smtp.example.org ready", "C: EHLO [192.0.2.1]", "C: AUTH PLAIN ****", "S: 235 2.7.0 welcome")

    async def content(self, item_id: str) -> Content:
        return self.stored

    def counts(self) -> dict[ItemState, int]:
        return dict(Counter(each.state for each in self.all.values() if each.state in OPEN))

    async def standing(self, item: OutboxItem) -> Standing:
        same = [each for each in self.all.values() if each.state is ItemState.QUEUED and each.account == item.account]
        health = await self.health(item.account)
        notice = account_notice(health, self.config.accounts.get(item.account), self.stopped_clock.moment)
        return Standing(sorted(same, key=lambda each: (each.rank, each.id)).index(item), notice)

    def tally(self) -> Tally:
        yours = sum(each.needs_you for each in self.all.values() if each.state in OPEN)
        return Tally(sum(each.state in WAITING and not each.needs_you for each in self.all.values()), yours)

    def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        wanted = OPEN if states is None else states
        found = [each for each in self.all.values() if each.state in wanted and _holds(each, matching)]
        keys: dict[Order, Callable[[OutboxItem], Any]] = {
            Order.NEED: lambda each: (not each.needs_you, each.rank, each.queued_at, each.id),
            Order.SUBJECT: lambda each: each.subject.casefold(),
        }
        return tuple(each.id for each in sorted(found, key=keys[order]))

    def items_of(self, ids: Iterable[str]) -> Sequence[OutboxItem]:
        self.reads.append(tuple(ids))
        return tuple(self.all[each] for each in self.reads[-1] if each in self.all)

    async def apply_many(self, verb: Verb, ids: Iterable[str]) -> Sequence[Outcome]:
        outcomes = []
        for item_id in ids:
            try:
                outcomes.append(Outcome(item_id, item=await self.apply(verb, item_id)))
            except IllegalTransitionError as error:
                outcomes.append(Outcome(item_id, error=error))
        return outcomes

    async def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        self._record("later", item_id, at)
        before = self.item(item_id)
        return self.change(replace(before, state=after(Verb.LATER, before.state), not_before=at, on_late=on_late))

    async def move(self, item_id: str, place: Place) -> OutboxItem:
        self._record("move", item_id, place)
        before = self.item(item_id)
        after(Verb.MOVE, before.state)
        return self.change(replace(before, rank=-1.0 if place is Place.FIRST else before.rank))

    async def change_account(self, item_id: str, account: str) -> OutboxItem:
        self._record("change_account", item_id, account)
        before = self.item(item_id)
        return self.change(replace(before, state=after(Verb.CHANGE_ACCOUNT, before.state), account=account))

    async def export(self, item_id: str, path: Path) -> Path:
        self._record("export", item_id, path)
        return path

    async def put_back(self, draft: Draft) -> OutboxItem:
        self._record("put_back", draft.revises)
        before = self.item(draft.revises)
        self.letters = [each for each in self.letters if each.id != draft.id]
        return self.change(replace(before, state=ItemState.QUEUED))

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        self._record("apply", verb, item_id)
        before = self.item(item_id)
        return self.change(replace(before, state=after(verb, before.state), not_before=None))

    async def _take_out(self, verb: Verb, item_id: str) -> Draft:
        before = self.item(item_id)
        draft = Draft(subject=before.subject, to=before.recipients[0].address, revises=item_id, updated_at=NOW)
        self.letters.insert(0, draft)
        self.change(replace(before, state=after(verb, before.state)))
        return draft

    async def edit(self, item_id: str) -> Draft:
        self._record("edit", item_id)
        return await self._take_out(Verb.EDIT, item_id)

    async def cancel(self, item_id: str) -> Draft:
        self._record("cancel", item_id)
        return await self._take_out(Verb.CANCEL, item_id)

    async def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        self._record("mend", item_id, old, new)
        before = self.item(item_id)
        return self.change(replace(before, state=after(Verb.MEND, before.state)))

    async def health(self, account: str) -> AccountHealth:
        return self.healths.get(account, AccountHealth(account))

    async def check_again(self, account: str) -> None:
        self._record("check_again", account)
        self.healths.pop(account, None)
