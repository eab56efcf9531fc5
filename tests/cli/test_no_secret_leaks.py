"""A password and a passphrase go through the program, and are found nowhere afterwards."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CONFIG
from tests.support.secret_stores import Answers, secrets_of_a_test, use_keyring
from tuimail.config import secrets
from tuimail.config.model import SecretSettings, SecretStore, Server
from tuimail.errors import SecretError
from tuimail.log import logging_to
from tuimail.scrubber import _forms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.events import Event
    from tuimail.paths import Paths

CANARY = "canary-5d0e+password"
PASSPHRASE = "canary-91ab/passphrase"
SERVER = Server("smtp.example.org", 465, username="ada")


def holds(raw: bytes) -> bool:
    """Either of the two is in it, in clear or encoded."""
    return any(form.encode() in raw for secret in (CANARY, PASSPHRASE) for form in _forms(secret))


def files_with_it(root: Path) -> list[str]:
    return [str(each) for each in sorted(root.rglob("*")) if each.is_file() and holds(each.read_bytes())]


@pytest.fixture
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


def test_what_is_looked_for_is_found(tmp_path: Path) -> None:
    (tmp_path / "b64").write_bytes(b"AGFkYQBjYW5hcnktNWQwZStwYXNzd29yZA==")  # SASL PLAIN: NUL ada NUL password
    (tmp_path / "other").write_bytes(b"canary")
    assert files_with_it(tmp_path) == [str(tmp_path / "b64")]


def test_a_login_leaves_it_in_no_file_environment_or_command_line(tmp_path: Path) -> None:
    """As over ssh: no keyring, the passphrase from a command that looks at who runs it."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    for folder in (home / ".config/tuimail", outside):
        folder.mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    (home / ".config/tuimail/config.toml").write_text(CONFIG)
    (home / ".config/tuimail/config.toml").chmod(0o600)
    (outside / "passphrase").write_text(PASSPHRASE + "\n")
    script = outside / "ask"
    script.write_text(
        f"#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline >> {outside}/seen\n"
        f"cat {outside}/passphrase\n"
    )
    script.chmod(0o700)
    env = {**os.environ, "HOME": str(home), "TUIMAIL_PASSPHRASE_COMMAND": str(script)}
    for argv, text in (("login", CANARY), ("login", ""), ("logout", "")):
        more = ("--store", "file") if argv == "login" else ()
        ran = subprocess.run(
            [sys.executable, "-X", "dev", "-m", "tuimail", "account", argv, "work", *more],
            input=f"{text}\n".encode(),
            capture_output=True,
            env=env,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert not holds(ran.stdout + ran.stderr)
    seen = (outside / "seen").read_bytes()
    assert b"TUIMAIL_PASSPHRASE_COMMAND" in seen
    assert b"account\0login" in seen
    assert not holds(seen)
    assert (home / ".local/share/tuimail/secrets").exists()
    assert files_with_it(home) == []


def ignore(event: Event) -> None:
    del event


async def _through(store: SecretStore, fails: bool) -> None:
    """Store it, and have it again in a process that starts afterwards."""

    def fail(*_args: object) -> None:
        raise RuntimeError(f"cannot keep {CANARY}")

    if store is SecretStore.KEYRING:
        backend = use_keyring()
        if fails:
            backend.set_password = fail  # type: ignore[assignment, method-assign]
    secrets.questions.asker = Answers(PASSPHRASE, PASSPHRASE)
    await secrets.store_secret(SERVER, "work", CANARY, to=store)
    secrets.forget("work")
    secrets._stores = None
    wrong = [None] if fails else []
    secrets.questions.asker = Answers(*wrong, CANARY if store is SecretStore.MEMORY else PASSPHRASE)
    assert await secrets.secret_for(SERVER, "work", announce=ignore) == CANARY


@pytest.mark.usefixtures("_own_secrets")
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("store", [SecretStore.KEYRING, SecretStore.FILE, SecretStore.MEMORY])
async def test_no_store_leaves_it_in_the_log_a_file_or_an_error(
    paths: Paths, store: SecretStore, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(True)
    secrets.configure(SecretSettings(store), paths.secrets_file)
    told = ""
    with logging_to(paths.log_file, level=logging.DEBUG):
        try:
            await _through(store, fails)
        except SecretError as error:
            told = "".join(traceback.format_exception(error)) + error.hint
            logging.getLogger("somebody").exception("failed")
        logging.getLogger("somebody").warning("%s", secrets.stores().file)
        logging.getLogger("somebody").warning("%r", secrets._known)
    caplog.clear()
    assert bool(told) is fails
    assert not holds(told.encode())
    assert paths.log_file.stat().st_size > 0
    assert files_with_it(paths.data.parent) == []
