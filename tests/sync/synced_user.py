"""A user of a real server whose program runs in this process, behind a gate and with a clock that the test sets."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.ui.scene import config
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy, Security, Server
from tuimail.engine import account_sync
from tuimail.engine.account_sync import AccountSync
from tuimail.engine.configured_source import MailSources
from tuimail.journal.store import ActionJournal
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.imap_gate import ImapGate
    from tuimail.engine.account_sync import SyncReport


class Silent:
    """Nobody is told of progress."""

    def read(self, folder: str, messages: int) -> None:
        pass

    def fetched(self, messages: int) -> None:
        pass

    def say(self, sentence: str) -> None:
        pass


class SyncedUser:
    """``sync`` is what one process of the program does."""

    def __init__(self, gate: ImapGate, folder: Path, now: list[float]) -> None:
        self.now = now
        self.gate = gate
        self.name = gate.target.new_user("synced")
        server = Server(gate.target.host, gate.port, Security.NONE, username=self.name)
        self.account = replace(config().accounts["work"], maildir=None, imap=server, policy={"*": KeepPolicy.ALL})
        self.paths = Paths.under(folder)
        secrets.remember(server, "work", gate.target.password)

    def journal(self) -> ActionJournal:
        """To be closed."""
        return ActionJournal(self.paths.journal, now=lambda: self.now[0])

    def sync(self) -> SyncReport:
        """One process, longer after the last one than an action is put off."""
        self.now[0] += 5000
        with closing(MailSources(self.paths)) as sources:
            return AccountSync(self.account, self.paths, sources, Silent()).run()

    def sync_to_the_end(self) -> None:
        """Until nothing waits."""
        for _ in range(8):
            report = self.sync()
            if report.error is None and not report.waiting:
                return
        raise AssertionError("it does not come to an end")


def set_clock(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    """For the journals that the program opens."""
    monkeypatch.setattr(account_sync, "ActionJournal", lambda folder: ActionJournal(folder, now=lambda: now[0]))
