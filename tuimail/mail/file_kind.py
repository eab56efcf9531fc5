"""What a received file is: by its first bytes, its name, and the word of the sender; whether it is a program. Pure."""

from __future__ import annotations

import mimetypes
import re

LOOKED_AT = 4096
"""Bytes of a file that tell its kind."""
UNKNOWN = "application/octet-stream"
PROGRAM = "application/x-executable"
SCRIPT = "text/x-script"

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "text/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\x7fELF", PROGRAM),
    (b"MZ", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM),
    (b"#!", SCRIPT),
    (b"[Desktop Entry]", SCRIPT),
)
_PROGRAMS = (
    "apk app appimage bash bat bin cmd com command cpl crt csh deb desktop dmg elf exe gadget hta inf ins "
    "iso jar js jse ksh lnk msc msi msp mst out pif pkg pl ps1 psm1 py pyc pyw rb reg rpm run scf scpt "
    "scr service sh shs so sys url vb vbe vbs ws wsc wsf wsh zsh"
)
_PROGRAM_ENDINGS = frozenset(_PROGRAMS.split(" "))
_CONTAINERS = {
    "application/zip": re.compile(
        r"application/(?:vnd\.(?:openxmlformats|oasis|ms-)|epub|x-zip|java-archive|.*\+zip)|model/|.*opendocument"
    ),
    "application/x-ole-storage": re.compile(r"application/(?:msword|vnd\.ms-|vnd\.visio|x-msi)"),
    "application/gzip": re.compile(r"application/(?:x-gzip|x-tar|x-compressed)"),
}
"""What else a file may rightly be that begins like these."""


def content_kind(beginning: bytes) -> str:
    """The content type that the first bytes of a file tell; empty if they tell none."""
    start = beginning.lstrip(b"\xef\xbb\xbf \t\r\n") if beginning[:1] in b" \t\r\n\xef" else beginning
    found = next((kind for magic, kind in _MAGIC if start.startswith(magic)), "")
    if not found and beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    if not found and beginning[4:8] == b"ftyp":
        return "video/mp4"
    return found


def name_kind(name: str) -> str:
    """The content type that the ending of a name tells; empty if it tells none."""
    return mimetypes.guess_type(f"x.{_ending(name)}", strict=False)[0] or ""


def best_kind(declared: str, name: str, beginning: bytes) -> str:
    """The content type to open a file by: what it is wins over what it is called."""
    found = content_kind(beginning)
    named = name_kind(name)
    for kind in (declared, named):
        if found and kind != UNKNOWN and _agree(found, kind):
            return kind
    if found:
        return found
    return declared if declared != UNKNOWN else named or UNKNOWN


def differences(declared: str, name: str, beginning: bytes) -> str:
    """In what the content, the name and the sender's word contradict each other; empty if they do not."""
    found, named = content_kind(beginning), name_kind(name)
    if is_program(name, beginning):
        return "a program"
    if found and not any(_agree(found, kind) for kind in (declared, named) if kind and kind != UNKNOWN):
        claims = [kind for kind in (declared, named) if kind and kind != UNKNOWN]
        return f"is {found}" if claims else ""
    if found and named and not _agree(found, named):
        return f"named like {named}"
    if named and declared != UNKNOWN and not _agree(declared, named):
        return f"named like {named}"
    return ""


def is_program(name: str, beginning: bytes) -> bool:
    """Whether opening the file might run it; such a file is never opened."""
    return content_kind(beginning) in (PROGRAM, SCRIPT) or _ending(name) in _PROGRAM_ENDINGS


def _ending(name: str) -> str:
    return name.rstrip(". \u200b").rpartition(".")[2].strip().casefold()[:20] if "." in name else ""


def _agree(found: str, kind: str) -> bool:
    if found == kind or found.replace("/x-", "/") == kind.replace("/x-", "/"):
        return True
    container = _CONTAINERS.get(found)
    if container is not None and container.match(kind):
        return True
    if found.startswith("text/") and kind.startswith("text/"):
        return True
    return kind == "image/jpg" and found == "image/jpeg"
