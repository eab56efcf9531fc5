"""Words as the full-text index has them, for storing and for asking. Pure and linear.

SQLite's unicode61 ends a word where a character is no letter, digit or mark. Chinese, Japanese, Korean, Thai and Lao
are written without blanks or with endings, so their runs are stored as overlapping pairs and the last character:
``会議室`` is ``会議 議室 室``. What is looked for within a run is then a phrase of pairs, and a single character the
beginning of a pair.
"""

from __future__ import annotations

import re
import unicodedata

SHORTEST_PREFIX = 3
"""Letters from which on a word also finds longer ones that begin with it: two letters would read most of the index."""

TOKENIZE = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
"""Marks belong to words: else those of Devanagari, Tamil and pointed Hebrew are cut at their vowels."""

_PAIRED = (
    "\u0e00-\u0eff\u1100-\u11ff\u3005-\u3007\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai and Lao, Hangul, kana, and ideographs."""
_RUN = re.compile(f"[{_PAIRED}]+")


def stored_text(text: str) -> str:
    """``text`` as it is given to the index."""
    text = _clean(text)
    return text if text.isascii() else _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", text)


def match_query(text: str, columns: str = "", *, whole: bool) -> str:
    """The query of FTS5 for ``text``: its words one after the other in one column. Empty if it has no word.

    Args:
        text: what is looked for.
        columns: names of columns, separated by spaces; empty for all.
        whole: the last word must end there; else longer words that begin with it are found too.
    """
    text = _clean(text).replace('"', " ")
    stop = len(text)
    while stop and not _in_word(text[stop - 1]):
        stop -= 1
    text = text[:stop]
    if not text:
        return ""
    pieces: list[str] = []
    end = 0
    for run in _RUN.finditer(text):
        pairs = _pairs(run[0])
        # What follows in the text is not known, so the last character does not stand alone.
        last = pairs[:-1] or pairs if run.end() == len(text) else pairs
        pieces += (text[end : run.start()], *last)
        end = run.end()
    pieces.append(text[end:])
    word = _last_word(text)
    prefix = len(word) == 1 if _RUN.match(word) else not whole and len(word) >= SHORTEST_PREFIX
    query = f'"{" ".join(filter(None, pieces))}"{" *" if prefix else ""}'
    return f"{{{columns}}} : {query}" if columns else query


def _clean(text: str) -> str:
    """Without what SQLite cannot be given: a NUL would end the text, and lone surrogates are no characters."""
    text = text.replace("\0", " ")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _in_word(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind[0] in "LN" or kind in ("Co", "Mn", "Mc")


def _last_word(text: str) -> str:
    """The word that ``text`` ends with, or the run of paired characters."""
    start = len(text)
    paired = _RUN.match(text[-1]) is not None
    while start and _in_word(text[start - 1]) and (_RUN.match(text[start - 1]) is not None) is paired:
        start -= 1
    return text[start:]


def _pairs(run: str) -> list[str]:
    """The overlapping pairs of a run, and its last character."""
    return [run[at : at + 2] for at in range(len(run))]
