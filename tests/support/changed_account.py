"""An account on a real IMAP server, what the user does to its letters, and what is to come of that.

The letters: ``a`` and ``b`` (without Message-ID) are flagged and moved, ``t`` is there twice and both are moved, ``c``
and ``e`` are copied, ``d`` is deleted for good; another client has marked ``f`` to be deleted, and delivers ``n`` after
the account was synced first.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.bodies import BodyStore
from tuimail.cache.database import ReadableCache
from tuimail.engine.cache_place import account_key, cache_of
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN, to_wire
from tuimail.mailboxes.imap_values import FlagState
from tuimail.sync.imap_rows import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Account
    from tuimail.paths import Paths

WAYS = {
    "MOVE": (),
    "MOVE without UIDPLUS": ("UIDPLUS",),
    "COPY": ("MOVE",),
    "COPY without UIDPLUS": ("MOVE", "UIDPLUS"),
}
"""Capabilities that the server lacks."""
FOLDERS = ("INBOX", "Archive", "Trash")
_LETTERS = (("a", "", SEEN), ("b", "-", 0), ("c", "", FLAGGED), ("d", "", 0), ("e", "", 0), ("t", "", 0), ("t", "", 0))
_NAMES = {"": 0, "\\Seen": SEEN, "\\Answered": ANSWERED, "\\Flagged": FLAGGED, "\\Deleted": DELETED}


class Letter(NamedTuple):
    """A message at the server."""

    key: str
    """UIDVALIDITY and uid."""
    subject: str
    flags: int
    content: bytes


class Wrong(NamedTuple):
    """What is not as it should be."""

    lost: int
    doubled: int
    words: tuple[str, ...]


@contextlib.contextmanager
def other_client(server: Dovecot, user: str) -> Iterator[imaplib.IMAP4_SSL]:
    """Another program that is signed in to the account."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with imaplib.IMAP4_SSL(server.host, server.imaps, ssl_context=context) as client:
        client.login(user, server.password)
        yield client


def deliver(client: imaplib.IMAP4, subject: str, *, name: str = "", flags: int = 0, folder: str = "INBOX") -> None:
    """Append a letter; one called ``-`` has no Message-ID."""
    text = f"From: kim@example.net\r\nSubject: {subject}\r\nDate: Thu, 01 Oct 2026 10:00:00 +0000\r\n"
    text += "" if name == "-" else f"Message-ID: <{name or subject}@example.net>\r\n"
    text += f"\r\nText of {subject}.\r\n"
    verdict, _ = client.append(folder, f"({to_wire(flags)})", '"01-Oct-2026 10:00:00 +0000"', text.encode())
    assert verdict == "OK"


def letters(client: imaplib.IMAP4, folder: str) -> list[Letter]:
    """What is in a folder, by uid."""
    verdict, _ = client.select(folder, readonly=True)
    assert verdict == "OK"
    validity = int(str(client.response("UIDVALIDITY")[1][0], "ascii"))
    found = []
    _, parts = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
    for each in parts:
        if isinstance(each, tuple):
            uid = int(re.search(rb"UID (\d+)", each[0])[1])  # type: ignore[index]
            words = re.search(rb"FLAGS \(([^)]*)\)", each[0])[1].decode().split()  # type: ignore[index]
            subject = re.search(rb"Subject: (\S+)", each[1])[1].decode()  # type: ignore[index]
            flags = sum(_NAMES.get(word, 0) for word in words)
            found.append(Letter(key_of(validity, uid), subject, flags, each[1]))
    return found


def prepare(server: Dovecot, user: str) -> None:
    """The letters as they are at first."""
    with other_client(server, user) as client:
        for folder in FOLDERS[1:]:
            client.create(folder)
        for subject, name, flags in _LETTERS:
            deliver(client, subject, name=name, flags=flags)
        deliver(client, "f", flags=DELETED)
        deliver(client, "old", folder="Archive")


def act(server: Dovecot, user: str, journal: ActionJournal) -> None:
    """What the user does, and what another client does meanwhile."""
    with other_client(server, user) as client:
        named = [(each.subject, ActionMessage(each.key, before=each.flags)) for each in letters(client, "INBOX")]
        client.select("INBOX")
        client.store("3", "+FLAGS", "(\\Answered)")
        deliver(client, "n")

    def action(kind: ActionKind, subjects: str, **fields: object) -> MailAction:
        messages = tuple(message for subject, message in named if subject in subjects)
        return replace(MailAction("work", kind, "INBOX", messages), **fields)  # type: ignore[arg-type]

    _, moved, *_ = journal.add(
        [
            action(ActionKind.FLAG, "ab", add=ANSWERED, remove=SEEN),
            action(ActionKind.MOVE, "abt", target="Archive"),
            action(ActionKind.COPY, "ce", target="Archive"),
            action(ActionKind.DELETE, "d"),
        ]
    )
    origins = tuple(ActionMessage("", origin=MessageOrigin(moved.id, index)) for index in (0, 1))
    journal.add([MailAction("work", ActionKind.FLAG, "Archive", origins, add=FLAGGED)])


def _expected() -> dict[str, Counter[tuple[str, int]]]:
    """Subjects and flags by folder; what is marked to be deleted by us is left out."""
    both = ANSWERED | FLAGGED
    return {
        "INBOX": Counter({("c", both): 1, ("e", 0): 1, ("f", DELETED): 1, ("n", 0): 1}),
        "Archive": Counter({("a", both): 1, ("b", both): 1, ("c", both): 1, ("e", 0): 1, ("t", 0): 2, ("old", 0): 1}),
        "Trash": Counter(),
    }


def wrong(server: Dovecot, account: Account, paths: Paths, *, expunged: bool) -> Wrong:
    """Compare server, journal and cache with what is to be; ``expunged``: the server has UIDPLUS."""
    assert account.imap is not None
    with other_client(server, account.imap.username) as client:
        there = {folder: letters(client, folder) for folder in FOLDERS}
    words = []
    lost = doubled = 0
    for folder, expected in _expected().items():
        found = Counter((each.subject, each.flags) for each in there[folder])
        ours = {one for one in found if folder == "INBOX" and one[1] & DELETED and one[0] != "f" and not expunged}
        for one in ours:
            del found[one]
        if found != expected:
            words.append(f"{folder}: missing {dict(expected - found)}, too many {dict(found - expected)}")
        by_name, wanted = (Counter(subject for subject, _ in each.elements()) for each in (found, expected))
        lost += (wanted - by_name).total()
        doubled += (by_name - wanted).total()
    return Wrong(lost, doubled, (*words, *_in_journal(paths), *in_cache(account, paths, there)))


def _in_journal(paths: Paths) -> Iterator[str]:
    with contextlib.closing(ActionJournal(paths.journal)) as journal:
        for each in journal.actions():
            if each.state is not ActionState.DONE or each.words:
                yield f"{each.kind} {each.id} is {each.state}: {each.words}"


def in_cache(account: Account, paths: Paths, there: dict[str, list[Letter]]) -> Iterator[str]:
    """What is shown is what the server has, and the bytes that are kept are its bytes."""
    with contextlib.closing(ReadableCache(cache_of(account, paths)[0])) as cache, cache.reading() as db:
        rows = db.execute(
            "SELECT box.name, m.emailid, m.subject, m.flags, m.server_flags, m.leaving, m.kept "
            "FROM message m JOIN mailbox box ON box.id = m.mailbox"
        ).fetchall()
    shown = {(folder, key): FlagState(0, flags, subject) for folder, key, subject, flags, *_ in rows}
    expected = {
        (folder, each.key): FlagState(0, each.flags, each.subject) for folder in there for each in there[folder]
    }
    if shown != expected:
        yield f"shown, not there: {shown.items() - expected.items()}; not shown: {expected.items() - shown.items()}"
    bodies = BodyStore(paths.cache / "bodies" / account_key(account))
    for folder, found in there.items():
        for each in found:
            file = bodies.open(folder, each.key)
            if file is None:
                yield f"{each.subject} in {folder} is not kept"
                continue
            with file:
                if file.read() != each.content:
                    yield f"{each.subject} in {folder} has other bytes"
    for folder, key, subject, flags, server_flags, leaving, kept in rows:
        if flags != server_flags or leaving is not None or not kept:
            yield f"{subject} ({folder}, {key}) is shown with {flags}, {server_flags}, {leaving=}, {kept=}"
