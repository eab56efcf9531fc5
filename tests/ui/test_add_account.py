"""Adding an account on the screen, with the real engine and a provider on this machine."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from tests.accounts.discovery.conftest import provider, provider_certificate  # noqa: F401 - fixtures
from tests.accounts.discovery.documents import document, server
from tests.accounts.discovery.loopback_provider import page
from tests.engine.mail_support import make_maildir, put_message
from tests.support.changed_account import deliver, other_client
from tests.support.loopback import free_ports
from tests.support.secret_stores import secrets_of_a_test, use_keyring
from tests.ui.account_setup import AUTOCONFIG, ISPDB, find_at, first_start, typed, until
from tests.ui.real_engine import SceneEngine
from tests.ui.screen_text import lines, settle
from tuimail.accounts import discovery
from tuimail.accounts.discovery.network import ServiceRecord
from tuimail.config.loader import load
from tuimail.config.model import Config, UiSettings
from tuimail.engine import Engine
from tuimail.errors import StorageError
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.add_account import AddAccountScreen
from tuimail.ui.screens.setup_stage import SetupStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.accounts.discovery.loopback_provider import LoopbackProvider
    from tests.support.certificates import Authority
    from tests.support.postfix import Postfix
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.demo.server import DemoServer
    from tuimail.paths import Paths

CANARY = "canary-9f3-horse"
SAID = (
    '<enable visiturl="https://help.example.org/"><instruction lang="en">Switch IMAP on first.</instruction></enable>'
)


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    """A keyring of the test's own."""
    with secrets_of_a_test(monkeypatch):
        yield use_keyring()


@pytest.fixture
def at_provider(provider: LoopbackProvider, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> LoopbackProvider:  # noqa: F811
    """Searches ask it."""
    find_at(monkeypatch, provider, authority.ca_file)
    return provider


def settings_of(postfix: Postfix, **more: str) -> bytes:
    """A page with the settings of real servers."""
    imap = server(host="localhost", port=str(postfix.dovecot.imaps))
    return page(document(imap, server("outgoing", host="localhost", port=str(postfix.submissions)), **more))


def write_config(paths: Paths, content: str) -> None:
    paths.config_file.parent.mkdir(parents=True, mode=0o700)
    paths.config_file.touch(mode=0o600)
    paths.config_file.write_text(content)


def form(pilot: Pilot[int]) -> AddAccountScreen:
    screen = pilot.app.screen
    assert isinstance(screen, AddAccountScreen), type(screen)
    return screen


# -- the whole way


@pytest.mark.real_servers
async def test_from_nothing_to_a_letter_read_and_one_sent(
    paths: Paths, at_provider: LoopbackProvider, postfix: Postfix, keyring: MemoryKeyring
) -> None:
    user, friend = postfix.new_user(), postfix.new_user()
    with other_client(postfix.dovecot, user) as client:
        deliver(client, "Welcome")
    at_provider.pages[AUTOCONFIG] = settings_of(postfix)
    write_config(paths, "# mine\n[outbox]\nundo_seconds = 0\n")
    async with first_start(paths, load(paths)) as pilot:
        await typed(pilot, user, "enter", "Ada Lovelace", "enter")
        shown = await until(pilot, "Found by: autoconfig.example.org (Example Mail)", "Password:")
        assert "The password goes to localhost." in shown
        await typed(pilot, postfix.dovecot.password, "enter")
        await until(pilot, "INBOX", "Welcome", "kim@example.net", "example reads and sends mail now.  U to undo")
        assert set(keyring.kept.items()) == {(("tuimail:localhost", user), postfix.dovecot.password)}
        await typed(pilot, "enter")
        await until(pilot, "Text of Welcome.")
        await typed(pilot, "c")
        await settle(pilot)
        await typed(pilot, friend, "enter", "enter", "enter", "Greetings", "enter", "It is lovely here.", "ctrl+x")
        await until(pilot, "Send message?")
        await typed(pilot, "y")
        (letter,) = await asyncio.to_thread(postfix.dovecot.wait_for_letters, friend)
        assert b"From: Ada Lovelace <" in letter
        assert b"It is lovely here." in letter
    assert paths.config_file.read_text().startswith("# mine\n[outbox]\n")
    assert load(paths).accounts["example"].identity.address == user


@pytest.mark.real_servers
async def test_a_wrong_password_changes_nothing_and_the_right_one_goes_on_from_there(
    paths: Paths,
    at_provider: LoopbackProvider,
    postfix: Postfix,
    keyring: MemoryKeyring,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    user = postfix.new_user()
    at_provider.pages[AUTOCONFIG] = settings_of(postfix)
    async with first_start(paths) as pilot:
        await typed(pilot, user, "enter", "enter")
        await until(pilot, "Found by:")
        await typed(pilot, CANARY, "enter")
        shown = await until(pilot, "!!", "Type the password again, or check the user name")
        assert CANARY not in shown + pilot.app.export_screenshot()
        assert form(pilot).form.password.value == CANARY
        assert CANARY not in caplog.text
        assert not paths.config_file.exists()
        assert keyring.kept == {}
        await typed(pilot, "ctrl+u", postfix.dovecot.password, "enter")
        await until(pilot, "INBOX", "reads and sends mail now.")
        await typed(pilot, "u")
        await until(pilot, "MAIN MENU", "Undone: example is not set up any more", "ADD ACCOUNT")
        assert keyring.kept == {}
    assert not load(paths).accounts
    files = [each for each in paths.data.parent.rglob("*") if each.is_file()]
    assert files
    assert not [each for each in files if CANARY.encode() in each.read_bytes()]


# -- what was found


async def test_what_is_sent_to_whom_is_said_before_it_is_sent(paths: Paths, at_provider: LoopbackProvider) -> None:
    at_provider.pages[AUTOCONFIG] = page(document(below=SAID))
    at_provider.pages[ISPDB] = page(document(server(host="a.example.org"), server("outgoing")))
    async with first_start(paths) as pilot:
        await typed(pilot, "Ada L <ada@example.org>", "tab")
        shown = await until(pilot, "the address to autoconfig.example.org", "Address : ada@example.org")
        assert "the domain to DNS and autoconfig.thunderbird.net" in shown
        assert "Name    : Ada L" in shown
        assert at_provider.requests == at_provider.resolver.asked == []
        await typed(pilot, "enter")
        shown = await until(pilot, "Found by:", "Password:")
        assert "The provider says: Switch IMAP on first." in shown
        assert "Server  : imap.example.org" in shown
        assert "User    : ada@example.org" in shown


async def test_other_settings_that_were_found_are_shown_by_a_key(
    paths: Paths, at_provider: LoopbackProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_provider.pages[AUTOCONFIG] = page(document())
    at_provider.pages[ISPDB] = page(document(server(host="a.example.org"), server("outgoing")))
    # Else the search ends with the first good answer.
    monkeypatch.setattr(discovery, "discover", partial(discovery.discover, thorough=True))
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "enter", "Ada", "enter")
        await until(pilot, "autoconfig.example.org (Example Mail), 1 of 2", "Server  : imap.example.org")
        await typed(pilot, "ctrl+t")
        await until(pilot, "ISPDB (Example Mail), 2 of 2", "Server  : a.example.org", "Name    : Ada")
        await typed(pilot, "ctrl+t")
        await until(pilot, "1 of 2", "Server  : imap.example.org")


async def test_an_app_password_is_named_with_its_page(paths: Paths, at_provider: LoopbackProvider) -> None:
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@gmail.com", "enter")
        await until(pilot, "are built in: nothing is sent to find them.")
        await typed(pilot, "enter")
        shown = await until(pilot, "It takes an app password", "https://myaccount.google.com/apppasswords")
        assert "imap.gmail.com" in shown
        await typed(pilot, "enter")
        await until(pilot, "Type the app password.")
        assert at_provider.resolver.asked == []


async def test_hosts_that_only_dns_names_are_asked_about(paths: Paths, at_provider: LoopbackProvider) -> None:
    at_provider.resolver.services = {
        "_imaps._tcp.example.org": (ServiceRecord(0, 1, 993, "imap.provider.example"),),
        "_submissions._tcp.example.org": (ServiceRecord(0, 1, 465, "imap.provider.example"),),
    }
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "enter", "enter")
        await until(pilot, "Found by:", "Only DNS names imap.provider.example")
        await typed(pilot, CANARY, "enter")
        await until(pilot, "Is it right that your password goes to imap.provider.example?")
        await typed(pilot, "enter")
        await until(pilot, "Nothing was sent.")
        assert form(pilot).stage is SetupStage.SETTINGS


# -- by hand


async def test_nothing_is_found_and_a_maildir_and_a_command_are_named_by_hand(
    paths: Paths, at_provider: LoopbackProvider, tmp_path: Path
) -> None:
    put_message(make_maildir(tmp_path / "Mail"), "A", "The mill")
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "enter", "enter")
        await until(pilot, "No servers were found.", "has no settings for mail")
        await typed(pilot, "up", "space")
        await until(pilot, "Read at : < a Maildir here >", "Path")
        await typed(pilot, "tab", str(tmp_path / "Mail"), "tab", "space")
        shown = await until(pilot, "Send by : < a command here >")
        assert "Password:" not in shown
        await typed(pilot, "tab", "/bin/true -oi", "enter")
        await until(pilot, "INBOX", "The mill", "example reads and sends mail now.")
    account = load(paths).accounts["example"]
    assert str(account.maildir) == str(tmp_path / "Mail")


async def test_every_field_is_checked_as_it_is_left(paths: Paths) -> None:
    async with first_start(paths) as pilot:
        await typed(pilot, "ada", "tab")
        await until(pilot, 'Must be a plain address such as "ada@example.org", not "ada".')
        await typed(pilot, "shift+tab", "@example.org", "ctrl+w")
        await until(pilot, "Read at :", "Server  :")
        await typed(pilot, "imap.example.org", "tab", "00")
        await settle(pilot)
        await typed(pilot, "tab")
        shown = await until(pilot, "Must be")
        assert "99300" in shown
        assert "!" in next(line for line in shown.splitlines() if "99300" in line)
        await typed(pilot, "ctrl+x")
        await settle(pilot)
        assert form(pilot).stage is SetupStage.SETTINGS, "nobody is asked while a field is wrong"


async def test_the_port_follows_the_encryption_unless_it_is_an_own_one(paths: Paths) -> None:
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "ctrl+w", "tab", "tab", "space")
        shown = await until(pilot, "Security: < STARTTLS >")
        assert "Port    : 143" in shown
        await typed(pilot, "shift+tab", "9", "tab", "space", "space")
        shown = await until(pilot, "Port    : 1439")
        assert "Security: < TLS >" in shown


async def test_without_the_network_it_can_be_saved_untried(paths: Paths, keyring: MemoryKeyring) -> None:
    port = str(free_ports(1)[0])
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "ctrl+w", "localhost", "tab", "ctrl+k", port)
        await typed(pilot, "tab", "tab", "tab", "tab", "localhost", "tab", "ctrl+k", port, "ctrl+x")
        await until(pilot, "Type the password.")
        await typed(pilot, CANARY, "enter")
        await until(pilot, "Not every server was reached")
        await typed(pilot, "n")
        await settle(pilot)
        assert not paths.config_file.exists()
        await typed(pilot, "enter")
        await until(pilot, "Not every server was reached")
        await typed(pilot, "y")
        await until(pilot, "MAIN MENU", "example is saved, but was not tried yet.")
    assert CANARY in keyring.kept.values()
    assert CANARY not in paths.config_file.read_text()


@pytest.mark.parametrize("undone", [False, True])
async def test_an_outbox_that_cannot_be_written_is_told_and_ends_nothing(
    paths: Paths, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    reconfigure = Engine.reconfigure
    port = str(free_ports(1)[0])

    async def full(engine: Engine, config: Config) -> None:
        await reconfigure(engine, config)
        raise StorageError("The disk is full.", hint="Make room.")

    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "ctrl+w", "localhost", "tab", "ctrl+k", port)
        await typed(pilot, "tab", "tab", "tab", "tab", "localhost", "tab", "ctrl+k", port, "ctrl+x")
        await until(pilot, "Type the password.")
        await typed(pilot, CANARY, "enter")
        await until(pilot, "Not every server was reached")
        if not undone:
            monkeypatch.setattr(Engine, "reconfigure", full)
        await typed(pilot, "y")
        await until(pilot, "MAIN MENU", "not tried yet" if undone else "The disk is full.  Make room.")
        assert "example" in load(paths).accounts
        monkeypatch.setattr(Engine, "reconfigure", full)
        await typed(pilot, "u")
        await until(pilot, "The disk is full.  Make room.")
        await settle(pilot)
        assert not paths.config_file.exists()
        assert keyring.kept == {}


# -- cancelling


async def test_it_is_left_at_once_before_anything_was_found(paths: Paths) -> None:
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example", "escape")
        await until(pilot, "MAIN MENU")


async def test_a_search_is_cancelled_and_answers_keys_meanwhile(paths: Paths, at_provider: LoopbackProvider) -> None:
    """What is typed too early may be the password: it is not shown, nor taken for anything."""
    at_provider.pages[AUTOCONFIG] = None
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "enter", "Ada", "enter")
        await until(pilot, "Looking for the servers of ada@example.org")
        await typed(pilot, CANARY, "ctrl+x")
        shown = await until(pilot, "The servers are being looked for.")
        assert CANARY not in shown
        await typed(pilot, "ctrl+g")
        await until(pilot, "HELP")
        await typed(pilot, "<")
        await until(pilot, "ADD ACCOUNT", "Looking for the servers")
        await typed(pilot, "ctrl+c")
        await until(pilot, "Cancelled. Nothing was saved", "Name    : Ada")
        assert form(pilot).stage is SetupStage.ADDRESS
        await typed(pilot, "escape")
        await until(pilot, "MAIN MENU")


async def test_a_sign_in_is_cancelled(paths: Paths, at_provider: LoopbackProvider, keyring: MemoryKeyring) -> None:
    """The servers take the connection and say nothing."""

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = str(silent.sockets[0].getsockname()[1])
    imap = server(host="localhost", port=port)
    at_provider.pages[AUTOCONFIG] = page(document(imap, server("outgoing", host="localhost", port=port)))
    try:
        async with first_start(paths) as pilot:
            await typed(pilot, "ada@example.org", "enter", "enter")
            await until(pilot, "Found by:")
            await typed(pilot, CANARY, "enter")
            await until(pilot, "Connected.", "Signing in ...")
            await typed(pilot, "ctrl+c")
            await until(pilot, "Cancelled. Nothing was saved")
            assert form(pilot).form.password.value == CANARY
            await typed(pilot, "escape")
            await until(pilot, "Leave without adding the account?")
            await typed(pilot, "enter")
            await settle(pilot)
            assert form(pilot).stage is SetupStage.SETTINGS
            await typed(pilot, "escape", "y")
            await until(pilot, "MAIN MENU")
    finally:
        silent.close()
    assert keyring.kept == {}
    assert not paths.config_file.exists()


async def test_a_burst_of_keys_breaks_nothing(paths: Paths, at_provider: LoopbackProvider) -> None:
    at_provider.pages[AUTOCONFIG] = page(document())
    async with first_start(paths) as pilot:
        await typed(pilot, "ada@example.org", "enter")
        await typed(pilot, *["ctrl+x", "ctrl+t", "ctrl+r", "tab", "space", "enter", "down", "ctrl+o", "ctrl+w"] * 6)
        await typed(pilot, "ctrl+c", "ctrl+c", "y", "escape", "y")
        await until(pilot, "tuimail")
    assert not paths.config_file.exists()


# -- on the screen


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_everything_is_in_sight_in_both_keymaps(paths: Paths, size: tuple[int, int], keymap: str) -> None:
    async with first_start(paths, Config(ui=UiSettings(keymap=keymap)), size=size) as pilot:
        await typed(pilot, "ada@example.org", "ctrl+w")
        shown = await until(pilot, "Send by :", "Password:", "Kept", "^X Sign in", "^C Cancel", "^R More")
        sides = [line for line in lines(pilot.app) if "Server  :" in line]
        assert len(sides) == 1, "reading and sending stand side by side"
        assert "help pages" in shown
        await typed(pilot, "ctrl+r")
        await until(pilot, "Account : example", "CA file :", "^R Fewer")


async def test_an_account_is_removed_after_a_question_and_comes_back(paths: Paths, tmp_path: Path) -> None:
    root = make_maildir(tmp_path / "Mail")
    write_config(
        paths,
        f'[accounts.club]\naddress = "ada@club.example"\nsubmission.command = ["/bin/true"]\nmaildir.path = "{root}"\n',
    )
    async with first_start(paths, load(paths)) as pilot:
        await typed(pilot, "escape", "a", "d")
        await until(pilot, "Remove the account club?")
        await typed(pilot, "enter")
        await settle(pilot)
        assert "club" in load(paths).accounts
        await typed(pilot, "d", "y")
        await until(pilot, "club was removed.  U to undo", "There is no account yet. To add yours:  +")
        assert not load(paths).accounts
        await typed(pilot, "u")
        await until(pilot, "Undone: club is there again.", "ada@club.example")
    assert "club" in load(paths).accounts


async def test_the_demo_keeps_its_account(paths: Paths) -> None:
    app = TuimailApp(SceneEngine(paths), server=cast("DemoServer", object()))
    try:
        async with app.run_test() as pilot:
            await settle(pilot)
            await typed(pilot, "+")
            await until(pilot, 'Command "+" not defined', "MAIN MENU")
            await typed(pilot, "a", "d")
            await until(pilot, 'Command "d" not defined', "ACCOUNTS")
    finally:
        await app.engine.stop()
