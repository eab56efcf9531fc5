"""What is on the screen, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    """Until everything that was set off has been done: messages, loading, drawing."""
    app: TuimailApp = pilot.app  # type: ignore[assignment]
    for _ in range(3):
        if app.bridge is not None:
            app.bridge.flush()
        await pilot.pause()
        busy = [
            worker for worker in app.workers if worker.group in ("load", "badge", "letter") and not worker.is_finished
        ]
        if busy and app.startup.ready.is_set():
            await app.workers.wait_for_complete(busy)
    await pilot.pause()
