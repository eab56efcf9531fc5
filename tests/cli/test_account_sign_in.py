"""tuimail account login with OAuth 2: with a pasted address, by a device code, and with nothing left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.accounts.oauth.account import redirect_of, visit
from tests.support.authorization_server import CLIENT, USER, AuthorizationServer, running_authorization_server
from tests.support.secret_stores import MemoryKeyring, secrets_of_a_test, use_keyring
from tuimail.accounts.oauth import access_tokens, grant_store
from tuimail.accounts.oauth.device import tokens_for
from tuimail.scrubber import _forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tests.support.certificates import Authority, ServerCertificate
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

CANARY = "canary-7f3a-token-"


@pytest.fixture
def provider(certificate: ServerCertificate) -> Iterator[AuthorizationServer]:
    with running_authorization_server(certificate.context()) as server:
        server.prefix = CANARY
        yield server


def config(provider: AuthorizationServer, authority: Authority) -> str:
    return f"""\
[accounts.work]
address = "{USER}"
[accounts.work.submission]
host = "localhost"
port = 1
auth = "oauth2"
[accounts.work.oauth]
issuer = "{provider.issuer}"
client_id = "{CLIENT}"
ca_file = "{authority.ca_file}"
"""


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, home: Paths) -> Iterator[MemoryKeyring]:
    with secrets_of_a_test(monkeypatch):
        monkeypatch.setattr(grant_store, "_unstored", {})
        monkeypatch.setattr(access_tokens, "_tokens", None)
        yield use_keyring()


def holds(raw: bytes) -> bool:
    return any(form.encode() in raw for form in _forms(CANARY))


def files_with_it(root: Path) -> list[str]:
    return [str(each) for each in sorted(root.rglob("*")) if each.is_file() and holds(each.read_bytes())]


def test_what_is_looked_for_is_found() -> None:
    assert holds(b"dXNlcj1hZGEBYXV0aD1CZWFyZXIgY2FuYXJ5LTdmM2EtdG9rZW4tWFlaAQE=")  # XOAUTH2
    assert holds(b"code=canary-7f3a-token-x")


@pytest.mark.timeout(90)
def test_over_ssh_with_a_pasted_address_and_no_token_left_behind(
    provider: AuthorizationServer, authority: Authority, tmp_path: Path
) -> None:
    """No browser, no keyring; the program is asked for whoever runs it by the command for the passphrase."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    for folder in (home / ".config/tuimail", outside):
        folder.mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    file = home / ".config/tuimail/config.toml"
    file.write_text(config(provider, authority))
    file.chmod(0o600)
    script = outside / "ask"
    script.write_text(
        f"#!/bin/sh\ncat /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ >> {outside}/seen\n"
        "echo correct horse\n"
    )
    script.chmod(0o700)
    env = {**os.environ, "HOME": str(home), "TUIMAIL_PASSPHRASE_COMMAND": str(script), "TUIMAIL_DEBUG": "1"}

    def start(*argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-X", "dev", "-m", "tuimail", "account", *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )

    with start("login", "work", "--paste") as login:
        assert login.stdin is not None
        assert login.stdout is not None
        assert login.stdout.readline().startswith("Open this address")
        back = asyncio.run(redirect_of(login.stdout.readline().strip(), authority.ca_file))
        assert CANARY in back
        assert "Paste it here" in login.stdout.readline()
        login.stdin.write(f"http://127.0.0.1/?code=x\n{back}\n")
        out, err = login.communicate(timeout=60)
    assert (login.returncode, out) == (0, f"signed in as {USER}\n"), err
    assert "does not belong to this sign-in" in err
    assert not holds((out + err).encode())
    assert (home / ".local/share/tuimail/secrets").exists()
    with start("logout", "work") as logout:
        assert logout.communicate(timeout=60)[0].startswith("removed the sign-in of work")
    seen = (outside / "seen").read_bytes()
    assert b"account\0login" in seen
    assert not holds(seen)
    assert files_with_it(home) == []
    assert (home / ".local/state/tuimail").is_dir()


def test_by_a_device_code(
    provider: AuthorizationServer,
    authority: Authority,
    backend: MemoryKeyring,
    write_config: Callable[[str], None],
    tuimail_: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def pause(_seconds: float) -> None:
        provider.grants.devices = dict.fromkeys(provider.grants.devices, True)

    monkeypatch.setattr("tuimail.accounts.oauth.sign_in.tokens_for", partial(tokens_for, pause=pause))
    write_config(config(provider, authority))
    ran = tuimail_("account", "login", "work", "--device")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Open this address on any machine:",
        f"  {provider.issuer}/go",
        "and type this code: WDJB-MJHT",
        f"signed in as {USER}",
    ]
    assert len(backend.kept) == 1
    ran = tuimail_("account", "logout", "work")
    assert (ran.code, backend.kept) == (0, {})


def test_by_a_browser_on_this_machine(
    provider: AuthorizationServer,
    authority: Authority,
    backend: MemoryKeyring,
    write_config: Callable[[str], None],
    tuimail_: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The address is opened as soon as it is printed."""
    from tuimail.cli import account_sign_in, output

    opened: list[asyncio.Task[object]] = []
    printed = output.print_line

    async def open_it(address: str) -> None:
        await visit(await redirect_of(address, authority.ca_file))

    def print_and_open(line: str) -> None:
        printed(line)
        if line.startswith("  https://"):
            opened.append(asyncio.ensure_future(open_it(line.strip())))

    monkeypatch.setattr(account_sign_in, "print_line", print_and_open)
    write_config(config(provider, authority))
    ran = tuimail_("account", "login", "work")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"signed in as {USER}")
    assert len(opened) == 1
    assert len(backend.kept) == 1


@pytest.mark.parametrize(
    ("argv", "text", "words"),
    [
        (("--paste",), "", "No address was pasted"),
        (("--paste",), "x\ny\nz\n", "does not belong to this sign-in"),
        (("--paste", "--device"), "", "Choose one"),
        (("--store", "file"), "", "are for passwords"),
    ],
)
def test_nothing_is_stored(
    provider: AuthorizationServer,
    authority: Authority,
    backend: MemoryKeyring,
    write_config: Callable[[str], None],
    tuimail_: Run,
    argv: tuple[str, ...],
    text: str,
    words: str,
) -> None:
    write_config(config(provider, authority))
    ran = tuimail_("account", "login", "work", *argv, text=text)
    assert ran.code != 0
    assert words in ran.err
    assert backend.kept == {}


def test_an_account_with_a_password_has_no_such_options(
    backend: MemoryKeyring, write_config: Callable[[], None], tuimail_: Run
) -> None:
    write_config()
    ran = tuimail_("account", "login", "work", "--device")
    assert ran.code == 64
    assert "no [oauth]" in ran.err
