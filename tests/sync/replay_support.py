"""A Maildir with three letters, and actions of the journal on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tuimail.journal.action import ActionKind, ActionMessage, MailAction
from tuimail.sync.maildir_replay import MaildirReplayer

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.journal.store import ActionJournal


def make(root: Path) -> Path:
    for folder in ("", ".Archive", ".Trash"):
        for part in ("cur", "new", "tmp"):
            (root / folder / part).mkdir(parents=True)
    for path, text in {"cur/a,S=1:2,FS": "A", "new/b": "B", "cur/c:2,": "C"}.items():
        (root / path).write_text(text)
    return root


def files(root: Path, folder: str = "") -> dict[str, str]:
    """Each file of a folder by what it holds: ``{"A": "cur FS"}``. A message that is there twice fails."""
    found: dict[str, str] = {}
    for part in ("cur", "new"):
        for path in (root / folder / part).iterdir():
            assert path.read_text() not in found, "twice"
            found[path.read_text()] = f"{part} {path.name.partition(':2,')[2]}".rstrip()
    return found


def keys(*names: str) -> tuple[ActionMessage, ...]:
    return tuple(map(ActionMessage, names))


def action(kind: ActionKind, *names: str, **fields: Any) -> MailAction:
    return replace(MailAction("work", kind, "INBOX", keys(*names)), **fields)


def replay(journal: ActionJournal, root: Path, *actions: MailAction) -> list[MailAction]:
    journal.add(actions)
    return MaildirReplayer(journal, "work", root, "me").replay()


BOTH = ("a,S=1", "b")
ALL = {"A": "cur FS", "B": "new", "C": "cur"}
