"""Messages that may be delivery reports are remembered until they were looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cache.support import NOON, Letter, written
from tuimail.cache import folders, reports, summaries
from tuimail.cache.summaries import NewMessage

if TYPE_CHECKING:
    from pathlib import Path


def a_report(arrived: int = NOON) -> Letter:
    return Letter(arrived=arrived)._replace(report=True)


def test_noted_when_stored_and_struck_off_when_looked_at(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        assert not reports.are_waiting(db)
        some = [NewMessage(Letter()), NewMessage(a_report(), emailid="a"), NewMessage(a_report(), emailid="b")]
        _, first, second = summaries.insert(db, inbox, some)
        assert reports.are_waiting(db)
        assert reports.waiting(db, 0, 9) == [(first, "INBOX", "a", NOON), (second, "INBOX", "b", NOON)]
        assert [each.id for each in reports.waiting(db, 0, 1)] == [first]
        reports.settle(db, [first], 0)
        assert [each.id for each in reports.waiting(db, 0, 9)] == [second]


def test_what_is_too_old_or_gone_is_forgotten_and_what_is_hidden_waits(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        some = [NewMessage(a_report(NOON + at)) for at in range(4)]
        old, gone, hidden, kept = summaries.insert(db, inbox, some)
        summaries.vanish(db, [gone])
        summaries.hide(db, [hidden], 1)
        assert [each.id for each in reports.waiting(db, NOON + 1, 9)] == [kept]
        reports.settle(db, [kept], NOON + 1)
        summaries.show(db, [hidden])
        assert [each.id for each in reports.waiting(db, 0, 9)] == [hidden], old
