"""MIME parts as other programs write them: header fields, an empty line, a body, all with LF line ends. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

_WIDTH = 72
_BREAK = re.compile(r"(.{1,72})(?: |$)")


def wrapped(text: str) -> str:
    """``text`` with its paragraphs broken at 72 columns; lines that are quoted or indented stay."""
    return "\n".join(
        line if len(line) <= _WIDTH or line[0] in "> \t|" else _BREAK.sub(r"\1\n", line).rstrip("\n")
        for line in text.split("\n")
    )


def text_part(text: str, *, kind: str = "plain", charset: str = "", parameters: str = "") -> bytes:
    """A text part: ASCII as it is, anything else in ``charset`` (UTF-8 if not named) as quoted-printable."""
    charset = charset or ("us-ascii" if text.isascii() else "utf-8")
    head = f'Content-Type: text/{kind}; charset="{charset}"{parameters}\n'
    raw = f"{text}\n".encode(charset)
    if charset == "us-ascii":
        return head.encode() + b"\n" + raw
    encoded = binascii.b2a_qp(raw, istext=True)
    return head.encode() + b"Content-Transfer-Encoding: quoted-printable\n\n" + encoded


def plain_in(charset: str, encoding: str, text: str) -> bytes:
    """A plain text in the charset and the transfer encoding named: 7bit, 8bit or base64."""
    raw = f"{text}\n".encode(charset)
    body = base64.encodebytes(raw) if encoding == "base64" else raw
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + body


def html_part(html: str) -> bytes:
    """A text/html part."""
    return text_part(html, kind="html", charset="utf-8")


def file_part(kind: str, content: bytes, disposition: str, *, type_parameters: str = "", extra: str = "") -> bytes:
    """A file in base64; ``disposition`` is the whole value of Content-Disposition, ``extra`` further header lines."""
    head = (
        f"Content-Type: {kind}{type_parameters}\nContent-Transfer-Encoding: base64\n"
        f"Content-Disposition: {disposition}\n{extra}\n"
    )
    return head.encode() + base64.encodebytes(content)


def attached(kind: str, name: str, content: bytes) -> bytes:
    """An attachment with a short ASCII name."""
    return file_part(kind, content, f'attachment; filename="{name}"', type_parameters=f'; name="{name}"')


def message_part(message: bytes) -> bytes:
    """A letter inside a letter (message/rfc822)."""
    return b"Content-Type: message/rfc822\nContent-Disposition: inline\n\n" + message


def multipart(subtype: str, *parts: bytes, parameters: str = "") -> bytes:
    """A multipart of ``parts``. The boundary depends on the content alone."""
    boundary = f"=_{zlib.crc32(b''.join(parts)):08x}_{len(parts)}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{parameters}\n\n'
    line = f"--{boundary}\n".encode()
    body = b"".join(line + (part if part.endswith(b"\n") else part + b"\n") + b"\n" for part in parts)
    return head.encode() + body + f"--{boundary}--\n".encode()
