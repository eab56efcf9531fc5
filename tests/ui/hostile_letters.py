"""Letters made to break a reader: to act on its terminal, take all its time or memory, write where they may not.

How time grows with size is for tests/test_linear.py; these are as large as is needed to show a limit that is missing.
"""

from __future__ import annotations

import base64

ESCAPES = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\x0e\x00\r\x7f"
"""Sets the clipboard, clears the screen, changes the colours and the character set."""
JAPANESE = b"\x1b$B\x24\x22\x1b]0;x"
"""Goes on after its escape to ASCII as an escape of a terminal."""
BIDI = "\u202egnp.exe\u2066\u200f\u061c"
_NESTED = 10_000
_PARTS = 100_000


def hostile_letters() -> dict[str, bytes]:
    """By name."""
    return {
        "escapes": _escapes(),
        "escapes-encoded": _encoded_escapes(),
        "escapes-everywhere": _escapes_everywhere(),
        "deep": _deep(),
        "messages": b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * _NESTED + b"Subject: end\n\nEnd\n",
        "parts": _head("multipart/mixed; boundary=b") + b"--b\n\nx\n" * _PARTS + b"--b--\n",
        "files": _head("multipart/mixed; boundary=b") + b"--b\nContent-Type: a/b; name=c\n\nx\n" * 3000 + b"--b--\n",
        "long-header": b"From: a@b.example\nSubject: " + b"long " * 1_800_000 + b"\n\nText\n",
        "many-fields": b"From: a@b.example\n" + b"X-Odd: x\n" * 100_000 + b"\nText\n",
        "addresses": b"From: a@b.example\nTo: " + b",\n ".join(b"P%d <p%d@x.example>" % (n, n) for n in range(50_000))
        + b"\nCc: " + b"a@b.example, " * 50_000 + b"\n\nText\n",
        "bidi": _bidi(),
        "table": _head("text/html") + b"<table>" + b"<tr><td><table><tr><td>cell</td>" * 8_000,
        "tags": _head("text/html; charset=utf-8") + b"<div><b><a href='http://x.example/&#27;[2J'>" * 5_000,
        "names": _names(),
        "no-base64": _head("multipart/mixed; boundary=b") + _file('name="a.pdf"', b"!!!=%%=A" * 5000) + b"--b--\n",
        "calendar": _calendar(),
        "charsets": _charsets(),
        "delimiters": _head('multipart/mixed; boundary="' + "-" * 70 + '"') + b"-" * 72 + b"\n" * 5 + b"--" * 500_000,
        "quotes": b"From: a@b.example\nSubject: q\n\n" + b"".join(b">" * (n % 200) + b" x\n" for n in range(5_000)),
        "one-line": b"From: a@b.example\nSubject: l\n\n" + b"word " * 400_000 + "\u0301".encode() * 100_000,
        "links": b"From: a@b.example\nSubject: l\n\n" + b"http://x.example/\x1b[2J?a=1 mailto:a@b.example\n" * 5_000,
        "ids": b"From: a@b.example\nReferences: " + b"<a@b> " * 100_000 + b"\nMessage-ID: <" + b"x" * 9000 + b">\n\n",
        "nothing": b"",
        "nuls": b"\0" * 100_000,
        "no-header": b"\n\n\n" + b"\xff" * 1000,
        "only-a-header": b"Subject: no end",
    }  # fmt: skip


def _head(content_type: str) -> bytes:
    fields = ("From: a@b.example", "To: me@example.org", f"Subject: {content_type[:20]}")
    return "\n".join([*fields, f"Content-Type: {content_type}", "", ""]).encode()


def _escapes() -> bytes:
    """As they are in every field, also in its name."""
    raw = ESCAPES.replace("\r", "").encode("latin-1")
    names = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id")
    fields = [name.encode() + b": " + raw + b" <a" + raw + b"@x.example>\n" for name in names]
    fields += [b"List-Unsubscribe: <https://x.example/" + raw + b">\nX-" + raw + b"Odd: " + raw + b"\n"]
    return b"".join(fields) + b"\n" + raw * 200 + b"\n> " + raw + b"\n-- \n" + raw


def _word(charset: str, raw: bytes) -> str:
    """An encoded word."""
    return f"=?{charset}?b?{base64.b64encode(raw).decode()}?="


def _encoded_escapes() -> bytes:
    words = f"{_word('utf-8', (ESCAPES + BIDI).encode())} {_word('iso-2022-jp', JAPANESE)}"
    names = ("From", "To", "Cc", "Reply-To", "Sender", "Subject", "List-Id", "Date", "X-Odd")
    fields = "".join(f"{name}: {words} <a@x.example>\n" for name in names)
    kind = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return f"{fields}{kind}".encode() + base64.encodebytes(ESCAPES.encode() * 100)


def _escapes_everywhere() -> bytes:
    """In the types, names and texts of parts, and in a message within it."""
    raw = ESCAPES.replace("\r", "").encode("latin-1")
    kinds = (b"text/plain", b"text/html", b"text/calendar", b"message/rfc822", b"application/x-" + raw, b"image/png")
    parts = []
    for kind in kinds:
        name = b'"' + raw + b'.txt"'
        head = b"Content-Type: " + kind + b"; charset=" + raw + b"; name=" + name
        head += b"\nContent-Disposition: attachment; filename=" + name + b"\nContent-Description: " + raw + b"\n\n"
        parts.append(b"--b\n" + head + b"Subject: " + raw + b"\n\n" + raw * 50 + b"\n")
    return _head("multipart/mixed; boundary=b") + b"".join(parts) + b"--b--\n" + raw


def _deep() -> bytes:
    pieces = [b"From: a@b.example\nSubject: deep\n"]
    pieces += [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(_NESTED)]
    return b"".join(pieces) + b"\nAt the bottom\n"


def _bidi() -> bytes:
    text = f"From: {BIDI} <a@x.example>\nTo: {BIDI}\nSubject: {BIDI}\nContent-Type: text/html; charset=utf-8\n\n"
    return (text + f"<p>{BIDI}<a href='http://{BIDI}.example'>{BIDI}</a>&#8238;&rlm;</p>" * 100).encode()


def _names() -> bytes:
    names = (
        "../../.ssh/authorized_keys", "/etc/passwd", "a/b\\c:d|e*f", "nul\0inside", ".", "..", "", "-rf", "~",
        "x" * 5000, "CON", " ", "a\nb", f"{BIDI}", "%2e%2e%2fa", "'; rm -rf ~; '", "$(touch x)",
    )  # fmt: skip
    files = []
    for name in names:
        encoded = "".join(f"%{byte:02x}" for byte in name.encode())
        files.append(_file(f"filename*=utf-8''{encoded}", base64.encodebytes(b"content " * 20)))
    return _head("multipart/mixed; boundary=b") + b"".join(files) + b"--b--\n"


def _file(parameter: str, body: bytes) -> bytes:
    head = f"--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; {parameter}\n"
    return head.encode() + b"Content-Transfer-Encoding: base64\n\n" + body + b"\n"


def _calendar() -> bytes:
    lines = [
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTART;TZID=\x1b[2J:99999999T999999",
        "DTEND:20260101T000000Z",
        "RRULE:FREQ=SECONDLY",
        "SUMMARY:" + ESCAPES.replace("\r", ""),
        f"LOCATION;X={'a' * 1000}:{BIDI}",
        "DESCRIPTION:" + "\\n" * 1000,
        *['ATTENDEE;CN="x\x1b":mailto:a@x.example'] * 50,
        *["BEGIN:VALARM"] * 50,
        "END:VEVENT",
    ]
    event = "".join(f"{line}\n" for line in lines)
    return _head("text/calendar; method=REQUEST") + f"BEGIN:VCALENDAR\nMETHOD:REQUEST\n{event * 200}".encode()


def _charsets() -> bytes:
    names = ("utf-7", "utf-16", "hex", "rot13", "zlib", "idna", "unicode_escape", "x" * 300, "\x1b", "iso-2022-kr")
    text = b"+AGE-\x1b$)C\x0e\\x1b[2J\xff\xfe\n"
    parts = [f"--b\nContent-Type: text/plain; charset={name}\n\n".encode() + text for name in names]
    return _head("multipart/mixed; boundary=b") + b"".join(parts) + b"--b--\n"
