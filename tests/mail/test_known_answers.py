"""Fields and names as another parser reads them: the expected results that lie beside its test messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.corpora import corpus
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.received_addresses import received_addresses
from tuimail.mail.received_date import received_date

if TYPE_CHECKING:
    from collections.abc import Iterator


def _people(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [person for each in value for person in _people(each)]
    for key in ("List", "Group", "addresses"):
        if key in value:
            return _people(value[key])
    return [(value["name"] or "", value["address"] or "")]


def _seconds(value: dict[str, int]) -> int:
    wall = datetime(*(value[key] for key in ("year", "month", "day", "hour", "minute")), second=0, tzinfo=UTC)  # type: ignore[misc,arg-type]
    offset = (value["tz_hour"] * 60 + value["tz_minute"]) * 60
    return int(wall.timestamp()) + value["second"] + (offset if value["tz_before_gmt"] else -offset)


def _compared() -> Iterator[tuple[str, bytes, object, object]]:
    """Where, the field as written, their reading, ours."""
    for path in sorted(corpus("stalwart-mail-parser", "resources", "eml").rglob("*.json")):
        if path.name.endswith(".crlf.json"):
            continue
        header = read_tree(path.with_suffix(".eml").read_bytes()).header
        for each in json.loads(path.read_text(encoding="utf-8"))["parts"][0]["headers"]:
            name, value = each["name"], each["value"]
            if not isinstance(name, str) or not isinstance(value, dict):
                continue
            raw = header.value(name.replace("_", "-"))
            where = f"{path.parent.name}/{path.name} {name}"
            if "Address" in value:
                ours = [(person.name, person.address) for person in received_addresses(raw)]
                yield where, raw, _people(value["Address"]), ours
            elif name == "date" and value["DateTime"]["month"]:
                found = received_date(raw)
                yield where, raw, _seconds(value["DateTime"]), found and found.at
            elif name == "subject":
                yield where, raw, value["Text"], decode_header(raw)


ONE_WORD = {"rfc/001.json from", "rfc/001.json to", "rfc/004.json from", "rfc/004.json to"}
"""For them it is a name, for us a local address."""
LEAP_SECOND = {"malformed/019.json date"}


def test_fields_are_read_as_expected() -> None:
    same = 0
    other = []
    for where, raw, theirs, ours in _compared():
        same += theirs == ours
        # They read UTF-7, which is refused here, and lose letters that are not UTF-8.
        explained = b"utf-7" in raw or "\ufffd" in str(theirs) or where in ONE_WORD | LEAP_SECOND
        if theirs != ours and not explained:
            other.append((where, theirs, ours))
    assert other == []
    assert same >= 290
