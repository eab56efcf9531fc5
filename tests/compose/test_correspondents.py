"""People written to before are offered, the likely ones first."""

from __future__ import annotations

import json
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tuimail.compose.correspondents import Correspondents
from tuimail.errors import StorageError
from tuimail.mail.address import parse_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86400.0


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Correspondents]:
    with closing(Correspondents(tmp_path / "data" / "correspondents.db")) as opened:
        yield opened


def first_version(people: Correspondents, content: str) -> Path:
    """A file where tuimail 0.1 wrote it."""
    file = people.path.with_name("correspondents.json")
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(content)
    return file


def entry(address: str, name: str = "", weight: float = 1.0, last: float = 1.0) -> dict[str, object]:
    return {"address": address, "name": name, "weight": weight, "last": last}


def test_names_local_parts_and_domains_are_found(people: Correspondents) -> None:
    people.remember(parse_addresses("Ada Lovelace <countess.l@example.org>, bob@bücher.example"), 1.0)
    ada, bob = "Ada Lovelace <countess.l@example.org>", "bob@bücher.example"
    for typed in (
        "a",
        "ADA",
        "love",
        "ada love",
        "love a",
        "count",
        "countess.l@ex",
        '"Ada',
        "<count",
        "@example.org",
    ):
        assert ada in people.complete(typed), typed
    for typed in ("bob", "büch", "@büch"):
        assert people.complete(typed) == [bob], typed
    for typed in ("", " ", "zeno", "ovelace", "ada bob"):
        assert people.complete(typed) == [], typed
    assert people.complete("a", 0) == []


def test_everybody_is_listed_the_latest_first(people: Correspondents) -> None:
    assert people.latest() == []
    people.remember(parse_addresses("often@x"), 1.0)
    people.remember(parse_addresses("often@x, old@x"), 2.0)
    people.remember(parse_addresses("new@x"), 3.0)
    assert people.latest()[0] == "new@x"
    assert set(people.latest()) == {"new@x", "often@x", "old@x"}
    assert people.latest(1) == ["new@x"]
    assert people.latest(0) == []


def test_frequent_and_recent_people_come_first(people: Correspondents) -> None:
    people.remember(parse_addresses("old@x, often@x, late@x"), 0.0)
    for day in range(1, 4):
        people.remember(parse_addresses("often@x"), day * DAY)
    people.remember(parse_addresses("late@x"), 4 * DAY)
    assert people.complete("@x") == ["often@x", "late@x", "old@x"]
    people.remember(parse_addresses("late@x"), 400 * DAY)
    assert people.complete("@x")[0] == "late@x"


def test_names_come_before_domains(people: Correspondents) -> None:
    people.remember(parse_addresses("x@example.org, x@example.net"), 100 * DAY)
    people.remember(parse_addresses("Example Person <p@q>"), 1.0)
    assert people.complete("exam", 2) == ["Example Person <p@q>", "x@example.org"]


def test_a_mailbox_is_one_person_and_keeps_its_name(people: Correspondents) -> None:
    people.remember(parse_addresses("Ada <Ada@Example.org>"), 1.0)
    people.remember(parse_addresses("ada@example.ORG"), 2.0)
    assert people.complete("ada") == ["Ada <ada@example.ORG>"]


def test_another_process_is_noticed_and_the_file_is_private(people: Correspondents) -> None:
    people.remember(parse_addresses("a@x"), 1.0)
    with closing(Correspondents(people.path)) as other:
        other.remember(parse_addresses("b@x"), 2.0)
        people.remember(parse_addresses("c@x"), 3.0)
        assert sorted(other.complete("@x")) == sorted(people.complete("@x")) == ["a@x", "b@x", "c@x"]
    assert [each.stat().st_mode & 0o777 for each in people.path.parent.iterdir()] == [0o600] * 2


def test_two_processes_lose_nobody(people: Correspondents) -> None:
    def write(process: int) -> None:
        with closing(Correspondents(people.path)) as mine:
            for number in range(10):
                mine.remember(parse_addresses(f"p{process}n{number}@x, both@x"), float(number))

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(3)))
    assert len(people.complete("@x", 100)) == 31


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"version": 9}', '{"version": 1, "people": []}', '{"version": 1, "people": {"no": {"address": "no"}}}',
     '{"version": 1, "people": {"a@b": {"address": "a@b", "name": "", "weight": 0, "last": 1}}}',
     '{"version": 1, "people": {"a@b": {"address": "a@b", "name": "\\u001b", "weight": 1, "last": 1}}}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_of_the_first_version_is_set_aside(
    people: Correspondents, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = first_version(people, content)
    with caplog.at_level(logging.WARNING):
        assert people.complete("a") == []
    assert "set aside" in caplog.text
    assert file.with_name("correspondents.json.damaged").read_text() == content
    people.remember(parse_addresses("a@b"), 1.0)
    assert people.complete("a") == ["a@b"]


def test_the_first_version_is_taken_over_and_kept(people: Correspondents) -> None:
    content = json.dumps({"version": 1, "people": {"a@x": entry("a@x", "Ada", 3.0), "b@x": entry("b@x")}})
    file = first_version(people, content)
    assert people.complete("@x") == ["Ada <a@x>", "b@x"]
    assert not file.exists()
    assert file.with_name("correspondents.json.before-2").read_text() == content


def test_the_first_version_may_write_once_more(people: Correspondents) -> None:
    people.remember(parse_addresses("New Name <a@x>"), 9.0)
    people.close()
    first_version(people, json.dumps({"version": 1, "people": {"a@x": entry("a@x", "Old"), "c@x": entry("c@x")}}))
    assert people.complete("@x") == ["New Name <a@x>", "c@x"]
    people.close()
    first_version(people, json.dumps({"version": 1, "people": {"c@x": entry("c@x", "Cy", last=20.0)}}))
    assert people.latest() == ["Cy <c@x>", "New Name <a@x>"]


@pytest.mark.parametrize("damage", ["no database", "torn", "no tables", "no text"])
def test_a_damaged_database_is_set_aside_with_a_notice(people: Correspondents, damage: str) -> None:
    told: list[str] = []
    people.remember(parse_addresses(", ".join(f"Person {n} <p{n}@x{n}.example>" for n in range(300))), 1.0)
    people.close()
    whole = people.path.read_bytes()
    if damage == "no database":
        people.path.write_bytes(b"not at all " * 1000)
    elif damage == "torn":
        people.path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    else:
        with closing(sqlite3.connect(people.path)) as db:
            broken = "UPDATE person SET name = CAST(x'ff41' AS TEXT)" if damage == "no text" else "DROP TABLE term"
            db.execute(broken)
            db.commit()
    with closing(Correspondents(people.path, tell=told.append)) as found:
        assert found.complete("person") == []
        assert ["set aside" in each for each in told] == [True]
        assert people.path.with_name("correspondents.db.damaged").exists()
        found.remember(parse_addresses("a@b"), 1.0)
        assert found.complete("a") == ["a@b"]
    assert people.path.stat().st_mode & 0o777 == 0o600


def test_a_database_that_is_set_aside_is_left_by_other_processes(people: Correspondents) -> None:
    people.remember(parse_addresses("a@x"), 1.0)
    people.path.rename(people.path.with_name("elsewhere.db"))
    people.remember(parse_addresses("b@x"), 2.0)
    with closing(Correspondents(people.path)) as other:
        assert other.latest() == people.latest() == ["b@x"]


def test_a_newer_version_is_left_alone(people: Correspondents) -> None:
    people.remember(parse_addresses("a@x"), 1.0)
    people.close()
    with closing(sqlite3.connect(people.path)) as db:
        db.execute("PRAGMA user_version = 3")
    assert people.complete("a") == []
    with pytest.raises(StorageError, match="newer tuimail"):
        people.remember(parse_addresses("b@x"), 2.0)
    assert not people.path.with_name("correspondents.db.damaged").exists()


def test_a_disk_that_refuses_is_an_error_only_where_something_is_to_be_kept(people: Correspondents) -> None:
    people.path.parent.mkdir(mode=0o700)
    people.path.mkdir()
    assert people.complete("a") == people.latest() == []
    with pytest.raises(StorageError, match="cannot be used"):
        people.remember(parse_addresses("a@x"), 1.0)


def test_a_name_that_must_not_be_shown_is_left_out(people: Correspondents) -> None:
    people.remember(parse_addresses("Eve <eve@x>, Eva <eva@x>"), 1.0)
    people.close()
    with closing(sqlite3.connect(people.path)) as db:
        db.execute("UPDATE person SET name = ? WHERE key LIKE 'eve%'", ("Eve\x1b]52;c;aGk=\x07",))
        db.commit()
    assert people.complete("ev") == people.latest() == ["Eva <eva@x>"]


def test_the_least_likely_are_forgotten(people: Correspondents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.compose.correspondents_database.MAX_PEOPLE", 3)
    for number in range(5):
        people.remember(parse_addresses(f"p{number}@x"), number * DAY)
    assert people.complete("@x") == people.complete("p") == ["p4@x", "p3@x", "p2@x"]
    with closing(sqlite3.connect(people.path)) as db:
        assert db.execute("SELECT COUNT(DISTINCT person) FROM term").fetchone() == (3,)


def test_a_new_name_replaces_what_is_searched(people: Correspondents) -> None:
    people.remember(parse_addresses("Ada Byron <a@x>"), 1.0)
    people.remember(parse_addresses("Ada Lovelace <a@x>"), 2.0)
    assert people.complete("byron") == []
    assert people.complete("lovelace") == ["Ada Lovelace <a@x>"]


def test_ten_thousand_people_are_searched_by_common_and_rare_words(people: Correspondents) -> None:
    entries = {f"{n}": entry(f"user{n}@example{n % 7}.org", f"Person Number{n}", last=float(n)) for n in range(10_000)}
    first_version(people, json.dumps({"version": 1, "people": entries}))
    assert people.complete("person", 2) == [
        "Person Number9999 <user9999@example3.org>",
        "Person Number9998 <user9998@example2.org>",
    ]
    assert people.complete("number123", 20)[-1] == "Person Number123 <user123@example4.org>"
    assert people.complete("number99 perso user", 1) == ["Person Number9999 <user9999@example3.org>"]
    assert people.complete("@example5.org", 1) == ["Person Number9994 <user9994@example5.org>"]
    assert len(people.complete("person example5", 20_000)) == len(people.complete("example5", 20_000)) == 1428
