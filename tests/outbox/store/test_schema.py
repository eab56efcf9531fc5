"""Upgrading the index of an older tuimail."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, store_in
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.database import NAME
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.rows import COLUMNS, sum_of
from tuimail.outbox.store.schema import MARKED, MIGRATIONS, SUMMED, VERSION

if TYPE_CHECKING:
    from pathlib import Path


def downgraded(path: Path, version: int) -> None:
    """Turn the index at ``path`` into what a tuimail of ``version`` would have left."""
    columns = COLUMNS[: SUMMED[version]]
    new = sqlite3.connect(path)
    rows = new.execute(f"SELECT {', '.join(columns)} FROM item").fetchall()
    timeline = new.execute("SELECT * FROM timeline").fetchall()
    new.close()
    path.unlink()
    old = sqlite3.connect(path)
    for step in range(version):
        MIGRATIONS[step](old)
    places = ", ".join("?" * (len(columns) + 1))
    for row in rows:
        old.execute(f"INSERT INTO item ({', '.join(columns)}, sum) VALUES ({places})", (*row, sum_of(row)))
    old.executemany("INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?)", timeline)
    old.execute(f"PRAGMA user_version = {version}")
    old.execute(f"PRAGMA application_id = {MARKED + version}")
    old.commit()
    old.close()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_index_is_upgraded_with_everything_in_it_and_a_copy_is_kept(tmp_path: Path, version: int) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        items = [store.enqueue(Incoming(message(n), composing=f"draft {n}")) for n in range(3)]
        store.claims.claim("somebody", only=items[1].id)
    downgraded(tmp_path / NAME, version)
    with closing(store_in(tmp_path, SetClock())) as store:
        after = [store.queries.item(each.id) for each in items]
        assert [each.subject for each in after] == [each.subject for each in items]
        assert [each.rank for each in after] == [each.queued_at for each in items]
        assert after[1].state is ItemState.SENDING
        assert store.notice == ""
    assert (tmp_path / f"index.before-{version + 1}").exists()


def test_limits_of_an_older_index_keep_their_age(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        store.enqueue(Incoming(message(), composing="draft"))
    downgraded(tmp_path / NAME, 2)
    db = sqlite3.connect(tmp_path / NAME)
    row = ("work", "", 0, 20, 3, clock.now() - 6 * 86400)
    db.execute(
        "INSERT INTO health (account, words, tries, recipient_limit, connection_limit, limits_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    db.commit()
    db.close()
    with closing(store_in(tmp_path, clock)) as store:
        health = store.accounts.health("work")
        assert (health.recipient_limit, health.connection_limit) == (20, 3)
        clock.move(2 * 86400)
        health = store.accounts.health("work")
        assert (health.recipient_limit, health.connection_limit) == (None, None)


def test_a_damaged_row_of_an_older_index_is_not_carried_over(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        item = store.enqueue(Incoming(message(), composing="draft"))
    downgraded(tmp_path / NAME, 1)
    db = sqlite3.connect(tmp_path / NAME)
    db.execute("UPDATE item SET subject = 'lettre'")
    db.commit()
    db.close()
    with closing(store_in(tmp_path, SetClock())) as store:
        assert store.queries.item(item.id).subject == "Letter 1"
        assert "rebuilt" in store.notice


def test_the_present_sums_go_over_every_column() -> None:
    assert SUMMED[VERSION] == len(COLUMNS)
    assert len(SUMMED) == VERSION + 1
