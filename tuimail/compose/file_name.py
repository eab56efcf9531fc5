"""File names in letters: names for the receiver, and safe names for received files on this disk."""

from __future__ import annotations

import os
import re
import unicodedata

from tuimail.compose.text_file import decoded
from tuimail.mail.text import safe_line

LONGEST = 255
"""Bytes: what disks allow."""
LONGEST_STORED = 200
"""Bytes; leaves room for a number behind it."""
FALLBACK = "attachment"

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)
_BLANKS_AND_DOT = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000."
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_JOINER = re.compile("[\u200c\u200d]")
# The flags of England, Scotland and Wales (UTS #51, annex C.1): a black flag and its name in tags.
_FLAG = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(char)) for char in name) for name in ("gbeng", "gbsct", "gbwls"))
)
_REORDERS_OR_HIDES = re.compile(
    f"({_FLAG})|"
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def own_name(path: str) -> str:
    """The name of the user's file at ``path`` for the receiver; never empty, at most 255 bytes.

    Keeps every character except controls (``_``) and those that reorder or are invisible. Bytes that are not UTF-8 are
    decoded as in text_file.
    """
    return _told(decoded(os.fsencode(path.rstrip("/").rpartition("/")[2])))


def clean_name(raw: str) -> str:
    """The same for a file in a letter: ``raw`` may be a path, also a Windows path."""
    name = raw.rstrip("/").rpartition("/")[2]
    if _WINDOWS_PATH.match(name):
        name = name.rstrip("\\").rpartition("\\")[2]
    return _told(name)


def stored_name(raw: str) -> str:
    """A received name, made safe for any disk: at most 200 bytes.

    The result is never a folder, a hidden file, an option, a device or a stream.
    """
    name = _trimmed(_told(raw.replace("\\", "/").rstrip("/").rpartition("/")[2]))
    name = "".join("_" if char in '<>:"|?*' else char for char in name).lstrip(".-~ ")
    if not name or name.partition(".")[0].casefold() in _DEVICES:
        name = f"_{name or FALLBACK}"
    return _trimmed(_shortened(name, LONGEST_STORED))


def _told(name: str) -> str:
    name = _REORDERS_OR_HIDES.sub(r"\1", "".join(map(_visible, name)))
    name = _JOINER.sub(_needed, name)
    return _shortened(name, LONGEST) if _trimmed(name) else FALLBACK


def _needed(found: re.Match[str]) -> str:
    """A joiner where a script or an emoji needs it, else nothing."""
    start = max(0, found.start() - 1)
    around = found.string[start : found.end() + 1]
    return found[0] if safe_line(around).count(found[0]) == around.count(found[0]) else ""


def _trimmed(name: str) -> str:
    """``name`` without blanks of any kind around it, nor dots and blanks at its end."""
    return name.lstrip().rstrip(_BLANKS_AND_DOT)


def _visible(char: str) -> str:
    return "_" if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char


def _shortened(name: str, longest: int) -> str:
    if len(name.encode()) <= longest:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = longest - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + ending
