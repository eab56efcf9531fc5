"""Extensions that the servers of an account were found to break (submission/quirks), shared by all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.submission.quirks import FORGET_AFTER, Quirk

if TYPE_CHECKING:
    import sqlite3

    from tuimail.submission.result import SubmissionResult

_NAMES = frozenset(Quirk)


def known(db: sqlite3.Connection, account: str, now: float) -> dict[str, frozenset[Quirk]]:
    """Server ("smtp.example.org:465") -> its quirks that are still believed."""
    found: dict[str, set[Quirk]] = {}
    rows = db.execute("SELECT server, quirk, learnt_at FROM quirk WHERE account = ?", (account,))
    for server, name, learnt_at in rows.fetchall():
        if name in _NAMES and _believed(Quirk(name), now - learnt_at):
            found.setdefault(server, set()).add(Quirk(name))
    return {server: frozenset(quirks) for server, quirks in found.items()}


def note(db: sqlite3.Connection, account: str, result: SubmissionResult, now: float) -> None:
    """Keep what an attempt showed of its server."""
    for quirk, has_it in result.learnt.items():
        if has_it:
            db.execute("INSERT OR REPLACE INTO quirk VALUES (?, ?, ?, ?)", (account, result.server, quirk.value, now))
        else:
            db.execute("DELETE FROM quirk WHERE account = ? AND server = ? AND quirk = ?",
                       (account, result.server, quirk.value))  # fmt: skip


def _believed(quirk: Quirk, age: float) -> bool:
    limit = FORGET_AFTER[quirk]
    return limit is None or 0 <= age < limit
