r"""The mailboxes of an IMAP account: which are folders, in which order they are looked at, and which need it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.sync.special_folders import PresentFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tuimail.cache.folders import CachedMailbox
    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_values import FolderStatus

INBOX = "INBOX"
MOST_FOLDERS = 10_000
"""Of one account."""
LONGEST_UNSEEN = 300.0
"""Seconds after which a mailbox without MODSEQ is looked at though its status is the same: flags may be others."""

_NEVER = {"\\noselect", "\\nonexistent"}
_VIEWS = {"\\all", "\\flagged"}
_USES = ("\\sent", "\\drafts", "\\trash", "\\archive", "\\junk")


class PresentFolders(NamedTuple):
    """What LIST says."""

    folders: list[PresentFolder]
    views: frozenset[str]
    """Wire names of those that show messages of other mailboxes once more (RFC 6154); not kept unless asked for."""
    complete: bool
    """INBOX is among them, as on every server; else it is no proof that a folder is gone."""


def present_folders(mailboxes: Iterable[Mailbox]) -> PresentFolders:
    r"""The mailboxes that can be selected, each once. ``\All`` is the archive where there is no other."""
    usable: dict[str, Mailbox] = {}
    names = set()  # two that would be shown alike cannot be told apart
    for each in mailboxes:
        wire = INBOX if each.wire.upper() == INBOX else each.wire
        if each.name in names and wire not in usable:
            continue
        names.add(each.name)
        if not each.attributes & _NEVER and _is_text(wire) and _is_text(each.name) and len(usable) < MOST_FOLDERS:
            usable.setdefault(wire, each)
    complete = INBOX in usable
    has_archive = any("\\archive" in each.attributes for each in usable.values())
    folders = [
        PresentFolder(
            wire,
            INBOX if wire == INBOX else each.name,
            each.delimiter,
            _special(each, all_is_archive=not has_archive) if wire != INBOX else "",
        )
        for wire, each in usable.items()
    ]
    if not complete:
        folders.append(PresentFolder(INBOX, INBOX))
    views = frozenset(wire for wire, each in usable.items() if each.attributes & _VIEWS and wire != INBOX)
    return PresentFolders(folders, views, complete)


def chosen_folders(mailboxes: Iterable[Mailbox], subscribed: Collection[str]) -> list[Mailbox]:
    """INBOX, those that have a use, and those of ``subscribed`` (wire names)."""
    uses = {*_USES, *_VIEWS}
    return [
        each for each in mailboxes if each.wire in subscribed or each.wire.upper() == INBOX or each.attributes & uses
    ]


def in_order(rows: Iterable[CachedMailbox], on_screen: str) -> list[CachedMailbox]:
    """INBOX, the folder on the screen, those with a special use, then the ones looked at longest ago."""
    return sorted(
        rows,
        key=lambda each: (each.wire != INBOX, each.wire != on_screen, not each.special, each.synced_at, each.wire),
    )


def needs_look(row: CachedMailbox, status: FolderStatus | None, *, known: int, unread: int, looked: float) -> bool:
    """Whether a mailbox may differ from what the cache has of it.

    Args:
        row: the mailbox as it was looked at last.
        status: what the server says of it now; None: nothing.
        known: messages of it in the cache.
        unread: those of them that the server had as unread.
        looked: seconds since it was looked at.
    """
    if status is None or row.low_uid != 1:
        return True
    if (status.validity, status.uidnext, status.messages) != (row.validity, row.uidnext, known):
        return True
    if row.modseq and status.modseq:
        return status.modseq != row.modseq
    return status.unseen != unread or looked >= LONGEST_UNSEEN


def _special(mailbox: Mailbox, *, all_is_archive: bool) -> str:
    use = next((each for each in _USES if each in mailbox.attributes), "")
    if not use and "\\all" in mailbox.attributes and all_is_archive:
        use = "\\archive"
    return use.removeprefix("\\")


def _is_text(name: str) -> bool:
    """Bytes that are no UTF-8 cannot be stored."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
