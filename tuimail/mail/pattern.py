r"""Search patterns: mutt's language, and plain words. Text to a tree (``mail/pattern_tree``); pure and bounded.

``word word`` looks for each in subject and people; ``~f kim ~s "project x"`` in one place; ``~U``, ``~d <1w`` and
``~z >1M`` ask for a state or a range; ``!`` negates, ``|`` is or, parentheses group, a space is and. As in mutt ``and``
and ``or`` bind alike and are read from left to right: ``~A | ~B ~C`` is ``(~A | ~B) ~C``. Text is looked for without
regard to case; ``/.../`` is a regular expression, which is only checked here: it has to run where it can be stopped.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from typing import TYPE_CHECKING, NoReturn

from tuimail.errors import PatternError
from tuimail.mail.pattern_ranges import (
    COUNTS_HINT,
    DATES_HINT,
    SIZES_HINT,
    RangeError,
    count_range,
    date_range,
    size_range,
)
from tuimail.mail.pattern_tree import And, Flag, Not, Or, Pattern, Term, TermKind, TermMode, ThreadHas, Words
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from datetime import tzinfo

LONGEST = 4096
"""Characters of a pattern."""
DEEPEST = 50
"""Levels of a pattern."""
LONGEST_REGEX = 200
"""Characters of a regular expression."""

_FLAGS = {
    "A": Flag.ALL, "N": Flag.NEW, "O": Flag.OLD, "U": Flag.UNREAD, "R": Flag.READ, "Q": Flag.ANSWERED,
    "F": Flag.FLAGGED, "D": Flag.DELETED, "P": Flag.FROM_ME, "p": Flag.TO_ME, "T": Flag.TAGGED, "l": Flag.TO_LIST,
    "u": Flag.TO_SUBSCRIBED_LIST, "=": Flag.DUPLICATE, "$": Flag.ALONE, "v": Flag.COLLAPSED,
}  # fmt: skip
_TERMS = {
    "f": TermKind.FROM, "t": TermKind.TO, "c": TermKind.CC, "C": TermKind.TO_OR_CC, "L": TermKind.PEOPLE,
    "s": TermKind.SUBJECT, "i": TermKind.MESSAGE_ID, "x": TermKind.REFERENCES, "y": TermKind.KEYWORD,
    "b": TermKind.BODY, "B": TermKind.WHOLE, "h": TermKind.HEADER,
}  # fmt: skip
_RANGES = {"d": DATES_HINT, "r": DATES_HINT, "z": SIZES_HINT, "X": COUNTS_HINT}
_FULL_TEXT = (TermKind.BODY, TermKind.WHOLE, TermKind.HEADER)
_REFUSED = {"n": "there are no scores", "m": "messages have no lasting numbers"}
_EVERYTHING = ("all", ".")
"""What mutt takes for ``~A``."""
_KNOWN = f"Known are {' '.join(f'~{letter}' for letter in (*_FLAGS, *_TERMS, *_RANGES))} and ~(...)."

_SPACE = re.compile(r"\s*+")
_BARE = re.compile(r"(?:\\.|[^\s|()~])++", re.DOTALL)
_ARGUMENT = re.compile(r"[^\s|()~]++")
_SINGLE_QUOTED = re.compile(r"'(?=\s*+[^'\s])([^']*+)'(?=[\s()|]|$)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*+)/(?=[\s|()~]|\Z)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\s|()~\"\\!/=%])")
_INLINE_FLAGS = re.compile(r"\(\?[aiLmsux-]")


def parse(text: str, now: float, zone: tzinfo | None = None) -> Pattern:
    """The pattern ``text``; its dates are those of ``zone`` (None: this machine's) seen from ``now``.

    Raises:
        PatternError: it is empty, too long, nested too deeply, or not a pattern.
    """
    return _Parser(text, now, zone).pattern()


class _Parser:
    def __init__(self, text: str, now: float, zone: tzinfo | None) -> None:
        self._text = text
        self._now = now
        self._zone = zone
        self._at = 0

    def pattern(self) -> Pattern:
        if len(self._text) > LONGEST:
            self._fail(f"the pattern is longer than {LONGEST} characters", LONGEST, "Leave something out.")
        for position, char in enumerate(self._text):
            if unicodedata.category(char) in ("Cc", "Cs") and not char.isspace():
                self._fail(f"there is a control character (U+{ord(char):04X})", position, "Take it out.")
        if self._text.strip().lower() in _EVERYTHING:
            return Flag.ALL
        self._skip_space()
        if self._next() == "":
            self._fail("there is nothing to look for", 0, "Write words, or ~A for all messages.")
        pattern, _ = self._list(0)
        if self._at < len(self._text):
            self._fail("there is a ) without a ( before it", self._at, "Take it out, or write it in quotation marks.")
        return pattern

    def _list(self, depth: int) -> tuple[Pattern, int]:
        """What stands up to the end or a closing parenthesis, and how many levels it has."""
        done: list[Pattern] = []
        joined: type[And | Or] = And
        height = 0
        while True:
            operator = self._operator(first=not done)
            if operator is None:
                break
            operand, levels = self._operand(depth)
            if len(done) > 1 and operator is not joined:
                done = [joined(tuple(done))]
                height += 1
            joined = operator
            height = max(height, levels)
            if height > DEEPEST:
                self._fail_depth(self._at)
            if operator is And and isinstance(operand, Words) and done and isinstance(done[-1], Words):
                done[-1] = Words(done[-1].words + operand.words)
            else:
                done.append(operand)
        if len(done) == 1:
            return done[0], height
        return joined(tuple(done)), height + 1

    def _operator(self, *, first: bool) -> type[And | Or] | None:
        """What joins the next operand to those before it; None at the end."""
        self._skip_space()
        if self._next() == "|":
            start = self._at
            if first:
                self._fail("there is nothing before the |", start, 'Write it like "~N | ~F".')
            self._at += 1
            self._skip_space()
            if self._next() in ("", ")", "|"):
                self._fail("there is nothing after the |", start, 'Write it like "~N | ~F".')
            return Or
        if self._next() not in ("", ")"):
            return And
        if first:
            self._fail("there is nothing between the parentheses", self._at, "Write a pattern there.")
        return None

    def _operand(self, depth: int) -> tuple[Pattern, int]:
        negated = False
        while self._next() == "!":
            negated = not negated
            self._at += 1
            self._skip_space()
            if self._next() in ("", ")", "|"):
                self._fail("there is nothing after the !", self._at - 1, 'Write it like "!~F".')
        pattern, height = self._positive(depth)
        return (Not(pattern), height + 1) if negated else (pattern, height)

    def _positive(self, depth: int) -> tuple[Pattern, int]:
        char = self._next()
        if char == "(":
            return self._group(depth)
        if char == "~" and self._text[self._at + 1 : self._at + 2] == "(":
            self._at += 1
            part, height = self._group(depth)
            return ThreadHas(part), height + 1
        if char and char in "~=%":
            return self._tilde(), 0
        if char == '"':
            return Words((self._quoted(),)), 0
        if char == "/":
            return Term(TermKind.SUMMARY, self._regex(), TermMode.REGEX), 0
        return Words((self._bare(),)), 0

    def _group(self, depth: int) -> tuple[Pattern, int]:
        start = self._at
        if depth >= DEEPEST:
            self._fail_depth(start)
        self._at += 1
        pattern, height = self._list(depth + 1)
        if self._next() != ")":
            self._fail("this ( is never closed", start, "Write a ) where it ends.")
        self._at += 1
        return pattern, height

    def _tilde(self) -> Pattern:
        """A pattern of a letter: ``~U``, ``~f kim``, ``=b word``."""
        start = self._at
        sign, letter = self._next(), self._text[start + 1 : start + 2]
        name = f"{sign}{letter}"
        self._at += len(name)
        if letter in _REFUSED:
            self._fail(f"{name} cannot be used: {_REFUSED[letter]}", start, _KNOWN)
        known = letter in _TERMS if sign == "=" else sign == "~" and (letter in _FLAGS or letter in _RANGES | _TERMS)
        if not known or not letter:
            self._fail_letter(name, start)
        if letter in _FLAGS:
            return _FLAGS[letter]
        self._skip_space()
        if self._next() in ("", "|", "(", ")", "~"):
            wanted = _RANGES.get(letter, f'Write it like {name} kim or {name} "two words".')
            self._fail(f"{name} does not say what to look for", start, wanted)
        if letter in _RANGES:
            return self._range(name, letter)
        return self._term(_TERMS[letter], server=sign == "=")

    def _term(self, kind: TermKind, *, server: bool) -> Term:
        server = server and kind in _FULL_TEXT
        char = self._next()
        if char == "/":
            return Term(kind, self._regex(), TermMode.REGEX, server)
        single = _SINGLE_QUOTED.match(self._text, self._at)
        mode = TermMode.PHRASE if char == '"' or single else TermMode.TEXT
        if single is not None:
            self._at, text = single.end(), " ".join(single[1].split())
        else:
            text = self._quoted() if char == '"' else self._bare()
        return Term(kind, f"<{text.strip('<>')}>" if kind is TermKind.MESSAGE_ID else text, mode, server)

    def _range(self, name: str, letter: str) -> Pattern:
        start = self._at
        found = _QUOTED.match(self._text, start) or _ARGUMENT.match(self._text, start)
        text = found[found.lastindex or 0].strip() if found is not None else ""
        self._at = found.end() if found is not None else start
        try:
            if letter == "z":
                return size_range(text)
            if letter == "X":
                return count_range(text)
            return date_range(text, self._now, self._zone, arrival=letter == "r")
        except RangeError as error:
            self._fail(f"after {name}: {error}", start, _RANGES[letter])

    def _bare(self) -> str:
        found = _BARE.match(self._text, self._at)
        if found is None:  # the caller has looked at the first character
            self._fail("this cannot be read", self._at, "Write it in quotation marks.")
        self._at = found.end()
        return _ESCAPED.sub(r"\1", found[0])

    def _quoted(self) -> str:
        start = self._at
        found = _QUOTED.match(self._text, start)
        if found is None:
            self._fail(
                "the quotation mark is never closed", start, 'Write a second ", or \\" for the character itself.'
            )
        text = " ".join(_ESCAPED.sub(r"\1", found[1]).split())
        if not text:
            self._fail("there is nothing between the quotation marks", start, "Write a text there.")
        self._at = found.end()
        return text

    def _regex(self) -> str:
        start = self._at
        found = _REGEX.match(self._text, start)
        if found is None:
            hint = 'Write it like /re.*d/, or in quotation marks to look for the text itself, as in "/etc".'
            self._fail("the regular expression does not end in a / of its own", start, hint)
        text = found[1].replace("\\/", "/")
        if not text:
            self._fail("the regular expression is empty", start, "Write one between the slashes.")
        if len(text) > LONGEST_REGEX:
            self._fail(f"the regular expression is longer than {LONGEST_REGEX} characters", start, "Shorten it.")
        problem = _regex_problem(text)
        if problem:
            self._fail(f"the regular expression cannot be read ({problem})", start, "Write it as Python has them.")
        self._at = found.end()
        return text

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at

    def _fail_letter(self, name: str, position: int) -> NoReturn:
        if name[0] != "~":
            self._fail(
                f"{name} is not known here", position, 'Write it in quotation marks to look for the text: "=50".'
            )
        swapped = name[1:].swapcase()
        if swapped and swapped != name[1:] and swapped in _FLAGS | _TERMS | _RANGES:
            self._fail(f"there is no {name}", position, f"Did you mean ~{swapped}? {_KNOWN}")
        self._fail(f"there is no {name}" if name[1:].strip() else "a letter is missing after the ~", position, _KNOWN)

    def _fail_depth(self, position: int) -> NoReturn:
        self._fail(f"it is nested deeper than {DEEPEST} levels", position, "Use fewer parentheses.")

    def _fail(self, what: str, position: int, hint: str) -> NoReturn:
        around = safe_line(" ".join(self._text[max(0, position) : position + 30].split()))
        where = f'At "{around}": ' if around else "At the end: " if self._text.strip() else ""
        said = safe_line(what)
        raise PatternError(
            f"{where}{said}." if where else f"{said[:1].upper()}{said[1:]}.",
            text=self._text,
            position=min(position, len(self._text)),
            hint=hint,
        )


def _regex_problem(text: str) -> str:
    """Why ``text`` is not a regular expression; empty if it is one."""
    if _INLINE_FLAGS.search(re.sub(r"\\.", "", text, flags=re.DOTALL)):
        # They can make compiling slow; and case is ignored by itself where only small letters are written.
        return "it sets flags"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(text)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        return str(error)
    return ""
