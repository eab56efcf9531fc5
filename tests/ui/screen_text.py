"""What is on the screen, as lines of text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual._wait import wait_for_idle as textual_wait

from tests.ui.real_engine import SceneEngine

if TYPE_CHECKING:
    from textual.app import App
    from textual.pilot import Pilot

    from tuimail.ui.app import TuimailApp


def lines(app: App[Any]) -> list[str]:
    """Every row of the screen on top, as the terminal would show it, trailing blanks cut off."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(app.size)
    shown = []
    for strip in strips[:height]:
        segments = list(strip)
        for line_filter in app.get_line_filters():
            segments = line_filter.apply(segments, app.screen.background_colors[1])
        shown.append("".join(segment.text for segment in segments)[: width * 2].rstrip())
    return shown


def text(app: App[Any]) -> str:
    """The same in one string."""
    return "\n".join(lines(app))


async def settle(pilot: Pilot[int]) -> None:
    """Until all that was set off is done: keys and their commands, messages, reading, drawing.

    A command that waits for the user, and a call that a test holds up, count as done.
    """
    app: TuimailApp = pilot.app  # type: ignore[assignment]
    calm = 0
    while calm < 2 and app.is_running:
        if app.bridge is not None:
            app.bridge.flush()
        await pilot.pause()
        if _held_up(app):
            await textual_wait()  # what goes on beside a call that is held up has no end that can be asked for
        if isinstance(app.engine, SceneEngine):
            await app.engine.caught_up()
        if _busy(app):
            calm = 0
            await asyncio.sleep(0.001)
        else:
            calm += 1


def _held_up(app: TuimailApp) -> bool:
    return isinstance(app.engine, SceneEngine) and app.engine.held_up


def _busy(app: TuimailApp) -> bool:
    if _held_up(app):
        return False
    if app.startup.error is not None:
        return not app.keys.idle  # what is to be read waits for an engine for ever
    # The end of a command is known to the queue of keys; it is no worker's end, because commands wait for the user.
    return not app.keys.idle or any(not each.is_finished and each.group != "actions" for each in app.workers)
