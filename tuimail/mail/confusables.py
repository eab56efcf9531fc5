"""Detects domains that mix writing systems or use letters that look Latin and are not (UTS 39). Pure."""

from __future__ import annotations

import unicodedata

from tuimail.mail.domain import MAX_DOMAIN, DomainError, ascii_domain

_EAST_ASIAN = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
"""Writing systems that may be mixed in one word (UTS 39 section 5.2, highly restrictive)."""

_LIKE_LATIN = frozenset("асԁеһіїјӏорԛѕԝхуъьүһҽпгѵѡ" + "αικνορτυχγω")
"""Small Cyrillic and Greek letters that look like Latin ones."""


def plain_form(domain: str) -> str:
    """The A-labels of ``domain`` if a label of it may be mistaken for another; else empty.

    That is a label that mixes writing systems, or one with only Cyrillic or Greek letters that look Latin, under a
    top-level domain in Latin letters.
    """
    if domain.isascii() or len(domain) > 4 * MAX_DOMAIN:
        return ""
    labels = domain.casefold().replace("\u3002", ".").split(".")
    latin_end = labels[-1].isascii()
    if not any(_mixed(label) or (latin_end and _poses_as_latin(label)) for label in labels):
        return ""
    try:
        return ascii_domain(domain)
    except DomainError:
        return ""


def _mixed(label: str) -> bool:
    found = {script for char in label if (script := _script(char))}
    return len(found) > 1 and not any(found <= together for together in _EAST_ASIAN)


def _poses_as_latin(label: str) -> bool:
    letters = {char for char in label if char.isalpha()}
    return bool(letters) and letters <= _LIKE_LATIN


def _script(char: str) -> str:
    """The writing system of a letter, by the first word of its name; empty for digits, marks and signs."""
    return unicodedata.name(char, "?").split(" ")[0].split("-")[0] if char.isalpha() and char != "ー" else ""
