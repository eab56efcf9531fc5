"""Letters with files: pictures, a spreadsheet, long and foreign names (RFC 2231), a letter within a letter."""

from __future__ import annotations

from datetime import UTC

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.files import ods, pdf, wheel_png
from tuimail.demo.letters.message import SampleMessage
from tuimail.demo.letters.parts import attached, file_part, message_part, multipart, text_part
from tuimail.mail.date import format_date

_BUDGET = (
    ("Item", "Pounds", "Shillings"),
    ("Brass", "412", "10"),
    ("Steel", "96", "0"),
    ("Mr Clement", "1,220", "15"),
    ("Patience", "", ""),
)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_LONG = (
    "On the Mathematical Powers of the Calculating Engine - fair copy, corrected by C.B., corrected again by A.A.L., "
    "final, final 2, the one to be printed (really).pdf"
)


def _budget(text: str, _now: float) -> bytes:
    return multipart("mixed", text_part(text), attached(_ODS, "budget.ods", ods(_BUDGET)))


def _pictures(text: str, _now: float) -> bytes:
    wheels = (attached("image/png", f"wheel-{teeth}.png", wheel_png(size)) for teeth, size in ((40, 64), (41, 72)))
    return multipart("mixed", text_part(text), *wheels)


def _continued(text: str, _now: float) -> bytes:
    """A file name in pieces (RFC 2231 section 3)."""
    pieces = [_LONG[at : at + 50] for at in range(0, len(_LONG), 50)]
    name = "".join(f';\n filename*{number}="{piece}"' for number, piece in enumerate(pieces))
    content = pdf("On the Mathematical Powers", ("of the Calculating Engine",))
    return multipart("mixed", text_part(text), file_part("application/pdf", content, f"attachment{name}"))


def _foreign(text: str, _now: float) -> bytes:
    """A file name in UTF-8 by RFC 2231, one as an encoded word where none may stand, one in Latin-1 by RFC 2231."""
    note = "Théorème\n".encode()
    return multipart(
        "mixed",
        text_part(text),
        file_part("text/csv", b"n,B\n1,1/6\n", "attachment; filename*=UTF-8''%E5%B9%B3%E6%96%B9%E6%A0%B9.csv"),
        file_part("text/plain", note, 'attachment; filename="=?utf-8?B?VGjDqW9yw6htZS50eHQ=?="'),
        file_part(
            "text/plain", note, "attachment;\n filename*0*=iso-8859-1'fr'R%E9;\n filename*1=sum; filename*2*=%E9.txt"
        ),
    )


def _forwarded(text: str, now: float) -> bytes:
    inner = (
        "From: The Treasury <clerk@treasury.example>\nTo: Charles Babbage <charles@engines.example>\n"
        f"Date: {format_date(now - 40 * DAY, UTC)}\nSubject: The engine\n"
        "Message-ID: <refusal@treasury.example>\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
        "Sir,\n\nMy Lords have considered the matter for eight years and see no reason to hurry now.\n"
    )
    return multipart("mixed", text_part(text), message_part(inner.encode("ascii")))


ATTACHMENTS = (
    SampleMessage(
        "budget", "pat", 2.6 * DAY, "The budget, as a table",
        "Dear Ada,\n\nthe budget is attached. The last line is empty because nobody here knows what it costs.",
        flags="S", body=_budget,
    ),
    SampleMessage(
        "two-wheels", "clement", 4.5 * DAY, "Two wheels",
        "Forty on the left, forty-one on the right. You see the difference or you do not.",
        folder="Projects/Engine", flags="FS", body=_pictures,
    ),
    SampleMessage(
        "fair-copy", "mary", 3.1 * DAY, "A fair copy",
        "Dear Ada,\n\nCharles gave me his essay to read. Its name is longer than its first chapter.",
        flags="", body=_continued,
    ),
    SampleMessage(
        "square-roots", "sophie", 8.3 * DAY, "Square roots, and a theorem",
        "Madame,\n\nthree small files. Their names have travelled badly in the past; do tell me how they arrive.",
        body=_foreign,
    ),
    SampleMessage(
        "refusal", "charles", 40 * HOUR, "Fwd: The engine",
        "Eight years! I enclose it whole, so that you believe me.",
        flags="PS", body=_forwarded,
    ),
)  # fmt: skip
