"""Accounts and letters for the screens: one in each state."""

from __future__ import annotations

from typing import Any

from tuimail.config.model import Account, Config, Identity, Server, UiSettings
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.outbox.model.item import Filing, OutboxItem, Recipient
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState
from tuimail.submission.result import AccountProblem, Reply, Stage

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
        "changed_at": NOW - 3600,
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
