"""The demo's sample letters: drafts, and an outbox item in every state. Screenshots and tests use them too.

Nothing here accesses the database directly: every state is reached as in normal use, by enqueueing a letter, claiming
it and recording a server's reply, with a clock set back.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from tuimail.clock import DAY, HOUR, MINUTE
from tuimail.compose.build import build
from tuimail.compose.draft import Attachment, Draft
from tuimail.config.model import Account, Auth, Config, Identity, OutboxSettings, Security, Server, UiSettings
from tuimail.demo.server import HOST, Received
from tuimail.mail.address import parse_addresses
from tuimail.mailboxes.maildir import deliver
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.private_files import open_private
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft_store import DraftStore
    from tuimail.demo.server import DemoServer
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

WORK = Identity("ada@analytical.example", "Ada Lovelace", "Ada Lovelace\nAnalytical Society")
HOME = Identity("ada@lovelace.example", "Ada")

REFUSED = frozenset({"kim@grants.example", "lee@grants.example"})
"""The demo's server refuses these two, so that the user can correct their addresses."""

VIA = "demo.example:submission"

_WORD = re.compile(r"[a-z0-9]+")
_ACCEPTED = Reply(250, "2.0.0", "Ok: queued as DEMO")


class SetClock:
    """A clock that is set by hand."""

    def __init__(self, moment: float) -> None:
        self.moment = moment

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return self.moment


def demo_config(port: int, root: Path, *, keymap: str = "pine", theme: str = "pine") -> Config:
    """Two accounts on the embedded server; "work" is the default."""
    server = Server(HOST, port, Security.NONE, auth=Auth.NONE)
    return Config(
        accounts={
            "work": Account("work", (WORK,), server, maildir=root / "work" / "Maildir"),
            "home": Account("home", (HOME,), server, maildir=root / "home" / "Maildir"),
        },
        default_account="work",
        outbox=OutboxSettings(undo_seconds=5),
        ui=UiSettings(keymap=keymap, theme=theme),
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample letter."""

    to: str
    subject: str
    body: str
    account: str = "work"
    cc: str = ""
    attachments: tuple[Attachment, ...] = ()

    def message_id(self, identity: Identity) -> str:
        """Its Message-ID, made of the subject, so that the letters of the mailbox can answer it."""
        return f"<{'-'.join(_WORD.findall(self.subject.lower()))}@{identity.address.rpartition('@')[2]}>"

    def draft(self) -> Draft:
        """The letter as a draft."""
        signature = WORK.signature if self.account == "work" else HOME.signature
        body = f"{self.body}\n\n-- \n{signature}\n" if signature else f"{self.body}\n"
        return Draft(
            account=self.account,
            to=self.to,
            cc=self.cc,
            subject=self.subject,
            body=body,
            attachments=self.attachments,
        )


LUNCH = Sample("Charles Babbage <charles@engines.example>", "Lunch on Thursday?", "Dear Charles,\n\nat one, as always?")
NOTES = Sample(
    "Luigi Menabrea <luigi@torino.example>",
    "Notes A to G",
    "Dear Luigi,\n\nthe notes are three times as long as your paper. I hope you do not mind.",
    cc="Charles Babbage <charles@engines.example>",
)
PROOFS = Sample("Printer <press@taylor.example>", "Corrected proofs", "The table for Note G is right now.")
GRANT = Sample(
    "Kim <kim@grants.example>, Lee <lee@grants.example>, Pat <pat@grants.example>",
    "Grant renewal",
    "Dear all,\n\nplease find our figures for the coming year below.\n\nThe engine needs more brass.",
)
INVOICE = Sample("billing@acme.example", "Invoice 1843-118", "The invoice for the punched cards, as agreed.")
MINUTES = Sample("Board <board@list.example>", "Minutes of the board", "Dear all,\n\nhere are the minutes.")
BIRTHDAY = Sample("Mum <annabella@milbanke.example>", "Happy birthday", "Many happy returns, and no mathematics today!")
SECOND_THOUGHTS = Sample(
    "Charles Babbage <charles@engines.example>", "That last remark of yours", "I had better sleep over this one."
)
THEATRE = Sample("Mary <mary@somerville.example>", "Theatre tickets", "Two for Saturday, shall we?", account="home")
DRAWINGS = Sample(
    "Workshop <clement@lathes.example>", "Drawings of the mill", "The drawings, all of them. Mind the third wheel."
)

POSTPONED = Draft(
    account="work",
    to="Michael Faraday <michael@royal.example>",
    subject="Your lecture on Friday",
    body="Dear Mr Faraday,\n\nI should very much like to attend, if there is still a seat.\n",
    postponed=True,
)
RECOVERED = Draft(
    account="work",
    to="Charles Babbage <charles@engines.example>",
    subject="A thought about loops",
    body="Dear Charles,\n\nif the cards could be turned back upon themselves\n",
)


class SampleLetters:
    """Fills a new outbox and draft store."""

    def __init__(self, queue: Store, clock: SetClock, config: Config, now: float, folder: Path) -> None:
        self._queue = queue
        self._clock = clock
        self._config = config
        self._now = now
        self._folder = folder

    def fill_outbox(self, server: DemoServer) -> None:
        """Add one item in every state, and the letters that the server has received."""
        self._add_sent(server)
        self._add_partly_refused(server)
        self._add_uncertain(server)
        self._add_blocked()
        self._enqueue(SECOND_THOUGHTS, 10 * MINUTE, held=True)
        self._enqueue(BIRTHDAY, 8 * MINUTE, not_before=self._tomorrow_at_eight())
        self._add_deferred()
        dropped = self._enqueue(replace(LUNCH, subject="Lunch on Wednesday?"), 30.0, held=True)
        self._queue.actions.apply(Verb.DROP, dropped.id)
        self._enqueue(replace(DRAWINGS, attachments=(self._drawing(),)), 0.0)

    def fill_drafts(self, drafts: DraftStore, correspondents: Correspondents) -> None:
        """Add one postponed and one recovered draft, and addresses for completion."""
        drafts.save(replace(POSTPONED, created_at=self._now - DAY, updated_at=self._now - DAY))
        drafts.save(replace(RECOVERED, created_at=self._now - HOUR, updated_at=self._now - HOUR))
        known = (LUNCH, NOTES, PROOFS, GRANT, MINUTES, BIRTHDAY, THEATRE, DRAWINGS)
        correspondents.remember(chain.from_iterable(parse_addresses(each.to) for each in known), self._now - DAY)

    def _add_sent(self, server: DemoServer) -> None:
        """Two with their copy in Sent, and one whose copy could not be filed yet."""
        for number, (sample, ago) in enumerate(((LUNCH, 2 * DAY), (NOTES, DAY)), start=1):
            reply = replace(_ACCEPTED, text=f"Ok: queued as DEMO000{number}")
            item = self._attempt(sample, ago, self._all(sample, Action.OK, "Accepted.", reply))
            self._arrived(server, item)
            self._file(item)
        proofs = self._attempt(PROOFS, 3 * HOUR, self._all(PROOFS, Action.OK, "Accepted.", _ACCEPTED))
        self._record_filing(
            proofs.id,
            Filing(
                FilingState.DUE,
                attempts=1,
                next_attempt_at=self._now + 20 * MINUTE,
                words="The copy could not be filed yet: Sent is locked by another program.",
            ),
        )
        self._arrived(server, proofs)

    def _add_partly_refused(self, server: DemoServer) -> None:
        unknown = Reply(550, "5.1.1", "no such user here")
        grant = dict.fromkeys(REFUSED, Verdict(Action.RECIPIENT, Stage.RCPT, "The server knows no such user.", unknown))
        grant["pat@grants.example"] = Verdict(Action.OK, Stage.COMMITTING, "Accepted.", _ACCEPTED)
        item = self._attempt(GRANT, 40 * MINUTE, grant)
        self._arrived(server, item, only=("pat@grants.example",))
        self._file(item)

    def _add_uncertain(self, server: DemoServer) -> None:
        lost = "The connection was lost after the letter was sent: it may have been delivered."
        item = self._attempt(INVOICE, 25 * MINUTE, self._all(INVOICE, Action.UNCERTAIN, lost, None))
        self._arrived(server, item, answered=False)

    def _add_blocked(self) -> None:
        """One of an account whose password is refused."""
        refused = Verdict(
            Action.REAUTH,
            Stage.AUTH,
            "The server refused the password of the account home. Mend it, then check again (Accounts).",
            Reply(535, "5.7.8", "authentication failed"),
            AccountProblem.SIGN_IN,
        )
        self._attempt(
            THEATRE, 15 * MINUTE, dict.fromkeys(self._addresses(THEATRE), refused), account=refused, touched=False
        )

    def _add_deferred(self) -> None:
        busy = Verdict(
            Action.RETRY, Stage.MAIL, "The server is busy.", Reply(421, "4.3.2", "try again later"), delay=5 * MINUTE
        )
        self._attempt(MINUTES, MINUTE, self._all(MINUTES, busy.action, busy.message, busy.reply, busy))

    def _identity(self, account: str) -> Identity:
        return self._config.accounts[account].identity

    def _enqueue(
        self, sample: Sample, ago: float, *, held: bool = False, not_before: float | None = None
    ) -> OutboxItem:
        self._clock.moment = self._now - ago
        draft = sample.draft()
        identity = self._identity(sample.account)
        message = build(draft, identity, sample.account, now=self._clock.moment, message_id=sample.message_id(identity))
        return self._queue.enqueue(Incoming(message, composing=draft.id, held=held, not_before=not_before))

    def _attempt(
        self,
        sample: Sample,
        ago: float,
        verdicts: Mapping[str, Verdict],
        *,
        account: Verdict | None = None,
        touched: bool = True,
    ) -> OutboxItem:
        item = self._enqueue(sample, ago)
        owner = "demo"
        claimed = self._queue.claims.claim(owner, account=sample.account)
        if claimed is None or claimed.id != item.id:
            raise AssertionError("the scene's letters are not in order")
        if touched:
            self._queue.claims.touching(item.id, owner)
        stage = next(iter(verdicts.values())).stage
        if stage is Stage.COMMITTING or any(verdict.action is Action.OK for verdict in verdicts.values()):
            self._queue.claims.committing(item.id, owner)
        self._clock.moment += 2
        result = SubmissionResult(
            verdicts, account=account, touched=touched, via=VIA, dialogue=_dialogue(item, verdicts)
        )
        return self._queue.claims.record(item.id, owner, result)

    def _file(self, item: OutboxItem) -> None:
        self._clock.moment += 1
        maildir = self._config.accounts[item.account].maildir
        if maildir is None:
            raise AssertionError("a demo account has a Maildir")
        copy = deliver(maildir / "Sent", self._queue.queries.content(item.id).chunks(), flags="S")
        filing = Filing(FilingState.FILED, attempts=1, words=f"Filed in {maildir.name}/Sent.", place=str(copy))
        self._record_filing(item.id, filing)

    def _record_filing(self, item_id: str, filing: Filing) -> None:
        owner = "demo"
        self._queue.sent_copies.claim(owner, only=item_id)
        self._queue.sent_copies.record(item_id, owner, filing)

    def _addresses(self, sample: Sample) -> tuple[str, ...]:
        message = build(sample.draft(), self._identity(sample.account), sample.account, now=self._now)
        return message.envelope.addresses

    def _all(
        self, sample: Sample, action: Action, words: str, reply: Reply | None, verdict: Verdict | None = None
    ) -> dict[str, Verdict]:
        each = verdict or Verdict(action, Stage.COMMITTING, words, reply)
        return dict.fromkeys(self._addresses(sample), each)

    def _arrived(
        self, server: DemoServer, item: OutboxItem, *, only: tuple[str, ...] = (), answered: bool = True
    ) -> None:
        content = b"".join(self._queue.queries.content(item.id).chunks())
        recipients = only or tuple(recipient.address for recipient in item.recipients)
        server.keep(
            Received(
                self._clock.moment, item.reverse_path, recipients, item.subject, item.size, content, answered=answered
            )
        )

    def _tomorrow_at_eight(self) -> float:
        from datetime import datetime, timedelta

        here = datetime.fromtimestamp(self._now).astimezone() + timedelta(days=1)
        return here.replace(hour=8, minute=0, second=0, microsecond=0).timestamp()

    def _drawing(self) -> Attachment:
        path = self._folder / "mill.tiff"
        # Looks incompressible, is always the same, and is large enough to show progress.
        with os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(b"II*\x00" + bytes((number * 97 + number // 251) % 256 for number in range(1_400_000)))
        return Attachment(str(path), path.name, "image/tiff", path.stat().st_size)


def _dialogue(item: OutboxItem, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """The dialogue that such an attempt has."""
    lines = ["S: 220 demo.example tuimail demo", "C: EHLO [127.0.0.1]", "S: 250-SIZE 50000000", "S: 250 SMTPUTF8"]
    first = next(iter(verdicts.values()))
    if first.stage is Stage.AUTH:
        return (*lines, "C: AUTH PLAIN ****", f"S: {first.reply}")
    lines.append(f"C: MAIL FROM:<{item.reverse_path}>")
    if first.stage is Stage.MAIL:
        return (*lines, f"S: {first.reply}")
    lines.append("S: 250 2.1.0 OK")
    for recipient in item.recipients:
        verdict = verdicts[recipient.address]
        lines.append(f"C: RCPT TO:<{recipient.address}>")
        lines.append(f"S: {verdict.reply}" if verdict.stage is Stage.RCPT else "S: 250 2.1.5 OK")
    lines += ["C: DATA", "S: 354 End data with <CR><LF>.<CR><LF>", f"C: <{item.size} bytes>", "C: ."]
    last = next((verdict for verdict in verdicts.values() if verdict.stage is Stage.COMMITTING), None)
    if last is not None:
        lines.append(f"S: {last.reply}" if last.reply else "-- the connection was lost")
    return tuple(lines)
