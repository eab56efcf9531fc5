"""Notices on the desktop, by desktop-notifier. A desktop that does not take them is no trouble of the user's."""

from __future__ import annotations

import asyncio
import html
import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

    from tuimail.ui.notices import Announcement

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds a desktop has to take a notice."""


class Desktop:
    """Shows announcements; loads the library with the first one, off the event loop."""

    def __init__(self) -> None:
        self._notifier: DesktopNotifier | None = None
        self._broken = False

    async def show(self, announcement: Announcement) -> bool:
        """Show it; False (and a line in the log) if that cannot be. It is not tried again then."""
        if self._broken:
            return False
        try:
            if self._notifier is None:
                self._notifier = await asyncio.to_thread(_load)
            async with asyncio.timeout(PATIENCE):
                await self._notifier.send(title=announcement.title, message=_without_markup(announcement.body))
        except Exception as error:  # noqa: BLE001 - the library lets through whatever its bus raises
            log.info("the desktop takes no notices: %r", error)
            self._broken = True
            return False
        return True


def _without_markup(text: str) -> str:
    """``text`` for the body of a notice, which desktops by freedesktop.org read as markup (links, images)."""
    return html.escape(text, quote=False) if sys.platform.startswith("linux") else text


def _load() -> DesktopNotifier:
    from desktop_notifier import DesktopNotifier

    return DesktopNotifier(app_name="tuimail", app_icon=None)
