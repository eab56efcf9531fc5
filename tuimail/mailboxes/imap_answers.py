"""Untagged responses other than FETCH and LIST, and response codes, as values (RFC 3501 section 7). Pure, linear."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mailboxes.imap_fetch import read_fetch
from tuimail.mailboxes.imap_numbers import MOST_UIDS, TOP_UID, Ranges, expand, number, read_set
from tuimail.mailboxes.imap_values import CopiedUids, FlagState, FolderStatus, MailboxState, Opened
from tuimail.mailboxes.imap_wire import Atom, ImapSyntaxError, parse, parse_status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.mailboxes.imap_wire import Response, Status

MOST_COPIED = 100_000
"""Uids that one COPYUID may name."""
ALL_FLAGS = frozenset({"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft", "\\*"})
"""What can be set when the server does not say PERMANENTFLAGS (RFC 3501 section 7.1)."""

_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE|RECENT)", re.IGNORECASE)
_VANISHED = re.compile(rb"\* VANISHED (\(EARLIER\) )?(\S+)", re.IGNORECASE)
_SPACES = re.compile(rb"[ ]+")


class MessageCount(NamedTuple):
    """``* 3 EXISTS``."""

    word: str
    """EXISTS, EXPUNGE or RECENT."""
    number: int


class Vanished(NamedTuple):
    """VANISHED (RFC 7162 section 3.2.10)."""

    ranges: Ranges
    earlier: bool
    """It answers a command; otherwise it tells what happens now."""


def read_count(response: Response) -> MessageCount | None:
    """An EXISTS, EXPUNGE or RECENT response."""
    match = _COUNT.fullmatch(response[0].rstrip(b" "))
    return MessageCount(match[2].decode().upper(), int(match[1])) if match else None


def read_vanished(response: Response) -> Vanished | None:
    """A VANISHED response.

    Raises:
        ImapSyntaxError: its uids are none.
    """
    line = response[0].rstrip(b" ")
    if line[:10].upper() != b"* VANISHED":
        return None
    match = _VANISHED.fullmatch(line)
    if match is None:
        raise ImapSyntaxError("a VANISHED without uids")
    return Vanished(read_set(match[2]), bool(match[1]))


def read_search(responses: Iterable[Response], most: int = MOST_UIDS) -> list[int]:
    """The uids of SEARCH and ESEARCH (RFC 4731) responses, ascending, each once.

    Raises:
        ImapSyntaxError: a set that is none, or more than ``most`` uids.
    """
    found: set[int] = set()
    for response in responses:
        line = response[0]
        if line[:8].upper() == b"* SEARCH":
            # No parse(): a large mailbox has a hundred thousand of them. ``(MODSEQ 7)`` comes last.
            words = line[8:].partition(b"(")[0].split()
            found.update(int(word) for word in words if word.isdigit() and len(word) <= 10)
        elif line[:9].upper() == b"* ESEARCH":
            found.update(expand(_esearch_ranges(response), most))
        if len(found) > most:
            raise ImapSyntaxError("more messages than there can be")
    return sorted(uid for uid in found if 0 < uid <= TOP_UID)


def _esearch_ranges(response: Response) -> Ranges:
    values = parse(response)
    for name, value in pairwise(values):
        if isinstance(name, Atom) and name.upper() == b"ALL" and isinstance(value, bytes):
            return read_set(value)
    return ()


def read_statuses(responses: Iterable[Response]) -> dict[str, FolderStatus]:
    """STATUS responses by the mailbox's wire name; broken ones are left out."""
    found: dict[str, FolderStatus] = {}
    for response in responses:
        if response[0][:9].upper() != b"* STATUS ":
            continue
        try:
            match parse(response):
                case [_, _, bytes(name), [*items], *_]:
                    told = {
                        bytes(key).upper(): number(value)
                        for key, value in zip(items[::2], items[1::2], strict=False)
                        if isinstance(key, Atom)
                    }
                    found[name.decode("utf-8", "surrogateescape")] = FolderStatus(
                        told.get(b"MESSAGES"),
                        told.get(b"UNSEEN"),
                        told.get(b"UIDNEXT"),
                        told.get(b"UIDVALIDITY"),
                        told.get(b"HIGHESTMODSEQ"),
                    )
        except ImapSyntaxError:
            continue
    return found


def read_rights(responses: Iterable[Response]) -> str | None:
    """The rights of a MYRIGHTS response (RFC 4314), those of RFC 2086 as what they stand for; None: there is none."""
    for response in responses:
        if response[0][:11].upper() != b"* MYRIGHTS ":
            continue
        try:
            match parse(response):
                case [_, _, bytes(), bytes(told), *_]:
                    letters = set(told[:_MOST_RIGHTS].decode("ascii", "replace").lower())
                    letters.update(each for old, new in _OLD_RIGHTS.items() if old in letters for each in new)
                    return "".join(sorted(letters & _RIGHTS))
        except ImapSyntaxError:
            continue
    return None


def read_enabled(responses: Iterable[Response]) -> frozenset[str]:
    """What ENABLE really enabled (RFC 5161), upper case."""
    lines = (response[0] for response in responses if response[0][:10].upper() == b"* ENABLED ")
    return frozenset(word.decode("ascii", "replace").upper() for line in lines for word in line.split()[2:])


def read_copied(status: Status) -> CopiedUids | None:
    """COPYUID or APPENDUID of a status; None if it has neither, or one that contradicts itself."""
    words = [word.encode("ascii", "replace") for word in status.arguments.split()]
    try:
        match status.code, words:
            case "APPENDUID", [validity, new]:
                (uid,) = expand(read_set(new), 1)
                old = [0]
                uids = [uid]
            case "COPYUID", [validity, sources, targets]:
                old, uids = (expand(read_set(each), MOST_COPIED) for each in (sources, targets))
            case _:
                return None
    except (ImapSyntaxError, ValueError):
        return None
    known = number(validity)
    return CopiedUids(known, dict(zip(old, uids, strict=True))) if known and len(old) == len(uids) else None


_RIGHTS = frozenset("lrswipkxtea")
_OLD_RIGHTS = {"c": "kx", "d": "te"}
"""RFC 4314 section 2.1.1."""
_MOST_RIGHTS = 100


class SelectAnswer:
    """Gathers the answer to a SELECT or EXAMINE."""

    def __init__(self) -> None:
        self.broken = False
        """A VANISHED came that cannot be read."""
        self._exists = 0
        self._numbers: dict[str, int] = {}
        self._permanent: frozenset[str] | None = None
        self._vanished: list[tuple[int, int]] = []
        self._changed: dict[int, FlagState] = {}

    def take(self, response: Response) -> bool:
        """Take one untagged response; False if it is of no concern."""
        status = parse_status(response[0][2:])
        if status is not None and status.verdict == "OK":
            return self._take_code(status)
        count = read_count(response)
        if count is not None:
            if count.word == "EXISTS":
                self._exists = count.number
            return True
        try:
            vanished = read_vanished(response)
        except ImapSyntaxError:
            self.broken = True
            return True
        if vanished is not None:
            self._vanished.extend(vanished.ranges)
            return True
        items = read_fetch(response)
        if items is None:
            return False
        changed = items.flag_state()
        if changed is not None:
            self._changed[changed.uid] = changed
        return True

    def _take_code(self, status: Status) -> bool:
        if status.code == "CLOSED":
            # What came before is about the mailbox that was selected until now (RFC 7162 section 3.2.11).
            self._exists, self._vanished, self._changed = 0, [], {}
        elif status.code == "PERMANENTFLAGS":
            self._permanent = frozenset(status.arguments.strip("()").lower().split())
        elif (value := number(status.arguments.encode("ascii", "replace"))) is not None:
            self._numbers[status.code] = value
        elif status.code == "NOMODSEQ":
            self._numbers["HIGHESTMODSEQ"] = 0
        return True

    def opened(self, status: Status) -> Opened | None:
        """The whole answer; ``status`` is the tagged one. None: the server does not say UIDVALIDITY."""
        validity = self._numbers.get("UIDVALIDITY", 0)
        if not validity:
            return None
        state = MailboxState(
            validity,
            self._numbers.get("UIDNEXT", 0),
            self._exists,
            self._numbers.get("HIGHESTMODSEQ", 0),
            ALL_FLAGS if self._permanent is None else self._permanent,
            status.code == "READ-ONLY",
        )
        return Opened(state, tuple(self._vanished), tuple(self._changed.values()))
