"""What the rights of folders allow (RFC 4314): said before anything is stored in the journal. Pure.

``lacks`` is for screens, which draw the keys that come to nothing dim; ``check_...`` say why when one is pressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.journal.action import ActionKind
from tuimail.mail.flags import DELETED, SEEN
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.cache.folders import CachedMailbox
    from tuimail.config.model import Account

READ_ONLY = "lr"
"""Rights in the folders of an account whose mail is never changed."""
TAKING = "te"
"""Rights that are needed to take messages out of a folder."""
_HINT = "Its owner has to allow it, or the server's administrator."


def rights_in(account: Account, folder: CachedMailbox) -> str:
    """What the user may do in a folder of ``account``; empty: all, as far as is known."""
    return READ_ONLY if account.is_read_only else folder.rights


def lacks(rights: str, needed: Iterable[str]) -> bool:
    """Whether one of the ``needed`` rights is missing; never while it is not known which there are (empty)."""
    return bool(rights) and not all(each in rights for each in needed)


def check_change(folder: CachedMailbox, kind: ActionKind, bits: int = 0) -> None:
    """Raise UsageError if a folder forbids what takes messages out of it, or changes flags.

    Args:
        folder: where the messages are.
        kind: what is done to them.
        bits: flags that are set or taken away.
    """
    if kind is ActionKind.FLAG:
        needed = {right for flags, right in ((SEEN, "s"), (DELETED, "t"), (~(SEEN | DELETED), "w")) if bits & flags}
        _check(folder, needed, "no such marks are set")
    elif kind is not ActionKind.COPY:
        _check(folder, TAKING, "no letter can be taken away")


def check_target(folder: CachedMailbox) -> None:
    """Raise UsageError if a folder forbids that messages are put into it."""
    _check(folder, "i", "no letter can be put")


def _check(folder: CachedMailbox, needed: Iterable[str], what: str) -> None:
    if not lacks(folder.rights, needed):
        return
    name = safe_line(folder.name)
    if folder.rights in ("l", "lr", "lrs"):
        raise UsageError(f"The folder {name} can only be read.", hint=_HINT)
    where = "into" if what.endswith("put") else "from" if what.endswith("away") else "in"
    raise UsageError(f"The server allows it to its owner alone: {what} {where} {name}.", hint=_HINT)
