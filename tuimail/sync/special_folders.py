"""What each folder of an account is for (RFC 6154): the user's map, else the server's word, else its name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NAMES = {
    "sent": ("sent", "sent mail", "sent-mail", "sent items", "sent messages"),
    "drafts": ("drafts", "draft"),
    "trash": ("trash", "deleted items", "deleted messages"),
    "archive": ("archive", "archives", "all mail"),
    "junk": ("junk", "spam", "junk e-mail", "junk mail"),
}
"""Names by which folders are known for a special use when nobody says more."""


class PresentFolder(NamedTuple):
    """A folder that an account has."""

    wire: str
    """What it is called where it is."""
    name: str
    """As it is shown; not sanitised."""
    delimiter: str = "/"
    """What separates the levels of ``name``; empty: it has but one."""
    special: str = ""
    """Its special use as the server says, without backslash, lower case."""

    @property
    def levels(self) -> list[str]:
        """The parts of its name."""
        return self.name.split(self.delimiter) if self.delimiter else [self.name]


def special_uses(folders: Collection[PresentFolder], own: Mapping[str, str]) -> dict[str, str]:
    """The special use of each folder by wire name, empty for most.

    ``own`` is the user's map of special uses to folder names, which may leave out that a folder is below INBOX.
    A known name counts only for a use that neither the map nor the server gives to another folder.
    """
    mapped = {name: use for use, name in own.items()}
    uses = {each.wire: mapped.get(each.name) or mapped.get(each.wire, "") for each in folders}
    given = set(uses.values())
    for each in folders:
        use = mapped.get(each.delimiter.join(each.levels[1:]), "") if each.levels[0].upper() == "INBOX" else ""
        if use and use not in given:
            uses[each.wire] = use
    taken = {use for use in uses.values() if use}
    for each in folders:
        if not uses[each.wire] and each.special and each.special not in taken:
            uses[each.wire] = each.special
    taken |= {use for use in uses.values() if use}
    for each in folders:
        if not uses[each.wire]:
            named = (use for use, names in _NAMES.items() if use not in taken and _named(each, names))
            uses[each.wire] = next(named, "")
    return uses


def _named(folder: PresentFolder, names: Collection[str]) -> bool:
    r"""At the top, or right below INBOX or a provider's root; not somebody's archive of another program."""
    levels = folder.levels
    if len(levels) == 2 and (levels[0].upper() == "INBOX" or levels[0].startswith("[")):
        levels = levels[1:]
    return len(levels) == 1 and levels[0].casefold() in names
