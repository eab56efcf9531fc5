"""tuimail send --merge: all or nothing, nothing twice, at its pace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tuimail.clock import SystemClock
from tuimail.mail.content import whole
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

TABLE = "name;email;city\nBob;bob@example.net;\nKim;kim@example.net;Oslo\n"
TEXT = "Dear {name},\n\nhow is {city|your town}?\n"


@pytest.fixture
def merge(tuimail_: Run, write_config: Callable[[], None], tmp_path: Path) -> Run:
    """``tuimail send --merge`` with a table and a text."""
    write_config()
    (tmp_path / "people.csv").write_text(TABLE)
    (tmp_path / "text").write_text(TEXT)

    def run(*options: str, **rest: object) -> Ran:
        files = ("--merge", str(tmp_path / "people.csv"), "-i", str(tmp_path / "text"), "-s", "Hello {name}")
        return tuimail_("send", *files, *options, **rest)

    return run


def queued(home: Paths) -> list[tuple[OutboxItem, str]]:
    store = Store(home.outbox, SystemClock())
    try:
        items = store.queries.items(frozenset(ItemState))
        return [(item, whole(store.queries.content(item.id)).decode()) for item in items]
    finally:
        store.close()


def test_one_letter_for_each_row(merge: Run, home: Paths) -> None:
    ran = merge()
    assert (ran.code, ran.out) == (0, "queued 2 letters from work\n"), ran.err
    (bob, to_bob), (kim, to_kim) = queued(home)
    assert [bob.recipients[0].address, kim.recipients[0].address] == ["bob@example.net", "kim@example.net"]
    assert [bob.subject, kim.subject] == ["Hello Bob", "Hello Kim"]
    assert "Dear Bob,\r\n\r\nhow is your town?\r\n" in to_bob
    assert "Dear Kim,\r\n\r\nhow is Oslo?\r\n" in to_kim
    assert "kim@" not in to_bob
    assert bob.message_id != kim.message_id


def test_the_same_merge_again_queues_only_what_is_missing(merge: Run, home: Paths, tmp_path: Path) -> None:
    merge()
    (tmp_path / "people.csv").write_text(TABLE + "Eve;eve@example.net;Rome\n")
    ran = merge("--json")
    assert json.loads(ran.out) == {
        "table": str(tmp_path / "people.csv"),
        "queued": 1,
        "queued_before": 2,
        "sent_otherwise": 0,
        "account": "work",
        "skipped": [],
    }
    assert len(queued(home)) == 3


def test_a_bad_row_stops_all_unless_it_may_be_skipped(merge: Run, home: Paths, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(TABLE + "Eve;;Rome\n")
    ran = merge()
    assert ran.code == 65
    assert f"{tmp_path / 'people.csv'}: row 4, email: the address is empty\n" in ran.err
    assert "1 row of 3 cannot be sent, so nothing was queued" in ran.err
    assert not home.outbox.exists()
    ran = merge("--skip-bad", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["skipped"] == [{"row": 4, "column": "email", "problem": "the address is empty"}]
    assert len(queued(home)) == 2


@pytest.mark.parametrize(("options", "shown"), [(["--dry-run"], 1), (["--preview", "2"], 2)])
def test_a_preview_shows_letters_and_queues_none(merge: Run, home: Paths, options: list[str], shown: int) -> None:
    ran = merge(*options)
    assert ran.code == 0
    assert ran.out.startswith(
        "From: ada@example.org\nTo: bob@example.net\nSubject: Hello Bob\n\nDear Bob,\n\nhow is your town?\n"
    )
    assert ran.out.count("Subject: ") == shown
    assert ran.out.endswith("2 letters would be queued from work; nothing was.\n")
    assert not home.outbox.exists()


def test_a_pace_spaces_the_letters(merge: Run, home: Paths) -> None:
    assert merge("--pace", "30/min").code == 0
    (bob, _), (kim, _) = queued(home)
    assert (bob.state, bob.not_before, kim.state) == (ItemState.QUEUED, None, ItemState.HELD)
    assert kim.not_before is not None
    assert kim.not_before - bob.queued_at == pytest.approx(2.0, abs=1.0)


def test_a_later_time_and_a_pace_go_together(merge: Run, home: Paths) -> None:
    assert merge("--at", "+1h", "--pace", "60/h").code == 0
    (bob, _), (kim, _) = queued(home)
    assert bob.not_before is not None
    assert kim.not_before == bob.not_before + 60


def test_a_person_is_asked_first(merge: Run, home: Paths) -> None:
    ran = merge(text="n\n", terminal=True)
    assert ran.code == 0
    assert "Queue 2 letters from work? [y/N] Nothing was queued.\n" in ran.err
    assert not home.outbox.exists()
    assert merge(text="y\n", terminal=True).out.startswith("queued 2 letters")
    assert "[y/N]" not in merge("--yes", terminal=True).err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--pace", "fast"], 64, '"fast" is not a pace'),
        (["--pace", "0/h"], 64, "is not a pace"),
        (["--wait"], 64, "only queues"),
        (["--to-field", "mail"], 65, "has no column {mail}. Did you mean {email}?"),
        (["-c", "{boss}"], 65, "has no column {boss}"),
        (["--merge", "/none"], 66, "cannot be read from /none"),
    ],
)
def test_what_does_not_fit_is_told(merge: Run, home: Paths, options: list[str], code: int, words: str) -> None:
    ran = merge(*options)
    assert ran.code == code
    assert words in ran.err
    assert not home.outbox.exists()


def test_addresses_may_have_names_and_copies(merge: Run, home: Paths) -> None:
    assert merge("{name} <{email}>", "-b", "ada@example.org").code == 0
    for item, text in queued(home):
        assert [each.address for each in item.recipients][1:] == ["ada@example.org"]
        assert f"To: {item.recipients[0].to.name} <{item.recipients[0].address}>" in text
