"""Finds the MIME type of a file by its first bytes or else by its name.

The system's tables are not used, so that a file gets the same type on every machine.
"""

from __future__ import annotations

import re

UNKNOWN = "application/octet-stream"
MAIL = "message/rfc822"

_OFFICE = "application/vnd.openxmlformats-officedocument"
_BY_ENDING = {
    "7z": "application/x-7z-compressed",
    "asc": "text/plain",
    "avif": "image/avif",
    "bz2": "application/x-bzip2",
    "diff": "text/x-diff",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "eml": MAIL,
    "epub": "application/epub+zip",
    "flac": "audio/flac",
    "gz": "application/gzip",
    "heic": "image/heic",
    "ics": "text/calendar",
    "key": "application/vnd.apple.keynote",
    "log": "text/plain",
    "m4a": "audio/mp4",
    "md": "text/markdown",
    "mkv": "video/x-matroska",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "patch": "text/x-diff",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "rtf": "application/rtf",
    "tgz": "application/gzip",
    "toml": "text/plain",
    "vcf": "text/vcard",
    "webm": "video/webm",
    "webp": "image/webp",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "xz": "application/x-xz",
    "yaml": "text/plain",
    "yml": "text/plain",
    "zst": "application/zstd",
}
_BY_CONTENT = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_CONTENT_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,90}\Z")
_MAIL_FIELD = re.compile(
    rb"^(?:From|To|Date|Subject|Received|Return-Path|Message-ID|Delivered-To|MIME-Version):",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(rb"[!-9;-~]+:")


def content_type_of(name: str, head: bytes) -> str:
    """The MIME type of a file called ``name`` that begins with ``head`` (a kilobyte or two)."""
    for magic, content_type in _BY_CONTENT:
        if head.startswith(magic):
            return content_type
    ending = name.rpartition(".")[2].casefold() if "." in name else ""
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    known = _standard(name)
    if known:
        return known
    if looks_like_mail(head) and len(_MAIL_FIELD.findall(head)) > 1:
        return MAIL
    return "text/plain" if head and _is_text(head) else UNKNOWN


def looks_like_mail(head: bytes) -> bool:
    """Whether it begins with a header field."""
    return _FIELD.match(head) is not None


def valid_content_type(text: str) -> str:
    """``text`` if it is a MIME type of a single file, else the one for unknown files."""
    lowered = text.casefold()
    return lowered if _CONTENT_TYPE.match(lowered) and not lowered.startswith("multipart/") else UNKNOWN


def _standard(name: str) -> str:
    """The type by the table in Python, never by the system's files."""
    import mimetypes

    guessed, encoding = mimetypes.MimeTypes().guess_type(f"file.{name.rpartition('.')[2]}")
    return "" if encoding or not guessed or guessed.startswith("message/") else guessed


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
