"""The entry: help, versions, mistakes, interruptions; and that nothing is imported before it is needed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tuimail
from tests.cli.conftest import CONFIG, Ran
from tuimail.cli import account, dispatch, outbox
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tuimail.config.model import Config

    Run = Callable[..., Ran]

WITH_MAIL = "".join(
    f'[accounts.{name}]\naddress = "ada@example.org"\n[accounts.{name}.submission]\ncommand = ["/bin/true"]\n{maildir}'
    for name, maildir in (
        ("work", '[accounts.work.maildir]\npath = "/nowhere"\n'),
        ("home", '[accounts.home.maildir]\npath = "/nowhere"\n'),
        ("post", ""),
    )
)
HEAVY = ("textual", "rich", "aiosmtplib", "aioimaplib", "keyring", "cryptography", "ssl", "email", "asyncio")


def test_version(tuimail_: Run) -> None:
    assert tuimail_("--version") == Ran(0, f"tuimail {tuimail.__version__}\n", "")


@pytest.mark.parametrize("argv", [("--help",), ("-h",), ("help",)])
def test_help_names_every_command_and_has_examples(tuimail_: Run, argv: tuple[str, ...]) -> None:
    ran = tuimail_(*argv)
    assert ran.code == 0
    assert all(f"\n  {name} " in ran.out for name in dispatch.COMMANDS)
    assert "examples:" in ran.out
    assert str(Paths.from_environment().config_file) in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines() if "config.toml" not in line)


def test_every_command_that_is_recommended_exists() -> None:
    """Whatever the program says to type, in any sentence of any module, is a command with that verb."""
    verbs: dict[str, Collection[str]] = {"account": account.VERBS, "outbox": outbox.VERBS}
    named = set()
    for file in Path(tuimail.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= set(re.findall(r"tuimail (account|outbox) +([a-z]+)", node.value))
                named |= {(name, "") for name in re.findall(r"(?::|[Rr]un) +tuimail ([a-z]+)", node.value)}
    assert ("account", "login") in named
    assert ("demo", "") in named
    assert [(name, verb) for name, verb in named if name not in dispatch.COMMANDS] == []
    assert [(name, verb) for name, verb in named if verb and verb not in verbs[name]] == []


@pytest.mark.parametrize("command", dispatch.COMMANDS)
def test_every_command_has_help_with_examples(tuimail_: Run, command: str) -> None:
    ran = tuimail_(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"usage: tuimail {command}" in ran.out
    assert "examples:" in ran.out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("sned",), 'There is no command "sned". Did you mean send?'),
        (("xyzzy",), 'There is no command "xyzzy".'),
        (("--verison",), 'There is no option "--verison".'),
        (("\x1b]0;x\x07",), "There is no command"),
    ],
)
def test_an_unknown_command_is_64_with_the_nearest(tuimail_: Run, argv: tuple[str, ...], words: str) -> None:
    ran = tuimail_(*argv)
    assert (ran.code, ran.out) == (64, "")
    assert words in ran.err
    assert "Try: tuimail --help" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("argv", [(), ("demo",), ("compose", "bob@example.net"), ("outbox", "edit", "x")])
def test_screens_need_a_terminal(tuimail_: Run, argv: tuple[str, ...]) -> None:
    ran = tuimail_(*argv)
    assert ran.code == 64
    assert "terminal" in ran.err


class Failing:
    """A command that ends in an exception."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def run(self, argv: list[str], paths: Paths) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyError("secret"), 70, "Something went wrong inside tuimail (KeyError)"),
        (RecursionError(), 70, "RecursionError"),
        (OSError(28, "No space left on device"), 73, "No space left on device"),
        (PermissionError(13, "Permission denied", "/x"), 77, "Permission denied (/x)"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_nothing_ends_in_a_traceback(
    tuimail_: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: Failing(error))
    ran = tuimail_("send", "x@y.z")
    assert ran.code == code
    assert words in ran.err
    assert bool(words) == bool(ran.err)
    assert "Traceback" not in ran.err


def test_the_unexpected_is_in_the_log_and_shown_on_request(tuimail_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: Failing(KeyError("x")))
    tuimail_("send")
    assert "KeyError" in Paths.from_environment().log_file.read_text()
    monkeypatch.setenv("TUIMAIL_DEBUG", "1")
    assert "Traceback" in tuimail_("send").err


def python(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *argv], capture_output=True, text=True, timeout=60, check=False)


def modules_after(*argv: str) -> set[str]:
    code = f"import sys; from tuimail.cli import main; code = main({list(argv)!r}); print(*sys.modules); sys.exit(code)"
    done = python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("outbox", "list"), ("outbox", "list", "--json")])
def test_quick_commands_import_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert not modules_after(*argv) & set(HEAVY)


def test_listing_letters_that_are_there_imports_nothing_heavy(write_config: Callable[[], None], tuimail_: Run) -> None:
    write_config()
    assert tuimail_("send", "bob@example.net", "-s", "Here", "--queue").code == 0
    modules = modules_after("outbox", "list")
    assert "sqlite3" in modules
    assert not modules & set(HEAVY)


def test_importing_the_engine_imports_no_screens_and_no_network() -> None:
    done = python("-c", "import sys, tuimail.engine, tuimail.cli; print(*sys.modules)")
    assert "tuimail.engine.facade" in done.stdout.split()
    # The engine is made of coroutines, and asyncio brings ssl along.
    assert not set(done.stdout.split()) & set(HEAVY) - {"asyncio", "ssl"}


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "tuimail", "--help"], stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    "argv",
    [
        ("send", "bob@example.net"),
        ("outbox", "list"),
        ("outbox", "show", "x"),
        ("outbox", "run"),
        ("outbox", "retry", "x"),
        ("account", "list"),
    ],
)
def test_a_config_that_others_may_write_ends_every_command(
    write_config: Callable[[str], None], tuimail_: Run, home: Paths, argv: tuple[str, ...]
) -> None:
    write_config(CONFIG)
    home.config_file.chmod(0o666)
    ran = tuimail_(*argv)
    assert ran.code == 78
    assert "Everybody may write to this file" in ran.err
    assert f"Run: chmod go-w {home.config_file}" in ran.err
    assert ran.out == ""


def test_doctor_tells_of_a_config_that_others_may_write(
    write_config: Callable[[str], None], tuimail_: Run, home: Paths
) -> None:
    write_config(CONFIG)
    home.config_file.chmod(0o666)
    ran = tuimail_("doctor", "--offline")
    assert ran.code == 78
    assert f"Run: chmod go-w {home.config_file}" in ran.out


def test_the_app_opens_without_accounts_where_others_may_write_the_config(
    write_config: Callable[[str], None],
    tuimail_: Run,
    home: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Config] = []

    def note_config(config: Config, *_: object, **_options: object) -> int:
        opened.append(config)
        return 0

    write_config(CONFIG)
    home.config_file.chmod(0o666)
    monkeypatch.setattr("tuimail.cli.app.need_terminal", lambda: None)
    monkeypatch.setattr("tuimail.cli.app.open_app", note_config)
    assert tuimail_(terminal=True).code == 0
    (config,) = opened
    assert config.accounts == {}
    assert "Everybody may write to this file" in str(config.problems[0])


@pytest.mark.parametrize(
    ("argv", "place"),
    [
        ((), None),
        (("-f", "INBOX"), ("work", "INBOX")),
        (("--folder", "Lists/Rust"), ("work", "Lists/Rust")),
        (("-f", "home:Old: mail"), ("home", "Old: mail")),
        (("-f", "Nobody: mail"), ("work", "Nobody: mail")),
    ],
)
def test_the_app_opens_at_a_folder(
    write_config: Callable[[str], None],
    tuimail_: Run,
    monkeypatch: pytest.MonkeyPatch,
    argv: tuple[str, ...],
    place: tuple[str, str] | None,
) -> None:
    opened: list[tuple[str, str] | None] = []

    def note_folder(*_: object, folder: tuple[str, str] | None) -> int:
        opened.append(folder)
        return 0

    write_config(WITH_MAIL)
    monkeypatch.setattr("tuimail.cli.app.need_terminal", lambda: None)
    monkeypatch.setattr("tuimail.cli.app.open_app", note_folder)
    assert tuimail_(*argv, terminal=True) == Ran(0, "", "")
    assert opened == [place]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("-f",), 64, "-f is followed by the name of one folder."),
        (("-f", ""), 64, "-f is followed by the name of one folder."),
        (("-f", "INBOX", "Sent"), 64, "-f is followed by the name of one folder."),
        (("-f", "post:INBOX"), 78, "The account post has no mail to read"),
    ],
)
def test_a_folder_that_cannot_be_opened_is_told(
    write_config: Callable[[str], None],
    tuimail_: Run,
    monkeypatch: pytest.MonkeyPatch,
    argv: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    write_config(WITH_MAIL)
    monkeypatch.setattr("tuimail.cli.app.need_terminal", lambda: None)
    ran = tuimail_(*argv, terminal=True)
    assert ran.code == code
    assert message in ran.err


def test_what_a_link_may_not_set_is_handed_to_the_composer(
    write_config: Callable[[str], None], tuimail_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def note_words(*_: object, words: str) -> int:
        opened.append(words)
        return 0

    write_config(CONFIG)
    monkeypatch.setattr("tuimail.cli.compose.need_terminal", lambda: None)
    monkeypatch.setattr("tuimail.cli.compose.open_app", note_words)
    link = "mailto:bob@example.net?subject=x&attach=/etc/passwd&bcc=eve@example.org"
    ran = tuimail_("compose", link, link + "&from=me&a=1&b=1&c=1", terminal=True)
    assert ran == Ran(0, "", "")
    assert opened == ["The link tried to set attach, bcc, from, a, b and 1 more; a link may not, so that was left out."]
    tuimail_("compose", "mailto:bob@example.net?subject=x", terminal=True)
    assert opened[1] == ""
