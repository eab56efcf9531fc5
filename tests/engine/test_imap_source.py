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
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_wire import Status
from tuimail.paths import Paths


class Client:
    """Records what is made."""

    def __init__(self, delimiter: str, prefix: str) -> None:
        self.made: list[str] = []
        self.subscriptions: set[str] = set()
        self.refuses: ImapError | None = None
        self._listed = Mailbox("INBOX", delimiter)
        self._prefix = prefix

    def folders(self) -> list[Mailbox]:
        return [self._listed]

    def prefix(self) -> str:
        return self._prefix

    def create(self, wire: str) -> None:
        self.made.append(wire)

    def subscribe(self, wire: str, *, subscribed: bool) -> None:
        if self.refuses is not None:
            raise self.refuses
        (self.subscriptions.add if subscribed else self.subscriptions.discard)(wire)

    def subscribed(self) -> frozenset[str]:
        return frozenset(self.subscriptions)

    def delete(self, wire: str) -> None:
        self.made.remove(wire)

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
    assert client.subscriptions == {wire}
    source.rename_folder("INBOX", name)
    assert client.made == [wire, "INBOX", wire]


class KnownFolders(Client):
    """It lists the folders that are there."""

    def __init__(self, *wires: str) -> None:
        super().__init__(".", "INBOX.")
        self.made += wires
        self.subscriptions.update(wires)

    def folders(self) -> list[Mailbox]:
        return [Mailbox(each, ".") for each in self.made]


def source_of(client: Client) -> ImapSource:
    return ImapSource(config().accounts["work"], cast("Any", client), Path("bodies"), lambda _folder, _keys: None)


def test_subscriptions_go_along_with_a_folder_and_end_with_it() -> None:
    """Courier leaves them where they were: an account that shows subscribed folders alone would lose the folder."""
    client = KnownFolders("INBOX.Work", "INBOX.Work.Mill", "INBOX.Works")
    source = source_of(client)
    source.rename_folder("INBOX.Work", "Old/Work")
    assert client.subscriptions == {"INBOX.Old.Work", "INBOX.Old.Work.Mill", "INBOX.Works"}
    source.delete_folder("INBOX.Works")
    assert client.subscriptions == {"INBOX.Old.Work", "INBOX.Old.Work.Mill"}


def test_a_refused_subscription_is_no_failure_and_a_lost_connection_is() -> None:
    client = KnownFolders("INBOX.Work", "INBOX.Mill")
    client.refuses = ImapError("no", step=ImapStage.MAILBOX, status=Status("NO"))
    source_of(client).rename_folder("INBOX.Work", "Old")
    source_of(client).delete_folder("INBOX.Mill")
    assert "INBOX.Mill" not in client.made
    client.refuses = ImapError("lost", step=ImapStage.MAILBOX)
    with pytest.raises(ImapError, match="lost"):
        source_of(client).delete_folder("INBOX.Work")


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
