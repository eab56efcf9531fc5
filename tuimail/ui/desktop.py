"""Notices on the desktop: by D-Bus on Linux, by osascript on macOS. A desktop that takes none is no fault."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from typing import TYPE_CHECKING

from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from tuimail.ui.notices import Announcement

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds a desktop has to take a notice."""

_APPLESCRIPT = "on run words\ndisplay notification (item 2 of words) with title (item 1 of words)\nend run"


class Desktop:
    """Shows announcements."""

    def __init__(self) -> None:
        self._broken = False

    async def show(self, announcement: Announcement) -> bool:
        """Show it; False (and a line in the log) if that fails. No other one is tried then."""
        if self._broken:
            return False
        notify = _osascript if sys.platform == "darwin" else _dbus
        try:
            async with asyncio.timeout(PATIENCE):
                await notify(announcement.title, announcement.body)
        except Exception as error:  # noqa: BLE001 - the library lets through whatever its bus raises
            log.info("the desktop takes no notices: %r", error)
            self._broken = True
            return False
        return True


async def _dbus(title: str, body: str) -> None:
    """Notify of the Desktop Notifications Specification 1.2; the body is markup there (links, images)."""
    # Off the loop: it takes a tenth of a second.
    await asyncio.to_thread(importlib.import_module, "jeepney.io.asyncio")
    from html import escape

    from jeepney import DBusAddress, new_method_call
    from jeepney.io.asyncio import open_dbus_router
    from jeepney.wrappers import unwrap_msg

    name = "org.freedesktop.Notifications"
    service = DBusAddress("/org/freedesktop/Notifications", bus_name=name, interface=name)
    arguments: tuple[object, ...] = ("tuimail", 0, "", title, escape(body, quote=False), [], {}, -1)
    async with open_dbus_router(bus="SESSION") as bus:
        unwrap_msg(await bus.send_and_get_reply(new_method_call(service, "Notify", "susssasa{sv}i", arguments)))


async def _osascript(title: str, body: str) -> None:
    """Raises OSError."""
    with core_dumps.allowed_in_children():
        ran = await asyncio.create_subprocess_exec(
            "osascript", "-e", _APPLESCRIPT, title, body, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    try:
        if await ran.wait() != 0:
            raise OSError(f"osascript ended with {ran.returncode}")
    finally:
        if ran.returncode is None:
            ran.kill()
