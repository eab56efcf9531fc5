"""Running the interface from the first paint to the last."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tuimail.ui.app import TuimailApp
from tuimail.ui.garbage import put_back, put_off
from tuimail.ui.safety import guard_input

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.demo.server import DemoServer
    from tuimail.engine import Engine


def run(
    engine: Engine,
    *,
    draft: Draft | None = None,
    server: DemoServer | None = None,
    folder: tuple[str, str] | None = None,
    warning: str = "",
) -> int:
    """Run the app on ``engine`` (not started) until the user quits, then stop the engine. Returns an exit code."""
    guard_input()
    put_off()

    async def main() -> int:
        app = TuimailApp(engine, draft=draft, server=server, folder=folder, warning=warning)
        app.startup.when_ended = app.collector.begin
        # A closed terminal or a shutdown quits, so that an open draft is saved.
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, app.exit)
        try:
            return await app.run_async() or app.return_code or 0
        finally:
            await engine.stop()

    try:
        return asyncio.run(main())
    finally:
        put_back()
