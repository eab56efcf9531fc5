"""File names that travel: what a receiver is told, and what a name of somebody else may be called on our disk."""

from __future__ import annotations

import unicodedata

MAX_BYTES = 200
FALLBACK = "attachment"

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


def clean_name(raw: str) -> str:
    """``raw`` without folders and without characters that control, reorder or hide; never empty, at most 200 bytes."""
    name = raw.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = _trimmed("".join(map(_clean, name)))
    return _shortened(name or FALLBACK)


def stored_name(raw: str) -> str:
    """The same, fit to be made on our disk or on any other: no hidden file, no option, no device, no stream."""
    name = "".join("_" if char in '<>:"|?*' else char for char in clean_name(raw)).lstrip(".-~ ")
    if not name or name.partition(".")[0].casefold() in _DEVICES:
        name = f"_{name or FALLBACK}"
    return name


def _trimmed(name: str) -> str:
    """``name`` without blanks of any kind around it, nor dots and blanks at its end."""
    while (trimmed := name.strip().rstrip(".")) != name:
        name = trimmed
    return name


def _clean(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Cs", "Zl", "Zp"}:
        return "_"
    return "" if category == "Cf" else char


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_BYTES - len((dot + ending).encode())
    return _trimmed(stem.encode()[:room].decode("utf-8", "ignore")) + dot + ending
