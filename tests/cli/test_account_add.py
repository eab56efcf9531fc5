"""tuimail account add and remove: what is shown and asked, in which order, and what a refusal leaves."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CONFIG
from tests.support.loopback import free_ports
from tests.support.secret_stores import MemoryKeyring, secrets_of_a_test, use_keyring
from tuimail.accounts.discovery.values import DiscoveryReport, FoundAccount, FoundServer, Origin, SignInKind
from tuimail.accounts.finding import Finding, Step
from tuimail.accounts.setup import proving
from tuimail.cli import ask_secret, question
from tuimail.config.loader import load
from tuimail.config.model import Security

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.config.model import Account, Server
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

ADA = "ada@example.org"
NAMED = ("--imap", "imap.example.org", "--smtp", "smtp.example.org:587")
OK = Finding("imap.example.org:993", Step.SIGN_IN, True, "Signed in as ada@example.org.")
REFUSED = Finding("imap.example.org:993", Step.SIGN_IN, False, "Wrong password.")
DOWN = Finding("imap.example.org:993", Step.CONNECT, False, "It does not answer.")


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    with secrets_of_a_test(monkeypatch):
        yield use_keyring()


class Servers:
    """Servers that know one password; everything that they were shown."""

    def __init__(self) -> None:
        self.right = "open-sesame"
        self.down = False
        self.shown: list[str] = []

    async def check(self, account: Account, secret: Callable[..., object], **rest: object) -> tuple[Finding, ...]:
        server: Server | None = account.imap
        assert server is not None
        if self.down:
            return (DOWN,)
        self.shown.append(str(await secret(server)))  # type: ignore[misc]
        return (OK,) if self.shown[-1] == self.right else (REFUSED,)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    made = Servers()
    monkeypatch.setattr(proving, "check_account", made.check)
    return made


class Person:
    """Somebody at the terminal who types passwords; answers come from standard input."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self.prompts: list[str] = []

    def type(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return self.passwords.pop(0)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    made = Person()
    monkeypatch.setattr(question, "is_terminal", lambda _stream: True)
    monkeypatch.setattr(ask_secret, "typed_secret", made.type)
    return made


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What discovery finds."""

    def set_to(*kinds: SignInKind, to_confirm: tuple[str, ...] = ()) -> None:
        server = FoundServer("imap.example.org", 993, Security.TLS, "ada", kinds or (SignInKind.PASSWORD,))
        account = FoundAccount((server,), (server,), Origin.SRV, "SRV records of example.org", to_confirm=to_confirm)

        async def discover(address: str) -> DiscoveryReport:
            return DiscoveryReport(address, (account,), decided=True)

        monkeypatch.setattr(import_module("tuimail.accounts.discovery"), "discover", discover)

    return set_to


def test_a_wrong_password_is_asked_for_again(
    tuimail_: Run, servers: Servers, person: Person, home: Paths, keyring: MemoryKeyring
) -> None:
    person.passwords = ["wrong-canary", "open-sesame"]
    ran = tuimail_("account", "add", f"Ada <{ADA}>", *NAMED, text="y\n", terminal=True)
    assert (ran.code, ran.out) == (0, f"example reads and sends mail as {ADA}. Next: tuimail sync example\n")
    assert servers.shown == ["wrong-canary", "open-sesame"]
    assert person.prompts == [f"Password of {ADA} for imap.example.org and smtp.example.org: "] * 2
    account = load(home).accounts["example"]
    assert str(account.identity) == f"Ada <{ADA}>"
    assert [(each.host, each.security) for each in account.servers] == [("smtp.example.org", Security.STARTTLS)]
    assert set(keyring.kept.values()) == {"open-sesame"}
    assert "open-sesame" not in ran.out + ran.err
    assert "wrong-canary" not in ran.out + ran.err


def test_three_wrong_passwords_save_nothing(
    tuimail_: Run, servers: Servers, person: Person, home: Paths, keyring: MemoryKeyring
) -> None:
    person.passwords = ["one", "two", "three"]
    ran = tuimail_("account", "add", ADA, *NAMED, "--yes", terminal=True)
    assert ran.code == 77
    assert ran.err.endswith("Nothing was saved.\n")
    assert not home.config_file.exists()
    assert keyring.kept == {}


@pytest.mark.parametrize("answers", ["n\n", "", "what\nno\n"])
def test_who_says_no_is_asked_for_no_password(
    tuimail_: Run, servers: Servers, person: Person, home: Paths, answers: str
) -> None:
    ran = tuimail_("account", "add", ADA, *NAMED, text=answers, terminal=True)
    assert ran.code == 77
    assert person.prompts == servers.shown == []
    assert not home.config_file.exists()


def test_nobody_is_asked_about_the_domain_if_the_user_says_no(
    tuimail_: Run, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def discover(_address: str) -> DiscoveryReport:
        raise AssertionError("it was asked for")

    monkeypatch.setattr(import_module("tuimail.accounts.discovery"), "discover", discover)
    ran = tuimail_("account", "add", ADA, text="n\n", terminal=True)
    assert ran.code == 77
    assert "the address to autoconfig.example.org" in ran.err
    assert "--imap HOST" in ran.err


def test_hosts_that_only_dns_names_are_asked_about_even_with_yes(
    tuimail_: Run, servers: Servers, finds: Callable[..., None], person: Person, keyring: MemoryKeyring
) -> None:
    finds(to_confirm=("imap.example.org",))
    refused = tuimail_("account", "add", ADA, "--yes", text="n\n", terminal=True)
    assert refused.code == 77
    assert "Only DNS names imap.example.org" in refused.err
    assert servers.shown == []
    person.passwords = ["open-sesame"]
    assert tuimail_("account", "add", ADA, "--yes", text="y\n", terminal=True).code == 0
    assert keyring.kept == {("tuimail:imap.example.org", "ada"): "open-sesame"}


def test_a_script_does_not_send_a_password_where_only_dns_says(
    tuimail_: Run, servers: Servers, finds: Callable[..., None], home: Paths
) -> None:
    finds(to_confirm=("imap.example.org",))
    ran = tuimail_("account", "add", ADA, "--yes", text="open-sesame\n")
    assert ran.code == 64
    assert "name them yourself" in ran.err
    assert servers.shown == []


def test_oauth_alone_says_what_it_takes(tuimail_: Run, finds: Callable[..., None], servers: Servers) -> None:
    finds(SignInKind.OAUTH2)
    ran = tuimail_("account", "add", ADA, "--yes", text="open-sesame\n")
    assert ran.code == 77
    assert "command that prints an access token" in ran.err
    assert "The access token goes to imap.example.org, encrypted." in ran.err
    assert servers.shown == []
    ran = tuimail_("account", "add", ADA, "--yes", "--password-command", "echo open-sesame")
    assert ran.code == 0
    assert servers.shown == ["open-sesame"]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 69)])
def test_without_a_network_it_is_saved_only_if_the_user_wants_it(
    tuimail_: Run, servers: Servers, person: Person, home: Paths, answer: str, code: int
) -> None:
    servers.down = True
    person.passwords = ["open-sesame"]
    ran = tuimail_("account", "add", ADA, *NAMED, "--yes", text=answer, terminal=True)
    assert ran.code == code
    assert home.config_file.exists() is (code == 0)
    if code == 0:
        assert "was not tried" in ran.out


def test_a_script_without_a_network_ends_with_69(tuimail_: Run, home: Paths) -> None:
    imap, smtp = free_ports(2)
    named = ("--imap", f"127.0.0.1:{imap}", "--smtp", f"127.0.0.1:{smtp}")
    ran = tuimail_("account", "add", ADA, *named, "--yes", "--json", text="open-sesame\n")
    assert ran.code == 69
    assert json.loads(ran.out)["saved"] is False
    assert not home.config_file.exists()


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ((), 64, "address is missing"),
        (("ada", *NAMED), 65, "ada"),
        (('"a b"@example.org', *NAMED), 65, "plain address"),
        ((ADA, "--imap", "", *NAMED[2:], "--yes", "--account", "work"), 64, "already"),
        ((ADA, *NAMED, "--account", "../up"), 64, "letters, digits"),
        ((ADA, *NAMED, "--maildir", "~/Mail"), 64, "not allowed"),
        ((ADA, "--imap", "a b", *NAMED[2:]), 64, "imap host"),
        ((ADA, "--imap", "h:70000", *NAMED[2:]), 64, "imap port"),
        ((ADA, *NAMED, "--password-command", "'"), 64, "quote"),
        ((ADA, *NAMED, "--yes"), 64, "No password"),
    ],
)
def test_what_cannot_be_meant_is_told(
    write_config: Callable[[], None],
    finds: Callable[..., None],
    tuimail_: Run,
    home: Paths,
    argv: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    write_config()
    finds()
    ran = tuimail_("account", "add", *argv, text="")
    assert ran.code == code, ran
    assert words in ran.err
    assert home.config_file.read_text() == CONFIG


def test_a_maildir_and_a_command_take_no_password(tuimail_: Run, home: Paths, tmp_path: Path) -> None:
    (tmp_path / "Mail" / "cur").mkdir(parents=True)
    argv = ("--maildir", str(tmp_path / "Mail"), "--submission-command", "/bin/sh -c true")
    ran = tuimail_("account", "add", ADA, *argv, "--account", "club", "--yes", text="")
    assert (ran.code, ran.out) == (0, f"club reads and sends mail as {ADA}. Next: tuimail folders club\n"), ran
    account = load(home).accounts["club"]
    assert account.maildir == tmp_path / "Mail"
    assert account.via == "/bin/sh"


def test_a_file_that_others_may_change_is_not_added_to(
    write_config: Callable[[], None], tuimail_: Run, home: Paths
) -> None:
    write_config()
    home.config_file.chmod(0o666)
    assert tuimail_("account", "add", ADA, *NAMED, "--yes", text="open-sesame\n").code == 78


@pytest.fixture
def stored(write_config: Callable[[], None], keyring: MemoryKeyring) -> MemoryKeyring:
    """An account with a password."""
    write_config()
    keyring.kept["tuimail:smtp.example.org", "ada"] = "open-sesame"
    return keyring


@pytest.mark.parametrize(
    ("answers", "code", "removed", "forgotten"),
    [("n\n", 77, False, False), ("y\nn\n", 0, True, False), ("y\ny\n", 0, True, True)],
)
def test_an_account_is_removed_after_a_question_and_its_password_after_another(
    tuimail_: Run,
    stored: MemoryKeyring,
    person: Person,
    home: Paths,
    answers: str,
    code: int,
    removed: bool,
    forgotten: bool,
) -> None:
    ran = tuimail_("account", "remove", "work", text=answers, terminal=True)
    assert ran.code == code
    assert "Its letters in the outbox and what was read of it stay." in ran.err
    assert list(load(home).accounts) == (["home"] if removed else ["work", "home"])
    assert (stored.kept == {}) is forgotten


def test_a_script_removes_with_yes_only(tuimail_: Run, stored: MemoryKeyring, home: Paths) -> None:
    assert tuimail_("account", "remove", "work").code == 64
    assert tuimail_("account", "remove", "work", "--dry-run").code == 0
    assert tuimail_("account", "remove", "wrok", "--yes").code == 78
    assert home.config_file.read_text() == CONFIG
    ran = tuimail_("account", "remove", "work", "--yes", "--keep-password", "--json")
    assert json.loads(ran.out) == {"account": "work", "removed": True, "passwords": [], "notes": []}
    assert stored.kept
