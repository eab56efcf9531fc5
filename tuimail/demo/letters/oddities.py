"""What must do no harm: forged senders, controls and escape sequences, broken letters, empty ones, endless lines."""

from __future__ import annotations

from datetime import UTC
from functools import partial

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.files import pdf
from tuimail.demo.letters.message import SampleMessage
from tuimail.demo.letters.parts import file_part, html_part, multipart
from tuimail.mail.date import format_date


def _raw(ago: float, sender: str, subject: str, rest: str, now: float) -> bytes:
    """A letter written byte by byte, as Latin-1."""
    date = format_date(now - ago, UTC)
    return f"From: {sender}\nTo: ada@analytical.example\nDate: {date}\nSubject: {subject}\n{rest}".encode("latin-1")


def _row(
    key: str, ago: float, sender: str, subject: str, rest: str, folder: str = "INBOX", flags: str = ""
) -> SampleMessage:
    raw = partial(_raw, ago, sender, subject, rest)
    return SampleMessage(key, "daemon", ago, "", folder=folder, flags=flags, raw=raw)


def _invoice(text: str, _now: float) -> bytes:
    """A program that passes as a PDF by an override of the direction, and a link that shows another address."""
    name = "filename*=UTF-8''invoice%E2%80%AEfdp.exe"
    link = '<p>Pay at <a href="http://аcme.example/login">https://acme.example/pay</a></p>'
    trap = file_part("application/octet-stream", pdf("Not a PDF", ()), f"attachment; {name}")
    return multipart("mixed", html_part(f"<p>{text}</p>{link}"), trap)


_PLAIN = 'MIME-Version: 1.0\nContent-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
_ESCAPES = (
    "The cards were punched by a telegraphist.\n\nRed: \x1b[31mnot red\x1b[0m. Clear: \x1b[2J\x1b[H. Title:"
    " \x1b]0;gotcha\x07.\n"
    "Clipboard: \x1b]52;c;cm0gLXJmIH4=\x07. Bell: \x07. Backspace: admin\x08\x08\x08\x08\x08guest. C1: \xc2\x9b31m.\n"
    "Carriage return: good\rbad. Query: \x1b[6n\x1b[c\x1bP$qm\x1b\\ NUL: \x00. DEL: \x7f.\n"
    "Override: \xe2\x80\xaegpj.exe\xe2\x80\xac. Nothing of this may happen.\n"
)
_BROKEN = (
    'From: =?utf-8?q?broken\nX-Garbage: \xfe\xff\xe4\xf6 \x80\nContent-Type: multipart/mixed; boundary="lost\n'
    "This line is no field\nSubject: =?gb2312?B?not base64 at all?= and \xe4\xf6\xfc\n\n"
    '--last\nContent-Type: text/plain; charset="no-such-charset"\nContent-Transfer-Encoding: base64\n\n'
    "VGhlIHBvc3RtYW4gZHJvcHBlZCB0aGlzIG9uZSBpbiB0aGUgVGhhbWVzLg\n\n--lost\nContent-Type:\n\nNo end, no date, no"
    " boundary"
)
_STARS = " ".join(f"star {number}" for number in range(1, 4000))


def _broken(_now: float) -> bytes:
    return _BROKEN.encode("latin-1")


ODDITIES = (
    _row("spoof-name", 2.4 * DAY, '"charles@engines.example" <c.babbage@engines-example.top>', "Urgent: brass",
         f"Message-ID: <spoof-name@engines-example.top>\n{_PLAIN}Dear Ada,\n\nI am in Paris without my purse. Send"
         " 200 pounds in"
         " brass to the bearer.\n\nCharles\n"),
    _row("spoof-domain", 5.1 * DAY, "Acme Billing <billing@xn--cme-5cd.example>", "Your account is locked",
         f"Reply-To: collect@elsewhere.example\nMessage-ID: <spoof-domain@xn--cme-5cd.example>\n{_PLAIN}Confirm your"
         " password"
         " within 24 hours.\n", "Junk", "S"),
    SampleMessage(
        "invoice-trap", "billing", 4.1 * DAY, "Invoice 1843-119 overdue",
        "Your punched cards were punched, but not paid.", folder="Junk", flags="", body=_invoice,
    ),
    _row("lottery", 6.1 * DAY, "THE COMMITTEE <win@lottery.example>", "=?utf-8?Q?YOU_HAVE_W=4FN_=E2=82=A4_20=2C000?=",
         f"Message-ID: <lottery@lottery.example>\n{_PLAIN}CONGRATULATION!! Your number was drawn by an ENGINE.\n",
         "Junk", "S"),
    _row("escapes", 20 * HOUR, "Telegraph \x1b[5mOffice\x1b[0m <office@telegraph.example>",
         "Controls \x1b[31min\x1b[0m the \x07subject \x1b]0;owned\x07",
         f"Message-ID: <escapes@telegraph.example>\n{_PLAIN}{_ESCAPES}"),
    SampleMessage("broken", "daemon", 6.3 * DAY, "", flags="", raw=_broken),
    _row("long-line", 7.4 * DAY, "John Herschel <john@slough.example>", "Every star",
         f"Message-ID: <long-line@slough.example>\n{_PLAIN}{_STARS}\n",
         "INBOX", "S"),
    _row("long-word", 7.5 * DAY, "Engine <engine@engines.example>", "22/7, to be sure",
         f"Message-ID: <long-word@engines.example>\n{_PLAIN}3." + "142857" * 900 + "\n", "INBOX", "S"),
    SampleMessage("no-subject", "michael", 2.7 * DAY, "", "The balance of the magnet is better now. M. F.", flags=""),
    _row("empty", 1.6 * DAY, "Joseph Clement <clement@lathes.example>", "", "Message-ID: <empty@lathes.example>\n\n"),
    _row("header-only", 18 * DAY, "Andrew Crosse <crosse@fynecourt.example>", "It banged",
         "Message-ID: <header-only@fynecourt.example>\n", "INBOX", "S"),
)  # fmt: skip
