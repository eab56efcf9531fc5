"""An authorization server on this machine, an account that uses it, and a keyring in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accounts.oauth.account import account_at
from tests.support.authorization_server import AuthorizationServer, running_authorization_server
from tests.support.secret_stores import MemoryKeyring, secrets_of_a_test, use_keyring
from tuimail.accounts.oauth import access_tokens, grant_store
from tuimail.config import secrets
from tuimail.config.model import SecretSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Authority, ServerCertificate
    from tuimail.config.model import Account
    from tuimail.paths import Paths


@pytest.fixture
def provider(certificate: ServerCertificate) -> Iterator[AuthorizationServer]:
    with running_authorization_server(certificate.context()) as server:
        yield server


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> Iterator[MemoryKeyring]:
    with secrets_of_a_test(monkeypatch):
        monkeypatch.setattr(grant_store, "_unstored", {})
        monkeypatch.setattr(access_tokens, "_tokens", None)
        secrets.configure(SecretSettings(), paths.secrets_file)
        yield use_keyring()


@pytest.fixture
def account(provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring) -> Account:
    return account_at(provider.issuer, authority.ca_file)
