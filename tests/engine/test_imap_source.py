"""The sources of accounts on servers: names of new folders, and when connections are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.loopback import free_ports
from tests.ui.scene import config
from tuimail.config import secrets
from tuimail.config.model import Security, Server
from tuimail.engine.configured_source import MailSources
from tuimail.engine.imap_source import ImapSource
from tuimail.mailboxes.folders import Mailbox
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.paths import Paths


class Client:
    """Records what is made."""

    def __init__(self, delimiter: str, prefix: str) -> None:
        self.made: list[str] = []
        self._listed = Mailbox("INBOX", delimiter)
        self._prefix = prefix

    def folders(self) -> list[Mailbox]:
        return [self._listed]

    def prefix(self) -> str:
        return self._prefix

    def create(self, wire: str) -> None:
        self.made.append(wire)

    def subscribe(self, wire: str, *, subscribed: bool) -> None:
        assert subscribed
        assert wire in self.made

    def rename(self, wire: str, to: str) -> None:
        self.made += [wire, to]


@pytest.mark.parametrize(
    ("delimiter", "prefix", "name", "wire"),
    [
        ("/", "", "Work/Mill", "Work/Mill"),
        (".", "", "Work/Mill", "Work.Mill"),
        (".", "INBOX.", "Work/Mill", "INBOX.Work.Mill"),
        (".", "INBOX.", "INBOX/Work", "INBOX.Work"),
        (".", "INBOX.", "INBOX.Work", "INBOX.Work"),
        (".", "INBOX.", "Mühle", "INBOX.M&APw-hle"),
    ],
)
def test_own_folders_are_below_the_prefix(delimiter: str, prefix: str, name: str, wire: str) -> None:
    client = Client(delimiter, prefix)
    source = ImapSource(config().accounts["work"], cast("Any", client), Path("bodies"), lambda _folder, _keys: None)
    source.create_folder(name)
    assert client.made == [wire]
    source.rename_folder("INBOX", name)
    assert client.made == [wire, "INBOX", wire]


def test_who_asks_for_a_connection_after_the_end_waits_for_none(tmp_path: Path) -> None:
    server = Server("localhost", free_ports(1)[0], Security.TLS)
    secrets.remember(server, "work", "correct-horse")
    account = replace(config().accounts["work"], maildir=None, imap=server)
    sources = MailSources(Paths.under(tmp_path))
    sources.close()
    with pytest.raises(ImapError, match="was closed"):
        sources.of(account).create_folder("Mill")
    sources.resume()
    with pytest.raises(ImapError, match="Nothing listens"):
        sources.of(account).create_folder("Mill")
    sources.close()
    secrets.forget("work")
