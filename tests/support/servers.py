"""Fixtures: one Dovecot and one Postfix for each test process, started when first asked for.

Mark tests that use them with ``real_servers``. ``TUIMAIL_REQUIRE_REAL_SERVERS=1`` makes a missing program a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.dovecot import running_dovecot
from tests.support.postfix import running_postfix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Authority, ServerCertificate
    from tests.support.dovecot import Dovecot
    from tests.support.postfix import Postfix


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that signed the servers' certificates; tell clients with ``ca_file``."""
    from tests.support.certificates import Authority

    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> ServerCertificate:
    """A good certificate for localhost."""
    return authority.issue()


@pytest.fixture(scope="session")
def dovecot(authority: Authority, certificate: ServerCertificate) -> Iterator[Dovecot]:
    """A real IMAP server."""
    with running_dovecot(certificate, authority.ca_file) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(certificate: ServerCertificate, dovecot: Dovecot) -> Iterator[Postfix]:
    """A real submission server that delivers to ``dovecot``."""
    with running_postfix(certificate, dovecot) as server:
        yield server
