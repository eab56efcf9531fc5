"""The part of the store that carries out what the user decides: verbs, mended addresses and accounts, pruning.

The decision is put on the letter before it is committed, so that a lost index never brings a cancelled letter back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.outbox.model import backoff
from tuimail.outbox.model.actions import LEAVING, SAID, carry_out, mended
from tuimail.outbox.model.item import SENT_BY_USER, AccountHealth, ItemState, OutboxItem, Outcome, TimelineEntry, Verb
from tuimail.outbox.store import journal
from tuimail.outbox.store.claims import Claims
from tuimail.outbox.store.letter_file import append_mark
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    from tuimail.outbox.store.rows import Row

KEEP_CANCELLED_DAYS = 7.0
"""How long the bytes of a letter that was cancelled, or resolved by the user, are kept for second thoughts."""

NO_ACCOUNT = 'The account "{}" is not in the config any more; add it again, or edit the letter to use another.'

_QUEUED_ANYWAY = (ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED)
"""States that a letter alone tells as queued: to such a one the verbs of ``_UNMARKED`` do nothing that it must tell."""

_UNMARKED = (Verb.SEND_NOW, Verb.RETRY)


class UserActions(Claims):
    """The user's verbs, the accounts, the end of tombstones."""

    def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Carry out a verb that needs no more than the item.

        Raises:
            IllegalTransitionError: the verb does not fit the state; that includes "it is being sent right now".
            StorageError: the disk refuses; nothing was changed.
        """
        with self.index.writing() as db:
            item = self._apply(db, verb, item_id)
        if item.state is ItemState.DONE:
            self.discard_letter(item)
        return item

    def apply_many(self, verb: Verb, ids: Iterable[str]) -> Sequence[Outcome]:
        """Carry out ``verb`` on each letter, all in one transaction; one that does not fit does not stop the others.

        Raises:
            StorageError: the index cannot be written; nothing was changed.
        """
        outcomes = []
        with self.index.writing() as db:
            for item_id in ids:
                db.execute("SAVEPOINT one")
                try:
                    outcomes.append(Outcome(item_id, self._apply(db, verb, item_id)))
                except TuimailError as error:
                    db.execute("ROLLBACK TO one")
                    outcomes.append(Outcome(item_id, error=error))
                db.execute("RELEASE one")
        for each in outcomes:
            if each.item is not None and each.item.state is ItemState.DONE:
                self.discard_letter(each.item)
        return outcomes

    def _apply(self, db: sqlite3.Connection, verb: Verb, item_id: str) -> OutboxItem:
        row = self.row(db, item_id)
        now = self.clock.now()
        kept = row.item.state not in (ItemState.CANCELLED, ItemState.DONE) or self.letter_path(row.item.id).exists()
        item = carry_out(verb, row.item, now, kept=kept)
        self.decided(db, verb, row, item, now, SAID[verb])
        if verb in (Verb.SEND_NOW, Verb.RETRY, Verb.RELEASE):
            self._let_probe(db, item.account, now)
        return item

    def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Replace a refused recipient's address in the envelope; only the mended one is served again.

        Raises:
            IllegalTransitionError: the item is neither failed nor deferred.
            OutboxError: ``old`` was not refused, or ``new`` is a recipient already.
            AddressError: ``new`` is no address.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            now = self.clock.now()
            item = mended(row.item, old, new, now)
            self.decided(db, Verb.MEND, row, item, now, f"{old} was mended to {new}")
            return item

    def mended(self, account: str) -> Sequence[OutboxItem]:
        """The account's trouble is over: its blocked items are queued and due now. Which ones."""
        with self.index.writing() as db:
            return self._mended(db, account)

    def settings_seen(self, account: str, fingerprint: str) -> Sequence[OutboxItem]:
        """The account's settings are those of ``fingerprint``; others than last time end its trouble (rule G8)."""
        with self.index.reading() as db:
            row = db.execute("SELECT fingerprint FROM settings WHERE account = ?", (account,)).fetchone()
        if row is not None and row[0] == fingerprint:
            return []
        with self.index.writing() as db:
            db.execute(
                "INSERT INTO settings (account, fingerprint) VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET fingerprint = excluded.fingerprint",
                (account, fingerprint),
            )
            if row is None or self.health_in(db, account).trouble is None:
                return []
            return self._mended(db, account)

    def missing(self, known: Collection[str]) -> Sequence[OutboxItem]:
        """Block the waiting items whose account is not in ``known``; free those whose account is back (rule 13)."""
        changed: list[OutboxItem] = []
        with self.index.reading() as db:
            used = [
                str(account)
                for (account,) in db.execute(
                    f"SELECT DISTINCT account FROM item WHERE {LIVE} "  # noqa: S608
                    "AND state IN ('held', 'queued', 'deferred', 'blocked')"
                )
            ]
            health = {account: self.health_in(db, account) for account in used}
        absent = [each for each in used if each not in known]
        back = [each for each in used if each in known and health[each].trouble is AccountProblem.MISSING]
        if not absent and not back:
            return changed
        with self.index.writing() as db:
            now = self.clock.now()
            for account in back:
                changed.extend(self._mended(db, account))
            for account in absent:
                words = NO_ACCOUNT.format(account)
                if health[account].trouble is not AccountProblem.MISSING:
                    self.put_health(
                        db, AccountHealth(account, trouble=AccountProblem.MISSING, words=words, since=now, tried_at=now)
                    )
                waiting = (
                    f"{LIVE} AND account = ? "
                    "AND (state IN ('queued', 'deferred') OR state = 'blocked' AND trouble <> 'missing')"
                )
                for row in self.rows(db, waiting, (account,)):
                    item = replace(
                        row.item,
                        state=ItemState.BLOCKED,
                        trouble=AccountProblem.MISSING,
                        words=words,
                        next_attempt_at=None,
                        changed_at=now,
                    )
                    self.put(db, replace(row, item=item))
                    self.tell(db, item.id, TimelineEntry(now, "blocked: its account is not in the config"))
                    changed.append(item)
        return changed

    def prune(self, *, keep_days: float = 180.0) -> int:
        """Forget tombstones older than that, and the bytes of letters cancelled a week ago. How many were forgotten."""
        now = self.clock.now()
        with self.index.reading() as db:
            stale = self.rows(
                db,
                "(state = 'cancelled' OR state = 'done' AND instr(recipients, ?) > 0) AND changed_at < ?",
                (SENT_BY_USER, now - KEEP_CANCELLED_DAYS * backoff.DAY),
            )
            ended = "state IN ('done', 'cancelled') AND changed_at < ?"
            old = self.rows(db, ended, (now - keep_days * backoff.DAY,))
        if old:
            with self.index.writing() as db:
                for row in old:
                    for table, column in (("item", "id"), ("timeline", "item"), ("dialogue", "item")):
                        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (row.item.id,))  # noqa: S608
        for row in (*stale, *old):
            self.discard_letter(row.item, for_good=True)
        return len(old)

    # -- inside
    def decided(self, db: sqlite3.Connection, verb: Verb, row: Row, item: OutboxItem, now: float, said: str) -> None:
        """Write what a verb made of a letter: into its row, its timeline, and on the letter itself."""
        self.put(db, row.free(item))
        self.tell(db, item.id, TimelineEntry(now, said))
        before = row.item
        if verb in _UNMARKED and before.state in _QUEUED_ANYWAY and item.state is ItemState.QUEUED:
            return
        path = self.letter_path(item.id)
        if path.exists():  # a letter whose file is gone can still be dropped
            was = before if verb in LEAVING else None
            append_mark(path, journal.VERB, now, journal.verb_said(verb.value, item, was))

    def _mended(self, db: sqlite3.Connection, account: str) -> list[OutboxItem]:
        health = self.health_in(db, account)
        now = self.clock.now()
        self.put_health(db, health.well)
        for row in self.rows(
            db, f"{LIVE} AND state = 'deferred' AND account = ? AND next_attempt_at IS NOT NULL", (account,)
        ):
            self.put(db, replace(row, item=replace(row.item, next_attempt_at=None, changed_at=now)))
        return self.unblock(db, account, now)

    def _let_probe(self, db: sqlite3.Connection, account: str, now: float) -> None:
        """The user asks for a try: a paused account lets one letter go, unless one is under way."""
        health = self.health_in(db, account)
        if health.trouble is AccountProblem.MISSING or (health.trouble is None and health.probe_at is None):
            return
        sending = db.execute(
            f"SELECT 1 FROM item WHERE {LIVE} AND account = ? AND state = 'sending' LIMIT 1",  # noqa: S608
            (account,),
        ).fetchone()
        if not sending:
            self.put_health(db, replace(health, probe_at=now))
