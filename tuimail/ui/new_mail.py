"""New mail that the user was told of and that is still new: counted on every screen, told once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.ui.notices import GATHER, new_mail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.engine import Engine
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.notices import Announcement

log = logging.getLogger(__name__)

MOST = 1000
"""New messages that are counted."""


class NewMailStatus:
    """Waits a moment after new mail came: what another program shows as read by then is not told."""

    def __init__(
        self, engine: Engine, *, count: Callable[[int], object], tell: Callable[[Announcement], object]
    ) -> None:
        """``count`` is given how many are new whenever that changes, ``tell`` a notice of those that came."""
        self._engine = engine
        self._count = count
        self._tell = tell
        self._new: dict[MessageRef, bool] = {}
        """Each with whether the user was told of it; the newest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def arrived(self, messages: Sequence[MessageRef]) -> None:
        """These messages came, the newest first."""
        told = {each: self._new.get(each, False) for each in messages} | self._new
        self._new = dict(list(told.items())[:MOST])
        self._look_soon()

    def changed(self) -> None:
        """Messages may have been read."""
        if self._new:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._look)

    def _look(self) -> None:
        self._timer = None
        self._task = asyncio.ensure_future(self.look())

    async def look(self) -> None:
        """Count those that are still new, and tell of those that were not told."""
        from tuimail.engine.new_mail import still_new

        asked = tuple(self._new)
        try:
            found = await self._engine.mail.query(lambda reader: still_new(reader, asked))
        except TuimailError as error:
            log.info("new mail cannot be counted: %s", error)
            return
        fresh = [each for each in found if not self._new.get(each.ref, True)]
        still = {each.ref for each in found}
        self._new = {ref: ref in still or told for ref, told in self._new.items() if ref in still or ref not in asked}
        self._count(len(still))
        if fresh:
            self._tell(new_mail([(each.row.from_name or each.row.from_addr, each.row.subject) for each in fresh]))
