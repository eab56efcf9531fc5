"""Names of new folders at a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.ui.scene import config
from tuimail.engine.imap_source import ImapSource
from tuimail.mailboxes.folders import Mailbox


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
