"""Invitations as what, when and where."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages
from tuimail.mail.invitation import MOST_ATTENDEES, Invitation, read_invitation
from tuimail.mail.mime_tree import read_tree, walk
from tuimail.mail.part_text import decoded_text
from tuimail.mail.text import safe_line

BERLIN = ZoneInfo("Europe/Berlin")

ALL = """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID="W. Europe Standard Time":20261110T090000
DTEND;TZID="W. Europe Standard Time":20261110T103000
SUMMARY:Lunch\\, and
  talk\\nabout it
LOCATION;LANGUAGE=de:Room 1\\; upstairs
ORGANIZER;CN="Ada: L":MAILTO:ada@example.org
ATTENDEE;CN=bob@example.org;PARTSTAT=ACCEPTED:mailto:bob@example.org
ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Carol:mailto:carol@example.org
RRULE:FREQ=WEEKLY
BEGIN:VALARM
SUMMARY:not this
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def of(*lines: str) -> Invitation:
    found = read_invitation("\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]))
    assert found is not None
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_all_of_it(line_end: str) -> None:
    found = read_invitation(ALL.replace("\n", line_end))
    assert found is not None
    assert found.lines(BERLIN) == [
        "Invitation: Lunch, and talk about it",
        "When: Tue 2026-11-10 09:00 to 10:30, repeats",
        "Where: Room 1; upstairs",
        "Organiser: Ada: L <ada@example.org>",
        "Invited: bob@example.org (accepted), Carol <carol@example.org>",
    ]
    assert found.start is not None
    assert found.start.at == int(datetime(2026, 11, 10, 8, 0, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (("DTSTART:20261110T080000Z", "DTEND:20261110T090000Z"), "Tue 2026-11-10 09:00 to 10:00"),
        (("DTSTART:20261110T080000Z", "DURATION:PT1H30M"), "Tue 2026-11-10 09:00 to 10:30"),
        (("DTSTART:20261110T080000Z",), "Tue 2026-11-10 09:00"),
        (("DTSTART:20261110T230000Z", "DTEND:20261111T080000Z"), "Wed 2026-11-11 00:00 to 09:00"),
        (
            ("DTSTART;TZID=America/New_York:20261110T090000", "DTEND;TZID=America/New_York:20261110T100000"),
            "Tue 2026-11-10 15:00 to 16:00 (Tue 2026-11-10 09:00 to 10:00 America/New_York)",
        ),
        (("DTSTART;TZID=My own zone:20261110T090000",), "Tue 2026-11-10 09:00 (My own zone)"),
        (("DTSTART;TZID=../../etc/passwd:20261110T090000",), "Tue 2026-11-10 09:00 (../../etc/passwd)"),
        (("DTSTART;TZID=Europe:20261110T090000",), "Tue 2026-11-10 09:00 (Europe)"),
        (("DTSTART:20261110T090000",), "Tue 2026-11-10 09:00"),
        (("DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261111"), "Tue 2026-11-10"),
        (("DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261112"), "Tue 2026-11-10 to Wed 2026-11-11"),
        (("DTSTART:20261110T080000Z", "DTEND:20261110T070000Z"), "Tue 2026-11-10 09:00"),
    ],
)
def test_times(lines: tuple[str, ...], shown: str) -> None:
    assert of(*lines).lines(BERLIN)[1] == f"When: {shown}"


@pytest.mark.parametrize("value", ["20261340T080000Z", "00010101T000000Z", "99991231T235959Z", "x", "", "2026-11-10"])
def test_absurd_times(value: str) -> None:
    found = of(f"DTSTART:{value}", "DURATION:P9999W", "SUMMARY:a")
    assert found.start is None
    assert found.lines() == ["Event: a"]


def test_only_the_first_attendees_are_named() -> None:
    found = of(*(f"ATTENDEE:mailto:{n}@x" for n in range(100)))
    assert len(found.attendees) == MOST_ATTENDEES
    assert found.lines()[-1].endswith("9@x and 90 more")


def test_further_events_are_counted() -> None:
    found = read_invitation("BEGIN:VEVENT\nSUMMARY:a\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:b\nEND:VEVENT\nMETHOD:CANCEL\n")
    assert found is not None
    assert found.lines() == ["Cancelled: a", "1 more event"]


def test_no_event() -> None:
    assert read_invitation("") is None
    assert read_invitation("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nEND:VTODO\n") is None


PIECES = ["BEGIN:VEVENT\n", "END:VEVENT\n", "DTSTART:", "DTEND;TZID=Europe/Berlin:", "DURATION:P", "20261110", "1W"]
PIECES += [
    "T080000",
    "Z",
    "\n",
    " ",
    "SUMMARY:\x1b\u202e",
    "\\",
    'ATTENDEE;CN="',
    "99991231T235959",
    ";",
    ":",
    "\r\n\t",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_nothing_raises_and_all_is_sanitised(text: str) -> None:
    for each in (text, f"BEGIN:VEVENT\n{text}"):
        found = read_invitation(each)
        if found is not None:
            for line in [*found.lines(), *found.lines(BERLIN)]:
                assert safe_line(line) == line


def test_no_part_of_the_corpora_breaks_it() -> None:
    for _, raw in corpus_messages():
        for part in walk(read_tree(raw, open_messages=True)):
            invitation = read_invitation(decoded_text(part).text)
            assert part.content_type != "text/calendar" or invitation is not None
