"""Sets up the demo: a private folder, the embedded server, the sample letters, an engine."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.demo.sample_letters import REFUSED, SampleLetters, SetClock, demo_config
from tuimail.demo.server import DemoServer
from tuimail.engine import Engine
from tuimail.paths import Paths
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from types import TracebackType

    from tuimail.config.model import Config


class Demo:
    """A context manager that provides ``engine`` (not yet started), ``server`` and ``config``.

    Without ``folder`` everything is in a private temporary folder that is deleted at the end. A named folder is kept
    and continued the next time.
    """

    def __init__(self, folder: Path | None = None, *, keymap: str = "pine", theme: str = "pine") -> None:
        self._kept = folder
        self._keymap = keymap
        self._theme = theme
        self.server = DemoServer()
        self.config: Config
        self.engine: Engine
        self.folder: Path

    def __enter__(self) -> Demo:
        """Create the folder, start the server, write the sample letters.

        Raises:
            StorageError: the folder cannot be created or written.
            OSError: no loopback port is available.
        """
        self.folder = private_dir(self._kept) if self._kept else Path(tempfile.mkdtemp(prefix="tuimail-demo-"))
        try:
            port = self.server.start()
            self.server.set(refused=REFUSED)
            self.config = demo_config(port, self.folder, keymap=self._keymap, theme=self._theme)
            paths = Paths.under(self.folder)
            if not paths.outbox.exists():
                self._write_scene(paths)
            self.engine = Engine(self.config, paths)
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server; delete the folder unless it was named."""
        self._clear()

    def _clear(self) -> None:
        self.server.stop()
        if self._kept is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write_scene(self, paths: Paths) -> None:
        from tuimail.compose.correspondents import Correspondents
        from tuimail.compose.draft_store import DraftStore
        from tuimail.outbox.store.store import Store

        now = time.time()
        clock = SetClock(now)
        store = Store(private_dir(paths.outbox), clock, audit_log=paths.outbox_audit_log)
        try:
            scene = SampleLetters(store, clock, self.config, now, self.folder)
            scene.fill_outbox(self.server)
            with closing(Correspondents(paths.correspondents)) as correspondents:
                scene.fill_drafts(DraftStore(private_dir(paths.drafts)), correspondents)
        finally:
            store.close()
