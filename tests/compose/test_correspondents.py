"""People written to before are offered, the likely ones first."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from tuimail.compose.correspondents import Correspondents
from tuimail.mail.address import parse_addresses

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400.0


@pytest.fixture
def people(tmp_path: Path) -> Correspondents:
    return Correspondents(tmp_path / "data" / "correspondents.json")


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
    other = Correspondents(people.path)
    other.remember(parse_addresses("b@x"), 2.0)
    people.remember(parse_addresses("c@x"), 3.0)
    assert sorted(Correspondents(people.path).complete("@x")) == ["a@x", "b@x", "c@x"]
    assert people.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"version": 9}', '{"version": 1, "people": []}', '{"version": 1, "people": {"no": {"address": "no"}}}',
     '{"version": 1, "people": {"a@b": {"address": "a@b", "name": "", "weight": 0, "last": 1}}}',
     '{"version": 1, "people": {"a@b": {"address": "a@b", "name": "\\u001b", "weight": 1, "last": 1}}}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_is_set_aside(people: Correspondents, content: str, caplog: pytest.LogCaptureFixture) -> None:
    people.path.parent.mkdir(parents=True, mode=0o700)
    people.path.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert people.complete("a") == []
    assert "set aside" in caplog.text
    assert people.path.with_name("correspondents.json.damaged").read_text() == content
    people.remember(parse_addresses("a@b"), 1.0)
    assert people.complete("a") == ["a@b"]


def test_ten_thousand_people_are_searched_by_common_and_rare_words(people: Correspondents) -> None:
    entries = {
        f"{n}": {"address": f"user{n}@example{n % 7}.org", "name": f"Person Number{n}", "weight": 1.0, "last": float(n)}
        for n in range(10_000)
    }
    people.path.parent.mkdir(parents=True, mode=0o700)
    people.path.write_text(json.dumps({"version": 1, "people": entries}))
    assert people.complete("person", 2) == [
        "Person Number9999 <user9999@example3.org>",
        "Person Number9998 <user9998@example2.org>",
    ]
    assert people.complete("number123", 20)[-1] == "Person Number123 <user123@example4.org>"
    assert people.complete("number99 perso user", 1) == ["Person Number9999 <user9999@example3.org>"]
    assert people.complete("@example5.org", 1) == ["Person Number9994 <user9994@example5.org>"]
