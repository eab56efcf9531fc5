"""Invitations (iCalendar): one to answer, one to a whole day, and one that is cancelled later."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.message import NEW, SampleMessage
from tuimail.demo.letters.parts import html_part, multipart, text_part

_CHARLES = "ORGANIZER;CN=Charles Babbage:mailto:charles@engines.example"
_ADA = "ATTENDEE;CN=Ada Lovelace;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ada@analytical.example"


def _calendar(method: str, *lines: str) -> bytes:
    event = "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Engines//Diary 1//EN", f"METHOD:{method}", "BEGIN:VEVENT", *lines,
         "END:VEVENT", "END:VCALENDAR")
    ).replace("\r\n", "\n")  # fmt: skip
    return text_part(event, kind="calendar", charset="utf-8", parameters=f"; method={method}")


def _at(now: float, days: int, hour: int) -> str:
    """``hour`` o'clock UTC, ``days`` after ``now``."""
    return f"{datetime.fromtimestamp(now + days * DAY, UTC):%Y%m%d}T{hour:02d}0000Z"


def _trial(method: str, text: str, now: float) -> bytes:
    sequence, status = (1, "CANCELLED") if method == "CANCEL" else (0, "CONFIRMED")
    calendar = _calendar(
        method,
        "UID:trial-of-the-mill@engines.example", f"SEQUENCE:{sequence}", f"STATUS:{status}",
        f"DTSTAMP:{_at(now, -3, 9)}", f"DTSTART:{_at(now, 4, 14)}", f"DTEND:{_at(now, 4, 16)}",
        "SUMMARY:Trial of the mill", "LOCATION:1 Dorset Street\\, Manchester Square\\, London",
        "DESCRIPTION:Please do not wear sleeves that can be caught.", _CHARLES, _ADA,
        "ATTENDEE;CN=Joseph Clement;PARTSTAT=ACCEPTED:mailto:clement@lathes.example",
    )  # fmt: skip
    return multipart("alternative", text_part(text), html_part(f"<p>{text.splitlines()[0]}</p>"), calendar)


def _eclipse(text: str, now: float) -> bytes:
    day = datetime.fromtimestamp(now + 20 * DAY, UTC)
    calendar = _calendar(
        "REQUEST",
        "UID:eclipse@somerville.example", f"DTSTART;VALUE=DATE:{day:%Y%m%d}", "SUMMARY:Eclipse of the sun",
        "LOCATION:The roof", "ORGANIZER;CN=Mary Somerville:mailto:mary@somerville.example", _ADA,
    )  # fmt: skip
    return multipart("mixed", text_part(text), calendar)


INVITATIONS = (
    SampleMessage(
        "trial", "charles", 3 * DAY, "Invitation: Trial of the mill",
        "You are invited to the trial of the mill.",
        cc=("clement",), flags="FS", body=partial(_trial, "REQUEST"),
    ),
    SampleMessage(
        "eclipse", "mary", 1.1 * DAY, "Invitation: Eclipse of the sun",
        "Come up to the roof. Bring smoked glass; the sun brings the rest.",
        flags="", body=_eclipse,
    ),
    SampleMessage(
        "trial-off", "charles", 90 * 60, "Cancelled: Trial of the mill",
        "The trial is put off. I have had a better idea.",
        answers="trial", cc=("clement",), flags=NEW, body=partial(_trial, "CANCEL"),
    ),
    SampleMessage(
        "trial-sorry", "ada", 1.2 * HOUR, "",
        "{quote}\n\nCharles. We spoke about better ideas.",
        answers="trial-off", to=("charles",), folder="Sent",
    ),
)  # fmt: skip
