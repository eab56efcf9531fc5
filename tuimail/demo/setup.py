"""Sets up the demo: a private folder, the embedded server, the sample letters, an engine."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.demo.answer_delivery import AnswerDelivery
from tuimail.demo.sample_letters import REFUSED, SampleLetters, SetClock, demo_config
from tuimail.demo.server import DemoServer
from tuimail.durable import write_durably
from tuimail.engine import Engine
from tuimail.paths import Paths
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tuimail.config.model import Config


class Demo:
    """A context manager that provides ``engine`` (not yet started), ``server`` and ``config``.

    Without ``folder`` everything is in a private temporary folder that is deleted at the end. A named folder is kept
    and continued the next time.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        keymap: str = "pine",
        theme: str = "pine",
        messages: int = 0,
        schedule: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        """``messages``: generated letters besides the sample ones. ``schedule`` runs answers, instead of the server."""
        self._kept = folder
        self._messages = messages
        self._schedule = schedule or self._later
        self._keymap = keymap
        self._theme = theme
        self._answers: AnswerDelivery | None = None
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
            now = time.time()
            self._write_mailboxes(now)
            if not paths.outbox.exists():
                self._write_scene(paths, now)
            self._write_config_file(paths)
            self._answer_letters()
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
        if self._kept is not None and self._answers is not None:
            self._answers.deliver_waiting()
        if self._kept is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self.server.later(seconds, action)

    def _answer_letters(self) -> None:
        maildirs = {
            identity.address: account.maildir
            for account in self.config.accounts.values()
            for identity in account.identities
            if account.maildir is not None
        }
        self._answers = AnswerDelivery(maildirs, self._schedule)
        self.server.on_letter = self._answers.letter_arrived

    def _write_mailboxes(self, now: float) -> None:
        """Those that are not there yet, and the generated letters that are missing."""
        maildirs = {name: each.maildir for name, each in self.config.accounts.items() if each.maildir is not None}
        missing = {name: maildir for name, maildir in maildirs.items() if not maildir.exists()}
        if missing:
            from tuimail.demo.letters.catalogue import FOLDERS, MESSAGES
            from tuimail.demo.letters.rendering import render
            from tuimail.demo.maildir_files import make_mailbox

            letters = list(render(MESSAGES, now))
            for name, maildir in missing.items():
                make_mailbox(maildir, FOLDERS[name], (each for each in letters if each.account == name))
        if self._messages:
            from tuimail.demo.generated_mailbox import fill

            fill(maildirs["work"], self.folder / "generated", self._messages, now)

    def _write_config_file(self, paths: Paths) -> None:
        """The same settings as a file, for other commands while the demo runs: TUIMAIL_CONFIG names it."""
        from tuimail.demo.config_file import config_text

        private_dir(paths.config_file.parent)
        write_durably(paths.config_file, config_text(self.config).encode())

    def _write_scene(self, paths: Paths, now: float) -> None:
        from tuimail.compose.correspondents import Correspondents
        from tuimail.compose.draft_store import DraftStore
        from tuimail.outbox.store.store import Store

        clock = SetClock(now)
        store = Store(private_dir(paths.outbox), clock, audit_log=paths.outbox_audit_log)
        try:
            scene = SampleLetters(store, clock, self.config, now, self.folder)
            scene.fill_outbox(self.server)
            with closing(Correspondents(paths.correspondents)) as correspondents:
                scene.fill_drafts(DraftStore(private_dir(paths.drafts)), correspondents)
        finally:
            store.close()
