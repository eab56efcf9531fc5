"""Saving: password and settings, both or neither, and taken back."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.accounts.setup.test_proposal import good
from tests.support.secret_stores import MemoryKeyring, secrets_of_a_test, use_keyring
from tuimail.accounts.finding import Finding, Step
from tuimail.accounts.setup import saving
from tuimail.accounts.setup.proving import Proof
from tuimail.accounts.setup.removal import forget_passwords, own_passwords, remove_account
from tuimail.accounts.setup.saving import save
from tuimail.accounts.setup.settings import account_of
from tuimail.config import secrets
from tuimail.config.loader import load
from tuimail.config.model import SecretStore
from tuimail.config.secrets import Secret
from tuimail.config.writing import ConfigFile
from tuimail.errors import ConfigError, SecretError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.accounts.setup.proposal import Proposal
    from tuimail.paths import Paths

CANARY = "canary-of-the-test"
OK = Finding("h:1", Step.CONNECT, True, "Connected.")
DOWN = Finding("h:1", Step.CONNECT, False, "It does not answer.")
REFUSED = Finding("h:1", Step.SIGN_IN, False, "No.")
IMAP, SMTP = ("tuimail:imap.example.org", "ada"), ("tuimail:smtp.example.org", "ada")
COMMENTED = """\
# mine
[ui]
theme = "mutt"  # as ever

[accounts.club] # old
address = "ada@club.example"
submission.command = ["/bin/sh"]
"""


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    with secrets_of_a_test(monkeypatch):
        yield use_keyring()


@pytest.fixture
def written(paths: Paths) -> str:
    """A config with comments and an account."""
    paths.config_file.parent.mkdir(parents=True, mode=0o700)
    paths.config_file.write_text(COMMENTED)
    paths.config_file.chmod(0o600)
    return COMMENTED


def proof(paths: Paths, *findings: Finding, proposal: Proposal | None = None) -> Proof:
    made = proposal or good()
    return Proof(made, account_of(made, paths.config_file), Secret(CANARY), findings or (OK,))


async def test_the_password_is_stored_and_the_settings_are_added(
    paths: Paths, written: str, keyring: MemoryKeyring
) -> None:
    saved = await save(proof(paths), paths)
    text = paths.config_file.read_text()
    assert text.startswith(written)
    assert CANARY not in text + repr(saved)
    assert keyring.kept == {IMAP: CANARY, SMTP: CANARY}
    assert saved.stored is SecretStore.KEYRING
    assert list(saved.config.accounts) == list(load(paths).accounts) == ["club", "example"]

    config, left = await saved.undo()
    assert left == ()
    assert paths.config_file.read_text() == written
    assert keyring.kept == {}
    assert list(config.accounts) == ["club"]


async def test_undo_tells_of_a_password_that_cannot_be_removed(paths: Paths, written: str) -> None:
    def refuse(_keyring: MemoryKeyring, service: str, _user: str) -> None:
        raise RuntimeError("locked")

    use_keyring(delete_password=refuse)
    saved = await save(proof(paths), paths)
    config, left = await saved.undo()
    assert list(config.accounts) == ["club"]
    assert left
    assert CANARY not in " ".join(left)


async def test_undo_of_a_first_account_leaves_no_file(paths: Paths, keyring: MemoryKeyring) -> None:
    saved = await save(proof(paths), paths)
    assert paths.config_file.stat().st_mode & 0o077 == 0
    await saved.undo()
    assert not paths.config_file.exists()


@pytest.mark.parametrize(("findings", "saved"), [((REFUSED,), False), ((OK, DOWN), True), ((DOWN, REFUSED), False)])
async def test_anyway_is_for_servers_that_were_not_reached(
    paths: Paths, keyring: MemoryKeyring, findings: tuple[Finding, ...], saved: bool
) -> None:
    tried = proof(paths, *findings)
    with pytest.raises(ConfigError, match="not saved"):
        await save(tried, paths)
    if saved:
        assert (await save(tried, paths, anyway=True)).account == "example"
        return
    with pytest.raises(ConfigError, match="not saved"):
        await save(tried, paths, anyway=True)
    assert keyring.kept == {}
    assert not paths.config_file.exists()


async def test_a_config_that_cannot_be_changed_takes_the_password_back(
    paths: Paths, written: str, keyring: MemoryKeyring
) -> None:
    keyring.kept[IMAP] = "earlier"
    paths.config_file.chmod(0o400)
    with pytest.raises(ConfigError, match="read only"):
        await save(proof(paths), paths)
    assert keyring.kept == {IMAP: "earlier"}
    assert paths.config_file.read_text() == written


async def test_a_keyring_that_refuses_leaves_the_config_alone(paths: Paths, written: str) -> None:
    def refuse(_keyring: MemoryKeyring, service: str, _user: str, _password: str) -> None:
        raise RuntimeError("locked")

    use_keyring(set_password=refuse)
    with pytest.raises(SecretError) as raised:
        await save(proof(paths), paths)
    assert CANARY not in f"{raised.value} {raised.value.hint}"
    assert paths.config_file.read_text() == written


async def test_a_password_that_cannot_be_taken_back_is_told(
    paths: Paths, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_keyring: MemoryKeyring, service: str, _user: str) -> None:
        raise RuntimeError("locked")

    def full(*_: object) -> None:
        raise StorageError("The disk is full.", hint="Make room.")

    use_keyring(delete_password=refuse)
    monkeypatch.setattr(ConfigFile, "add_account", full)
    with pytest.raises(StorageError, match="disk is full") as raised:
        await save(proof(paths), paths)
    assert raised.value.hint.startswith("Make room. An older copy may be in the keyring.")


async def test_one_that_is_given_up_while_it_writes_is_taken_back(
    paths: Paths, written: str, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    write = saving._write

    def slow(*arguments: object) -> object:
        begun.set()
        goes_on.wait(30)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(saving, "_write", slow)
    task = asyncio.create_task(save(proof(paths), paths))
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert paths.config_file.read_text() == written
    assert keyring.kept == {}


async def test_an_account_with_a_command_stores_nothing(paths: Paths, keyring: MemoryKeyring) -> None:
    saved = await save(proof(paths, proposal=replace(good(), password_command="pass show")), paths)
    assert saved.stored is None
    assert keyring.kept == {}
    assert 'password_command = ["pass", "show"]' in paths.config_file.read_text()


async def test_the_first_account_says_where_passwords_are_looked_for(paths: Paths, keyring: MemoryKeyring) -> None:
    saved = await save(proof(paths), paths, store=SecretStore.MEMORY)
    assert saved.config.secrets.store is SecretStore.MEMORY
    assert saved.troubles == ()
    assert keyring.kept == {}
    assert await secrets.secret_for(proof(paths).account.servers[0], "example", announce=lambda _: None) == CANARY
    assert (await saved.undo())[0].secrets.store is SecretStore.AUTO
    assert not paths.config_file.exists()


async def test_a_later_account_does_not_move_the_passwords_of_others(paths: Paths, written: str) -> None:
    saved = await save(proof(paths), paths, store=SecretStore.MEMORY)
    assert saved.config.secrets.store is SecretStore.AUTO
    assert 'store = "memory"' in " ".join(saved.troubles)


async def test_a_removed_account_takes_only_its_own_passwords_along(
    paths: Paths, written: str, keyring: MemoryKeyring
) -> None:
    await save(proof(paths), paths)
    other = replace(good(), account="second", imap=replace(good().imap, host="other.example.org"))
    config = (await save(proof(paths, proposal=other), paths)).config
    account = config.accounts["second"]
    mine = own_passwords(account, config)
    assert [each.host for each in mine] == ["other.example.org"]
    assert list(remove_account("second", paths).config.accounts) == ["club", "example"]
    forgotten = await forget_passwords("second", mine)
    assert (forgotten.stores, forgotten.troubles) == (("keyring",), ())
    assert set(keyring.kept) == {IMAP, SMTP}
