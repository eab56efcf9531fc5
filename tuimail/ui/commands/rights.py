"""Which commands come to nothing because a folder forbids them (RFC 4314): their keys are drawn dim. Pure."""

from __future__ import annotations

from tuimail.engine.folder_rights import TAKING, lacks

FLAGS = frozenset({"flag", "clear-flag"})
"""They ask which flag is meant: one that may be set is enough."""
_FLAG_RIGHTS = ("s", "t", "w")
_NEEDED = {
    **dict.fromkeys(("delete", "delete-thread", "delete-matching", "expunge", "archive", "junk", "save"), TAKING),
    **dict.fromkeys(("toggle-unread", "read-thread", "read-folder"), "s"),
    "toggle-important": "w",
    **dict.fromkeys(("rename-folder", "delete-folder"), "x"),
}
"""The rights that a command needs in the folder of the message, or in the one selected, by its id."""


def forbids(rights: str, command_id: str) -> bool:
    """Whether a folder with these rights forbids a command; ``rights`` is empty while they are not known."""
    if command_id in FLAGS:
        return all(lacks(rights, each) for each in _FLAG_RIGHTS)
    return lacks(rights, _NEEDED.get(command_id, ""))
