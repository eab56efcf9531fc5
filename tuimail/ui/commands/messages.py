"""Which commands are about received messages, and which of them can be given to several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.flags import DELETED
from tuimail.ui.commands.rights import forbids

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.ui.commands.command import Command

ON_SEVERAL = frozenset(
    {
        "delete",
        "undelete",
        "archive",
        "junk",
        "save",
        "copy",
        "flag",
        "clear-flag",
        "toggle-important",
        "toggle-unread",
        "tag-message",
        "export-message",
        "pipe",
        "print",
        "bounce",
        "take-address",
    }
)
"""They act on the tagged messages when applied to them."""

ON_MESSAGES = ON_SEVERAL | {
    "read",
    "reply",
    "reply-all",
    "reply-list",
    "edit-as-new",
    "edit-message",
    "read-in-full",
    "list-files",
    "show-address",
    "forward",
    "forward-attached",
    "collapse",
    "parent",
    "read-thread",
    "delete-thread",
    "undelete-thread",
    "tag-thread",
    "break-thread",
    "link-threads",
    "mute-thread",
    "view-raw",
    "go-to-thread",
    "attachments",
}
"""They want a message under the cursor."""

ON_ALL = frozenset({"expunge", "delete-matching"})
"""They act on messages of the index wherever the cursor is."""


def fits(
    command: Command,
    entry: IndexEntry | None,
    *,
    tagged: Collection[IndexEntry],
    applying: bool,
    searched: bool = False,
) -> bool:
    """Whether a command makes sense for the message under the cursor, or, ``applying``, for the tagged ones."""
    if applying:
        meant = command.id in ON_SEVERAL and not any(forbids(each.rights, command.id) for each in tagged)
        return meant or command.id in ("help", "back", "apply-tagged")
    if command.id == "save-search":
        return searched
    if command.id in ("apply-tagged", "zoom"):
        return bool(tagged)
    if entry is None:
        return command.id not in ON_MESSAGES
    return not forbids(entry.rights, command.id)


def label(
    command: Command,
    entry: IndexEntry | None,
    tagged: Container[str],
    *,
    back: str,
    in_junk: bool,
) -> str:
    """What the key rows call a command: some mean a little more at times."""
    match command.id:
        case "back" if back:
            return back
        case "tag-message" if entry is not None and entry.row_id in tagged:
            return "Untag"
        case "undelete" if entry is None or not entry.row.flags & DELETED:
            return "Undo"
        case "junk" if in_junk:
            return "Not junk"
    return command.label
