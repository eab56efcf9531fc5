"""The letter sent last, while the status line says that it goes: that stays true when its server is out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.engine import Engine

_ON_ITS_WAY = frozenset({ItemState.HELD, ItemState.QUEUED, ItemState.SENDING})


class LeavingLetter:
    """Follows one letter until it is decided whether it went at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._item = ""
        self._say: Callable[[str], None] = lambda _words: None

    def follow(self, item_id: str, say: Callable[[str], None]) -> None:
        """``say`` is given words (safe to draw) once it is known that the letter waits."""
        self._item, self._say = item_id, say

    async def look(self) -> None:
        """Look at it again: the outbox has changed."""
        item_id = self._item
        if not item_id:
            return
        try:
            item = await self._engine.outbox.query(lambda outbox: outbox.item(item_id))
        except TuimailError:
            self._end(item_id)
            return
        if item.state in _ON_ITS_WAY:
            return
        if item.state is ItemState.DEFERRED and self._item == item_id:
            self._say(f"waits, and goes by itself. {safe_line(item.words)}".strip())
        self._end(item_id)

    def _end(self, item_id: str) -> None:
        if self._item == item_id:  # else another one was sent meanwhile
            self._item = ""
