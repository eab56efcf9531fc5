"""Names of files, which may be any bytes, as the cache stores them."""

from __future__ import annotations


def stored_name(name: str) -> str | bytes:
    """A file's name as it can be stored: the bytes where it is not text."""
    return name if name.isascii() or not has_surrogates(name) else name.encode("utf-8", "surrogateescape")


def read_name(stored: str | bytes) -> str:
    """The name that ``stored_name`` made storable."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogateescape")


def has_surrogates(text: str) -> bool:
    """Whether ``text`` has what stands for bytes that are no text."""
    return any("\ud800" <= each <= "\udfff" for each in text)
