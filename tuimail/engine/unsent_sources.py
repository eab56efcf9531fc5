"""Messages that drafts answer or forward: they stay on this machine until the answers are sent."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.errors import StorageError

if TYPE_CHECKING:
    from tuimail.paths import Paths


def unsent_sources(paths: Paths, account: str) -> set[tuple[str, str]]:
    """Folders and keys of those of one account. Blocks; drafts that cannot be read are passed over."""
    from tuimail.compose.draft_store import DraftStore

    if not paths.drafts.is_dir():
        return set()
    try:
        with closing(DraftStore(paths.drafts)) as store:
            refs = [each.answers.ref for each in store.drafts() if each.answers is not None]
    except StorageError:
        return set()
    return {(each.folder, each.key) for each in refs if each.account == account}
