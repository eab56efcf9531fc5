"""tuimail account login, logout and passphrase: stored, moved, removed, and what is printed about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import tuimail.accounts.check
from tests.cli.conftest import CONFIG
from tests.support.secret_stores import Answers, secrets_of_a_test, use_keyring
from tuimail.accounts.finding import Finding, Step
from tuimail.cli import ask_secret
from tuimail.config import secrets
from tuimail.config.secret_questions import Question

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.cli.conftest import Ran
    from tuimail.config.model import Account, Server
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

NAME = ("tuimail:smtp.example.org", "ada")
PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command gives it."""
    monkeypatch.setenv("TUIMAIL_PASSPHRASE_COMMAND", f"{sys.executable} -c \"print('{PASSPHRASE}')\"")


def in_file(home: Paths) -> str | None:
    """What a new process finds there."""
    secrets._stores = None
    file = secrets.stores().file
    assert file.file == home.secrets_file
    file.unlock(PASSPHRASE)
    return file.get(*NAME)


@pytest.mark.usefixtures("passphrase")
def test_over_ssh_it_goes_to_the_file(write_config: Callable[[], None], tuimail_: Run, home: Paths) -> None:
    write_config()
    ran = tuimail_("account", "login", "work", text="hunter2\n")
    assert (ran.code, ran.out) == (0, "stored in the password file for ada on smtp.example.org\n")
    assert "hunter2" not in ran.err
    assert in_file(home) == "hunter2"


@pytest.mark.usefixtures("passphrase")
def test_it_is_moved_without_being_typed_again(write_config: Callable[[], None], tuimail_: Run, home: Paths) -> None:
    write_config()
    backend = use_keyring()
    tuimail_("account", "login", "work", text="hunter2\n")
    ran = tuimail_("account", "login", "work", "--store", "file", text="\n")
    assert ran.out == "stored in the password file, removed from the keyring for ada on smtp.example.org\n"
    assert backend.kept == {}
    assert in_file(home) == "hunter2"
    ran = tuimail_("account", "login", "work", "--store", "keyring", text="")
    assert ran.out == "stored in the keyring, removed from the password file for ada on smtp.example.org\n"
    assert backend.kept == {NAME: "hunter2"}
    assert in_file(home) is None
    ran = tuimail_("account", "login", "work", "--store", "memory", text="\n")
    assert ran.out == "stored nowhere, removed from the keyring for ada on smtp.example.org\n"
    assert '[secrets] store = "memory"' in ran.err
    assert backend.kept == {}


def test_nothing_stored_is_nothing_to_move(write_config: Callable[[], None], tuimail_: Run) -> None:
    write_config()
    use_keyring()
    ran = tuimail_("account", "login", "work", "--store", "file", text="\n")
    assert ran.code == 64
    assert "none is stored" in ran.err


@pytest.mark.usefixtures("passphrase")
def test_a_store_that_the_config_does_not_look_into_is_told(
    write_config: Callable[[str], None], tuimail_: Run, home: Paths
) -> None:
    write_config(CONFIG + '[secrets]\nstore = "keyring"\n')
    use_keyring()
    ran = tuimail_("account", "login", "work", "--store", "file", text="hunter2\n")
    assert '[secrets] store = "file"' in ran.err
    assert "tuimail looks there" not in tuimail_("account", "login", "work", text="hunter2\n").err


@pytest.mark.usefixtures("passphrase")
def test_logout_removes_it_everywhere(write_config: Callable[[], None], tuimail_: Run, home: Paths) -> None:
    write_config()
    tuimail_("account", "login", "work", text="hunter2\n")
    backend = use_keyring()
    backend.kept[NAME] = "old"
    ran = tuimail_("account", "logout", "work")
    assert (ran.code, ran.out) == (0, "removed from the keyring and the password file for ada on smtp.example.org\n")
    assert backend.kept == {}
    assert in_file(home) is None
    assert tuimail_("account", "logout", "work").out == "nothing is stored for ada on smtp.example.org\n"


def test_a_logout_that_may_leave_something_fails(
    write_config: Callable[[], None], tuimail_: Run, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config()
    with monkeypatch.context() as there:
        there.setenv("TUIMAIL_PASSPHRASE_COMMAND", f"echo '{PASSPHRASE}'")
        tuimail_("account", "login", "work", text="hunter2\n")
    secrets._stores = None
    ran = tuimail_("account", "logout", "work")
    assert ran.code == 77
    assert "An older copy may be in the password file." in ran.err
    assert in_file(home) == "hunter2"


def test_the_passphrase_is_changed(
    write_config: Callable[[], None], tuimail_: Run, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config()
    monkeypatch.setattr("tuimail.cli.session.is_terminal", lambda _stream: True)
    typed = iter(["old passphrase", "old passphrase", "old passphrase", PASSPHRASE, PASSPHRASE])
    monkeypatch.setattr(ask_secret, "typed_secret", lambda _prompt: next(typed))
    tuimail_("account", "login", "work", text="hunter2\n")
    secrets._stores = None
    ran = tuimail_("account", "passphrase")
    assert (ran.code, ran.out) == (0, "the passphrase was changed\n")
    assert in_file(home) == "hunter2"
    assert list(typed) == []


def test_without_a_file_there_is_no_passphrase(write_config: Callable[[], None], tuimail_: Run) -> None:
    write_config()
    ran = tuimail_("account", "passphrase")
    assert ran.code == 77
    assert "There is no password file." in ran.err


@pytest.mark.parametrize("good", [True, False])
def test_with_check_it_is_stored_only_after_a_sign_in(
    write_config: Callable[[], None], tuimail_: Run, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    shown: list[str] = []

    async def check(account: Account, secret: Callable[[Server], Awaitable[str]]) -> tuple[Finding, ...]:
        shown.append(await secret(account.servers[0]))
        return (Finding("smtp.example.org:465", Step.SIGN_IN, good, "Wrong password.", "Look at it."),)

    write_config()
    backend = use_keyring()
    monkeypatch.setattr(tuimail.accounts.check, "check_account", check)
    ran = tuimail_("account", "login", "work", "--check", text="hunter2\n")
    assert shown == ["hunter2"]
    assert ran.code == (0 if good else 77)
    assert backend.kept == ({NAME: "hunter2"} if good else {})
    assert ("Nothing was stored. smtp.example.org:465: Wrong password." in ran.err) is not good


def test_plain_text_is_warned_of(write_config: Callable[[str], None], tuimail_: Run) -> None:
    write_config(CONFIG + "[secrets]\nplaintext = true\n")
    backend = use_keyring("keyrings.alt.file")
    ran = tuimail_("account", "login", "work", text="hunter2\n")
    assert "others can read them" in ran.err
    assert backend.kept == {NAME: "hunter2"}


@pytest.mark.parametrize("trouble", [EOFError(), OSError("no terminal")])
def test_a_terminal_that_goes_away_is_no_answer(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def fail(_prompt: str) -> str:
        raise trouble

    monkeypatch.setattr(ask_secret, "typed_secret", fail)
    question = Question("Passphrase")
    ask_secret.ask_on_terminal(question)
    assert question.wait() is None


def test_a_question_says_what_was_wrong(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompts: list[str] = []

    def typed(prompt: str) -> str:
        prompts.append(prompt)
        return "x"

    monkeypatch.setattr(ask_secret, "typed_secret", typed)
    question = Question("Password of a\x1b[31m", "It is wrong.")
    ask_secret.ask_on_terminal(question)
    assert question.wait() == "x"
    assert "It is wrong." in capsys.readouterr().err
    assert prompts[0].isprintable()


def test_only_a_terminal_is_asked(write_config: Callable[[], None], tuimail_: Run) -> None:
    write_config()
    secrets.questions.asker = Answers()
    tuimail_("account", "list")
    assert secrets.questions.asker is None
