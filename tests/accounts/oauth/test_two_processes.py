"""Two programs whose tokens end at the same time: one renews after the other, and no refresh token is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.accounts.oauth.account import signed_in
from tests.support.secret_stores import Answers
from tuimail.config import secrets
from tuimail.config.model import SecretSettings, SecretStore

if TYPE_CHECKING:
    from tests.support.authorization_server import AuthorizationServer
    from tests.support.certificates import Authority
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.config.model import Account
    from tuimail.paths import Paths

PASSPHRASE = "correct horse"
PROGRAM = f"""
import asyncio, sys
from pathlib import Path
from tests.accounts.oauth.account import account_at
from tests.support.secret_stores import Answers
from tuimail.accounts.oauth import refresh_lock
from tuimail.accounts.oauth.access_tokens import AccessTokens
from tuimail.config import secrets
from tuimail.config.model import SecretSettings, SecretStore

issuer, ca_file, locks, file = sys.argv[1:]
secrets.configure(SecretSettings(SecretStore.FILE), Path(file))
secrets.questions.asker = Answers({PASSPHRASE!r})
real = asyncio.sleep

async def waiting(seconds):
    # The lock was looked at, and another process has it.
    print("waiting", flush=True)
    await real(seconds)

refresh_lock.asyncio.sleep = waiting
print(asyncio.run(AccessTokens(Path(locks)).token(account_at(issuer, Path(ca_file)))), flush=True)
"""


@pytest.mark.timeout(60)
async def test_one_after_the_other(
    account: Account, provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    secrets.configure(SecretSettings(SecretStore.FILE), paths.secrets_file)
    secrets.questions.asker = Answers(PASSPHRASE, PASSPHRASE)
    await signed_in(account, provider)
    came, go = threading.Event(), threading.Event()

    def held(_fields: dict[str, str]) -> None:
        came.set()
        go.wait(30)

    provider.manners["/token"] = held
    argv = [sys.executable, "-c", PROGRAM, provider.issuer, str(authority.ca_file)]
    argv += [str(paths.data / "oauth"), str(paths.secrets_file)]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)

    with start() as first:
        assert came.wait(30)
        with start() as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waiting\n"
            assert provider.count("/token") == 1
            go.set()
            tokens = [each.communicate(timeout=30)[0].split()[-1] for each in (first, second)]
    assert all(provider.grants.is_active(each) for each in tokens)
    assert provider.count("/token") == 2
    assert not provider.grants.ended
    # What is stored is the last one: a third program can go on with it.
    secrets._stores = None
    secrets.questions.asker = Answers(PASSPHRASE)
    from tuimail.accounts.oauth.access_tokens import AccessTokens

    assert provider.grants.is_active(await AccessTokens(paths.data / "oauth").token(account))
    assert not provider.grants.ended
