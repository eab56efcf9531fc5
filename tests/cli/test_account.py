"""tuimail account and doctor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import tuimail.accounts.check
from tests.cli.conftest import an_item
from tests.support.secret_stores import secrets_of_a_test, use_keyring
from tuimail.accounts.finding import Finding, Step
from tuimail.clock import SystemClock
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.store import Store
from tuimail.private_files import private_dir
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Ran, ScriptedServer
    from tuimail.config.model import Account
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

WRONG_PASSWORD = AccountHealth("work", AccountProblem.SIGN_IN, "Wrong password.")
GOOD = Finding("smtp.example.org:465", Step.CONNECT, True, "Connected.")
SIGN_IN = Finding("smtp.example.org:465", Step.SIGN_IN, False, "Wrong password.", "Store it again.")
DOWN = Finding("smtp.example.org:465", Step.CONNECT, False, "It does not answer.", "Check the host.")


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Finding, ...]]:
    """What the check of each account finds."""
    found: dict[str, tuple[Finding, ...]] = {}

    async def check(account: Account, secret: object, *, progress: Callable[[Finding], None]) -> tuple[Finding, ...]:
        findings = found.get(account.name, (GOOD,))
        for finding in findings:
            progress(finding)
        return findings

    monkeypatch.setattr(tuimail.accounts.check, "check_account", check)
    return found


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


def test_the_accounts_are_listed_with_the_default_marked(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("account", "list")
    assert ran.out == (
        "*  work  Ada <ada@example.org>  via smtp.example.org:465\n"
        "   home  ada@lovelace.example   via /usr/sbin/sendmail\n"
    )


def test_the_list_as_json_holds_no_secret(write_config: Callable[[str], None], tuimail_: Run) -> None:
    write_config(
        '[accounts.work]\naddress = "a@b.c"\n'
        '[accounts.work.submission]\nhost = "h"\npassword_command = ["x", "hunter2"]\n'
    )
    ran = tuimail_("account", "list", "--json")
    (account,) = json.loads(ran.out)
    assert (account["name"], account["default"], account["submission"]["secret"]) == ("work", True, "command")
    assert "hunter2" not in ran.out


def test_without_accounts_it_says_what_to_do(tuimail_: Run) -> None:
    for verb in ("list", "check", "login"):
        ran = tuimail_("account", verb)
        assert ran.code == 78
        assert "tuimail demo" in ran.err


@pytest.mark.parametrize(
    ("findings", "code"),
    [((GOOD,), 0), ((GOOD, SIGN_IN), 77), ((DOWN,), 69), ((DOWN, SIGN_IN), 77)],
)
def test_a_check_ends_in_what_failed(
    engine: ScriptedServer,
    tuimail_: Run,
    finds: dict[str, tuple[Finding, ...]],
    findings: tuple[Finding, ...],
    code: int,
) -> None:
    finds["work"] = findings
    ran = tuimail_("account", "check", "work")
    assert ran.code == code
    assert all(finding.words in ran.out for finding in findings)
    assert all(finding.hint in ran.out for finding in findings)
    document = json.loads(tuimail_("account", "check", "work", "--json").out)
    assert (document["account"], document["ok"]) == ("work", code == 0)
    assert document["findings"][-1]["step"] == findings[-1].step


def test_every_account_is_checked_without_a_name(
    engine: ScriptedServer, tuimail_: Run, finds: dict[str, tuple[Finding, ...]]
) -> None:
    finds["home"] = (DOWN,)
    ran = tuimail_("account", "check", "--json")
    assert [(each["account"], each["ok"]) for each in json.loads(ran.out)] == [("work", True), ("home", False)]
    assert ran.code == 69


def test_a_mended_account_lets_its_letters_go(
    engine: ScriptedServer, tuimail_: Run, finds: dict[str, tuple[Finding, ...]], home: Paths
) -> None:
    engine.add(an_item(ItemState.BLOCKED), healths=[WRONG_PASSWORD])
    tuimail_("account", "check", "work")
    assert engine.health("work").trouble is None
    assert engine.letter.state is ItemState.QUEUED


def test_login_stores_a_password_in_the_keyring(engine: ScriptedServer, tuimail_: Run) -> None:
    backend = use_keyring("keyring.backends.SecretService")
    ran = tuimail_("account", "login", "work", text="open sesame\n")
    assert ran.code == 0
    assert backend.kept == {("tuimail:smtp.example.org", "ada"): "open sesame"}
    assert "sesame" not in ran.out + ran.err


def test_a_new_password_lets_the_letters_go_that_the_old_one_blocked(
    engine: ScriptedServer, tuimail_: Run, home: Paths
) -> None:
    use_keyring("keyring.backends.SecretService")
    engine.add(an_item(ItemState.BLOCKED), healths=[WRONG_PASSWORD])
    tuimail_("account", "login", "work", text="open sesame\n")
    assert engine.health("work").trouble is None
    assert engine.letter.state is ItemState.QUEUED


def test_a_new_password_is_no_cure_for_a_bad_certificate(engine: ScriptedServer, tuimail_: Run, home: Paths) -> None:
    use_keyring("keyring.backends.SecretService")
    engine.add(an_item(ItemState.BLOCKED), healths=[AccountHealth("work", AccountProblem.CERTIFICATE, "Expired.")])
    tuimail_("account", "login", "work", text="open sesame\n")
    assert engine.health("work").trouble is AccountProblem.CERTIFICATE
    assert engine.letter.state is ItemState.BLOCKED


def test_the_list_shows_an_account_in_trouble_and_since_when(
    write_config: Callable[[], None], tuimail_: Run, home: Paths
) -> None:
    write_config()
    store = Store(private_dir(home.outbox), SystemClock())
    with store.outbox.writing() as tx:
        health = AccountHealth("work", AccountProblem.SIGN_IN, "The server said no.", since=1_800_000_000.0)
        tx.put_health(health)
    store.close()
    shown = tuimail_("account", "list").out
    assert "work: the server refuses the sign-in (since 2027-01-15" in shown
    assert "(tuimail account login work)" in shown
    (work, home_) = json.loads(tuimail_("account", "list", "--json").out)
    assert work["notice"]["trouble"] == "sign-in"
    assert work["notice"]["needs_you"]
    assert home_["notice"] is None
    assert "work: the server refuses the sign-in" in tuimail_("doctor", "--offline").out


@pytest.mark.parametrize(
    ("module", "argv", "text", "code", "words"),
    [
        ("keyrings.alt.file", ("work",), "x\n", 77, "Nothing was stored"),
        ("keyring.backends.SecretService", ("work",), "\n", 64, "No password"),
        ("keyring.backends.SecretService", ("home",), "x\n", 78, "needs no stored password"),
        ("keyring.backends.SecretService", ("wrok",), "x\n", 78, "Did you mean work?"),
    ],
)
def test_a_login_that_cannot_be_is_told(
    engine: ScriptedServer, tuimail_: Run, module: str, argv: tuple[str, ...], text: str, code: int, words: str
) -> None:
    backend = use_keyring(module)
    ran = tuimail_("account", "login", *argv, text=text)
    assert ran.code == code
    assert words in ran.err
    assert backend.kept == {}


def test_the_doctor_finds_what_is_wrong(
    write_config: Callable[[str], None], home: Paths, tuimail_: Run, finds: dict[str, tuple[Finding, ...]]
) -> None:
    write_config('[accounts.work]\naddress = "a@b.c"\n[accounts.work.submission]\nhost = "h"\n[ui]\ntheme = "pin"\n')
    home.data.mkdir(parents=True, mode=0o755)
    home.data.chmod(0o755)
    finds["work"] = (DOWN,)
    ran = tuimail_("doctor")
    assert ran.code == 73
    for words in (f"chmod 700 {home.data}", "Did you mean pine?", "It does not answer.", "textual", "a@b.c"):
        assert words in ran.out


@pytest.mark.parametrize("text", [None, "", '[ui]\ntheme = "pine"\n'], ids=["no file", "empty", "no account"])
def test_the_doctor_without_a_usable_account_ends_with_78(
    write_config: Callable[[str], None], tuimail_: Run, text: str | None
) -> None:
    if text is not None:
        write_config(text)
    ran = tuimail_("doctor", "--offline")
    assert ran.code == 78
    assert "!!" in ran.out
    assert json.loads(tuimail_("doctor", "--offline", "--json").out)["ok"] is False


def test_a_healthy_machine_satisfies_the_doctor(
    engine: ScriptedServer, tuimail_: Run, finds: dict[str, tuple[Finding, ...]]
) -> None:
    ran = tuimail_("doctor", "--json")
    assert ran.code == 0
    assert all(finding["ok"] for finding in json.loads(ran.out)["findings"])


def test_the_doctor_without_servers_asks_no_server(
    engine: ScriptedServer, tuimail_: Run, finds: dict[str, tuple[Finding, ...]]
) -> None:
    finds["work"] = (DOWN,)
    assert tuimail_("doctor", "--offline").code == 0
