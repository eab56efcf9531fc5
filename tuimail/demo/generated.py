"""Any number of letters for the demo's mailbox, to see how it copes. Pure: a number always gives the same letter.

What a letter answers is told by its number alone, so that a mailbox can be filled up later from where it was left.
Half of them are short and plain; some are HTML, some carry a file; sizes are distributed as in real mailboxes: most are
a few kilobytes, a few are fifty times as large.
"""

from __future__ import annotations

import base64
import math
import zlib
from datetime import UTC
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from tuimail.clock import DAY
from tuimail.demo.letters.rendering import WrittenMessage
from tuimail.demo.letters.words import ADJECTIVES, FAMILY_NAMES, GIVEN_NAMES, NOUNS, SENTENCES, VERBS
from tuimail.mail.date import format_date
from tuimail.mail.encoded_word import encode_words

if TYPE_CHECKING:
    from collections.abc import Iterator

YEARS = 6
"""The letters are spread over so many years."""

_SPAN = YEARS * 365 * DAY
_ANSWERS = 45
"""Percent of the letters that answer another one."""
_BACK = 60
"""An answer comes at most so many letters later."""
_PARAGRAPHS = 500
_PEOPLE = 800
_MEDIAN, _SPREAD = 2500, 1.0
"""Bytes of a text, and the deviation of their logarithm."""
_LARGEST = 120_000
GENERATED_FOLDERS = ("INBOX", "Archive", "Lists/Engines", "Sent")
_SHARES = (60, 80, 95, 100)
"""Percent of the letters that are in the folder or in one before it."""
_FLAGS = ("S",) * 15 + ("RS",) * 3 + ("FS",) + ("",)
_ADA = "Ada Lovelace <ada@analytical.example>"
_LIST = (
    "List-Id: Engines of every kind <engines.lists.example>\nList-Post: <mailto:engines@lists.example>\n"
    "List-Unsubscribe: <mailto:engines-leave@lists.example>\nPrecedence: list\n"
)


class MailGenerator:
    """Letters number 0 to ``count`` - 1, the oldest first."""

    def __init__(self, count: int, now: float, *, seed: int = 1843) -> None:
        """``now``: seconds since the epoch; all letters came before it."""
        self._count = count
        self._now = now
        self._seed = seed
        chance = Random(seed)  # noqa: S311 - it must not be unpredictable
        self._paragraphs = [_paragraph(chance) for _ in range(_PARAGRAPHS)]
        self._people = [_person(chance, number) for number in range(_PEOPLE)]
        self._file = base64.encodebytes(chance.randbytes(90_000)).decode("ascii")
        self._subject = lru_cache(maxsize=1024)(self._first_subject)

    def messages(self, first: int = 0) -> Iterator[WrittenMessage]:
        """Those from number ``first`` on."""
        return map(self.message, range(first, self._count))

    def message(self, number: int) -> WrittenMessage:
        """One letter, for the account "work"."""
        chance = Random(self._seed << 32 | number)  # noqa: S311
        arrived = self._now - _SPAN * (1 - (number + chance.random()) / self._count) - 1
        folder = chance.choices(GENERATED_FOLDERS, cum_weights=_SHARES)[0]
        thread = self._thread(number)
        subject = self._subject(thread[0])
        if len(thread) > 1:
            subject = f"Re: {subject}"
        head = self._head(chance, folder, thread, subject, format_date(arrived, UTC))
        content = f"{head}{self._body(chance, answer=len(thread) > 1)}".encode()
        flags = "S" if folder == "Sent" else chance.choice(_FLAGS)
        name = f"cur/{int(arrived)}.M{number:07d}P1.generated,S={len(content)}:2,{flags}"
        return WrittenMessage("work", folder, name, arrived, content)

    def _thread(self, number: int) -> list[int]:
        """The numbers from the first letter of the thread to this one."""
        found = [number]
        while True:
            mark = zlib.crc32(b"%d %d" % (self._seed, found[0]))
            if not found[0] or mark % 100 >= _ANSWERS:
                return found
            found.insert(0, found[0] - 1 - (mark >> 8) % min(found[0], _BACK))

    def _id(self, number: int) -> str:
        return f"<{number:07d}.{zlib.crc32(b'%d' % number):08x}@letters.example>"

    def _first_subject(self, number: int) -> str:
        chance = Random(self._seed << 33 | number)  # noqa: S311
        subject = f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}"
        shape = chance.randrange(8)
        if shape < 3:
            subject = f"The {subject}"
        elif shape == 3:
            subject = f"{subject}, {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}?"
        elif shape == 4:
            subject = f"Überlegungen: {subject} № {number}"
        return f"[engines] {subject}" if shape == 5 else subject[0].upper() + subject[1:]

    def _head(self, chance: Random, folder: str, thread: list[int], subject: str, date: str) -> str:
        person = chance.choice(self._people)
        sender, to = (_ADA, person) if folder == "Sent" else (person, _ADA)
        own = self._id(thread[-1])
        lines = f"From: {sender}\nTo: {to}\nSubject: {_encoded(subject)}\nDate: {date}\nMessage-ID: {own}\n"
        if len(thread) > 1:
            references = "\n ".join(self._id(each) for each in thread[-12:-1])
            lines += f"In-Reply-To: {self._id(thread[-2])}\nReferences: {references}\n"
        if folder != "Sent":
            lines = f"Received: from mx.letters.example by mail.demo.example with ESMTPS; {date}\n{lines}"
        if folder.startswith("Lists"):
            lines += _LIST
        return f"{lines}MIME-Version: 1.0\n"

    def _body(self, chance: Random, *, answer: bool) -> str:
        text = self._text(chance, int(min(_LARGEST, chance.lognormvariate(math.log(_MEDIAN), _SPREAD))))
        if answer and chance.random() < 0.5:
            quoted = chance.choice(self._paragraphs).replace("\n", "\n> ")
            text = f"You wrote:\n> {quoted}\n\n{text}"
        plain = f'Content-Type: text/plain; charset="utf-8"\n\n{text}\n'
        kind = chance.random()
        if kind < 0.65:
            return plain
        boundary = f"=_{chance.getrandbits(48):012x}"
        if kind < 0.93:
            html = "".join(f"<p>{each}</p>\n" for each in text.split("\n\n"))
            other = f'Content-Type: text/html; charset="utf-8"\n\n<html><body>{html}</body></html>\n'
            subtype = "alternative"
        else:
            other = (
                'Content-Type: application/pdf\nContent-Disposition: attachment; filename="sheet.pdf"\n'
                f"Content-Transfer-Encoding: base64\n\n{self._file[: 77 * chance.randrange(10, 1500)]}"
            )
            subtype = "mixed"
        return (
            f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'
            f"--{boundary}\n{plain}\n--{boundary}\n{other}\n--{boundary}--\n"
        )

    def _text(self, chance: Random, size: int) -> str:
        parts, length = [], 0
        while length < size:
            parts.append(chance.choice(self._paragraphs))
            length += len(parts[-1]) + 2
        return "\n\n".join(parts)


def _paragraph(chance: Random) -> str:
    from textwrap import fill

    def sentence() -> str:
        words = {"adjective": ADJECTIVES, "noun": NOUNS, "other": NOUNS, "verb": VERBS}
        made = chance.choice(SENTENCES).format(**{name: chance.choice(each) for name, each in words.items()})
        return made[0].upper() + made[1:]

    return fill(" ".join(sentence() for _ in range(chance.randint(2, 8))), 72)


def _person(chance: Random, number: int) -> str:
    given, family = chance.choice(GIVEN_NAMES), chance.choice(FAMILY_NAMES)
    host = chance.choice(("royal", "kings", "torino", "lathes"))
    return f"{_encoded(f'{given} {family}')} <person{number}@{host}.example>"


def _encoded(text: str) -> str:
    return text if text.isascii() else " ".join(encode_words(text))
