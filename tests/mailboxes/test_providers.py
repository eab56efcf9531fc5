"""The client at servers that behave as those of providers do: one test a quirk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mailboxes.test_imap_client_with_hostile_servers import Scripts, connected, result
from tests.support.providers import PROVIDERS, Provider
from tuimail.mailboxes import imap_connection
from tuimail.mailboxes.imap_reading import summary_items

if TYPE_CHECKING:
    from tests.support.scripted_imap import Conversation


class ProviderScripts(Scripts):
    """Its capabilities differ before and after the sign-in."""

    def __init__(self, provider: Provider) -> None:
        flags = f"* OK [PERMANENTFLAGS ({provider.permanent})] limited"
        super().__init__(
            SELECT=["* 3 EXISTS", flags, "* OK [UIDVALIDITY 7]", "* OK [UIDNEXT 10]", "TAG OK [READ-WRITE]"],
            LIST=[*provider.listed, "TAG OK"],
            LSUB=[f'* LSUB () "{provider.delimiter}" "{each}"' for each in provider.folders[:2]]
            + [f'* LSUB (\\Noselect) "{provider.delimiter}" "above"', "TAG OK"],
            NAMESPACE=[f'* NAMESPACE (("{provider.prefix}" "{provider.delimiter}")) NIL NIL', "TAG OK"],
            MYRIGHTS=["* MYRIGHTS INBOX lrswicd", "TAG OK"],
        )
        self.provider = provider

    async def __call__(self, conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", f"* CAPABILITY {self.provider.before}", "TAG OK")
        await conversation.hear("AUTHENTICATE")
        if "SASL-IR" not in self.provider.before:
            await conversation.say("+ ")
            await conversation.reader.readline()
        await conversation.say("TAG OK")
        await conversation.answer("CAPABILITY", f"* CAPABILITY {self.provider.after}", "TAG OK")
        while (rest := (await conversation.hear()).removeprefix(b"UID ")) and conversation.tag:
            await self.answer(conversation, rest)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_the_level_is_that_of_the_provider(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "iCloud":
        monkeypatch.setattr(imap_connection, "_APPLE", ("127.0.0.1",))
    provider = PROVIDERS[name]
    async with connected(ProviderScripts(provider)) as (client, scripted):
        assert await result(lambda: client.level) == provider.level
        assert any(b"ENABLE QRESYNC" in line for line in scripted.heard) == (provider.level == "Q")


@pytest.mark.parametrize("name", PROVIDERS)
async def test_what_is_told_only_after_the_sign_in_is_known(name: str) -> None:
    provider = PROVIDERS[name]
    async with connected(ProviderScripts(provider)) as (client, _scripted):
        for each in ("MOVE", "UIDPLUS", "X-GM-EXT-1", "SPECIAL-USE"):
            assert await result(client.has, each) == (each in provider.after.split())


@pytest.mark.parametrize("name", PROVIDERS)
async def test_subscriptions_by_the_command_that_the_server_has(name: str) -> None:
    provider = PROVIDERS[name]
    async with connected(ProviderScripts(provider)) as (client, scripted):
        found = await result(client.subscribed)
        extended = "LIST-EXTENDED" in provider.after
        wanted = {each for each in provider.folders if ("\\Noselect" not in dict(provider.uses).get(each, ""))}
        assert found == (wanted if extended else set(provider.folders[:2]))
        heard = b"\n".join(scripted.heard)
        assert (b'LIST (SUBSCRIBED) "" "*"' in heard, b'LSUB "" "*"' in heard) == (extended, not extended)


@pytest.mark.parametrize(("name", "prefix"), [("Courier", "INBOX."), ("Gmail", ""), ("Proton Bridge", "")])
async def test_the_prefix_of_own_folders(name: str, prefix: str) -> None:
    async with connected(ProviderScripts(PROVIDERS[name])) as (client, scripted):
        assert await result(client.prefix) == prefix
        assert any(b"NAMESPACE" in line for line in scripted.heard) == ("NAMESPACE" in PROVIDERS[name].after)


@pytest.mark.parametrize(("name", "rights"), [("Courier", "eiklrstwx"), ("Cyrus", "eiklrstwx"), ("Gmail", None)])
async def test_rights_where_the_server_has_them(name: str, rights: str | None) -> None:
    async with connected(ProviderScripts(PROVIDERS[name])) as (client, scripted):
        assert await result(client.rights, "INBOX") == rights
        assert any(b"MYRIGHTS" in line for line in scripted.heard) == (rights is not None)


@pytest.mark.parametrize(("name", "item"), [("Gmail", "X-GM-MSGID"), ("Yahoo", "EMAILID"), ("Exchange", "")])
def test_what_names_a_message_in_all_folders(name: str, item: str) -> None:
    items = summary_items(frozenset(PROVIDERS[name].after.split()), modseq=False)
    assert [each for each in ("X-GM-MSGID", "EMAILID") if each in items.split()] == ([item] if item else [])
    assert "ENVELOPE" not in items  # Mail.ru and GMX get structures wrong
    assert "BODYSTRUCTURE" not in items


async def test_items_in_any_order() -> None:
    """Exchange sends the header first, and the uid last."""
    header = "Message-ID: <1@x>\r\n\r\n"
    line = (
        f"* 1 FETCH (BODY[HEADER.FIELDS (DATE)] {{{len(header)}}}\r\n{header} RFC822.SIZE 9 "
        'INTERNALDATE " 1-Jan-2020 00:00:00 +0000" FLAGS (\\Seen) UID 2)'
    )
    scripts = ProviderScripts(PROVIDERS["Exchange"])
    scripts.answers["FETCH"] = [line, "TAG OK"]
    async with connected(scripts) as (client, _scripted):
        (found,) = await result(lambda: client.select("INBOX").headers([2]))
        assert (found.uid, found.size, found.header) == (2, 9, header.encode())


async def test_a_range_without_an_end_names_the_highest_uid() -> None:
    """Cyrus misses the last one that was expunged when it is asked for ``1:*``."""
    async with connected(ProviderScripts(PROVIDERS["Cyrus"])) as (client, scripted):
        await result(lambda: client.select("INBOX", validity=7, modseq=4).arrivals(3))
        fetches = [line for line in scripted.heard if b"FETCH" in line]
        assert fetches
        assert all(b"3:4294967295 " in line for line in fetches)
        assert all(b":*" not in line for line in scripted.heard)


@pytest.mark.parametrize(("name", "leaving"), [("Courier", b'EXAMINE "INBOX"'), ("Cyrus", b"UNSELECT")])
@pytest.mark.parametrize("command", ["RENAME", "DELETE"])
async def test_a_folder_is_left_before_it_is_renamed_or_deleted(name: str, leaving: bytes, command: str) -> None:
    """Courier refuses both while the connection has it open; CLOSE would expunge what others have marked."""
    scripts = ProviderScripts(PROVIDERS[name])
    scripts.answers |= {"EXAMINE": scripts.answers["SELECT"], "UNSELECT": ["TAG OK"]}
    async with connected(scripts) as (client, scripted):
        await result(client.select, "INBOX.Mill")
        changed = {"RENAME": lambda: client.rename("INBOX.Mill", "INBOX.Old"), "DELETE": lambda: client.delete("a")}
        await result(changed[command])
        heard = [line.partition(b" ")[2] for line in scripted.heard]
        assert heard[-2].replace(b"EXAMINE INBOX", b'EXAMINE "INBOX"').startswith(leaving)
        assert heard[-1].startswith(command.encode())
        await result(changed[command])
        assert [line.partition(b" ")[2].split()[0] for line in scripted.heard[-2:]] == [command.encode()] * 2


async def test_the_inbox_stays_selected_while_a_folder_is_deleted() -> None:
    async with connected(ProviderScripts(PROVIDERS["Courier"])) as (client, scripted):
        await result(client.select, "INBOX")
        await result(client.delete, "INBOX.Mill")
        assert b"SELECT" in scripted.heard[-2]
