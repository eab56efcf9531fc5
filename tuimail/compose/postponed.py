"""Drafts on disk: autosaved, postponed, recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.compose.draft import Draft


class DraftStore:
    """One folder per draft below ``root``: ``draft.json``, and copies of files that have no other home.

    Every write is atomic and durable (temporary file, fsync, rename, fsync of the folder). A draft open in one
    process is owned by it (flock); another may look but not write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, draft: Draft) -> None:
        """Store ``draft`` durably. Raises StorageError; the old one is then still whole."""
        raise NotImplementedError

    def load(self, draft_id: str) -> Draft:
        """One draft. Raises NoSuchItemError or StorageError (damaged)."""
        raise NotImplementedError

    def drafts(self) -> Sequence[Draft]:
        """All that can be read, newest first; a damaged one is set aside and logged, never deleted."""
        raise NotImplementedError

    def discard(self, draft_id: str) -> None:
        """Delete it; unknown ids are fine."""
        raise NotImplementedError

    def acquire(self, draft_id: str) -> bool:
        """Own the draft while it is open here; False if another process has it."""
        raise NotImplementedError

    def release(self, draft_id: str) -> None:
        """Stop owning it."""
        raise NotImplementedError

    def owned_elsewhere(self, draft_id: str) -> bool:
        """Another process has it open now."""
        raise NotImplementedError

    def folder(self, draft_id: str) -> Path:
        """The draft's own folder (made if missing), for files that come with it."""
        raise NotImplementedError
