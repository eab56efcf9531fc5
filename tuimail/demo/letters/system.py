"""What programs write: a bounce of a letter of the sample outbox, a delay, a draft, and what lies in the trash."""

from __future__ import annotations

from functools import partial

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.message import SampleMessage
from tuimail.demo.letters.parts import multipart, text_part
from tuimail.demo.letters.people import PEOPLE
from tuimail.mail.date import format_date

_FAILED = ("failed", "5.2.2", "552 5.2.2 <luigi@torino.example>: the mailbox is full of proofs")
_DELAYED = ("delayed", "4.4.1", "connect to mx.torino.example: the Alps are closed")


def _report(what: tuple[str, str, str], ago: float, text: str, now: float) -> bytes:
    """A delivery report (RFC 3464) about the letter "Notes A to G" of the sample outbox."""
    action, status, said = what
    date = format_date(now - ago, PEOPLE["daemon"].tz)
    about = (
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; demo.example\n"
        f"Arrival-Date: {format_date(now - DAY, PEOPLE['daemon'].tz)}\n\n"
        "Original-Recipient: rfc822;luigi@torino.example\nFinal-Recipient: rfc822; luigi@torino.example\n"
        f"Action: {action}\nStatus: {status}\nRemote-MTA: dns; mx.torino.example\nDiagnostic-Code: smtp; {said}\n"
        f"Last-Attempt-Date: {date}\n"
    )
    returned = (
        "Content-Type: text/rfc822-headers\n\nFrom: Ada Lovelace <ada@analytical.example>\n"
        "To: Luigi Menabrea <luigi@torino.example>\nCc: Charles Babbage <charles@engines.example>\n"
        "Subject: Notes A to G\nMessage-ID: <notes-a-to-g@analytical.example>\n"
    )
    parts = (text_part(text), about.encode("ascii"), returned.encode("ascii"))
    return multipart("report", *parts, parameters="; report-type=delivery-status")


_AUTO = (("Auto-Submitted", "auto-replied"),)

SYSTEM = (
    SampleMessage(
        "delayed", "daemon", 20 * HOUR, "Delivery delayed: Notes A to G",
        "Your letter has not been delivered to luigi@torino.example yet. You need not do anything.\n\n    the Alps"
        " are closed",
        headers=_AUTO, answers="notes-a-to-g", body=partial(_report, _DELAYED, 20 * HOUR),
    ),
    SampleMessage(
        "bounce", "daemon", 6 * HOUR, "Undelivered Mail Returned to Sender",
        "I am sorry, but your letter could not be delivered to\n\n    luigi@torino.example\n\nThe server there said:"
        " the mailbox"
        " is full of proofs.",
        headers=_AUTO, answers="notes-a-to-g", flags="", body=partial(_report, _FAILED, 6 * HOUR),
    ),
    SampleMessage(
        "away", "john", 23 * HOUR, "Automatic reply: Every star",
        "I am at the telescope until the clouds return.", headers=_AUTO,
    ),
    SampleMessage(
        "draft-poem", "ada", 14 * DAY, "On poetical science",
        "Dear Mother,\n\nyou will not concede me philosophical poetry. Invert the order! Will you give me poetical"
        " philosophy,",
        to=("annabella",), folder="Drafts", flags="DS",
    ),
    SampleMessage(
        "flyer", "acme", 17 * DAY, "Card punches: now with ivory handles",
        "Punch in style.", folder="Trash",
    ),
    SampleMessage(
        "organ", "charles", 11.4 * DAY, "There is one under my window AGAIN",
        "He plays the same six bars. I have counted them. I have the constable's address.\n\nForget it, he has gone.",
        folder="Trash", flags="S",
    ),
    SampleMessage(
        "home-to-work", "ada-home", 8.6 * DAY, "Note to self: the key of the study",
        "It is in the barometer.", to=("ada",),
    ),
)  # fmt: skip
