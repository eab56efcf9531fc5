"""How the engine opens its stores. Each function is called on the thread that its store is used on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.private_files import private_dir
from tuimail.sent.providers import skip_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.clock import Clock
    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft_store import DraftStore
    from tuimail.config.model import Config, Rate
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

log = logging.getLogger(__name__)


def open_outbox(config: Config, paths: Paths, clock: Clock) -> Store:
    """The outbox, without what is long over. Raises StorageError."""
    from tuimail.outbox.store.store import Store

    private_dir(paths.data)
    store = Store(
        private_dir(paths.outbox),
        clock,
        settings=config.outbox,
        rates=_rates(config),
        skip_reasons=_skip_reasons(config),
        audit_log=paths.outbox_audit_log,
    )
    try:
        store.prune()
    except TuimailError:
        log.exception("what is long over could not be forgotten; the next start tries again")
    return store


def reconfigure_outbox(store: Store, config: Config) -> None:
    """Have the open outbox go by another config."""
    store.outbox.reconfigure(config.outbox, rates=_rates(config), skip_reasons=_skip_reasons(config))


def _rates(config: Config) -> dict[str, Rate]:
    return {name: each.rate for name, each in config.accounts.items() if each.rate}


def _skip_reasons(config: Config) -> dict[str, str]:
    return {name: why for name, each in config.accounts.items() if (why := skip_reason(each))}


def open_drafts(paths: Paths) -> DraftStore:
    """The drafts. Raises StorageError."""
    from tuimail.compose.draft_store import DraftStore

    private_dir(paths.data)
    return DraftStore(private_dir(paths.drafts))


def open_correspondents(paths: Paths, tell: Callable[[str], None]) -> Correspondents:
    """People written to before; ``tell`` gets a sentence for the user when their list was damaged."""
    from tuimail.compose.correspondents import Correspondents

    return Correspondents(paths.correspondents, tell=tell)
