"""A real Dovecot as a submission server on loopback: it checks the password and relays to another port."""

from __future__ import annotations

import contextlib
import os
import pwd
from typing import TYPE_CHECKING

import pytest

from tests.support.dovecot import PASSWORD
from tests.support.loopback import Daemon, free_ports, program, short_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import ServerCertificate

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
instance_name = {folder_name}
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = submission
{users}
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh =
login_trusted_networks = 127.0.0.0/8
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:{folder}/mail
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_trusted = no
hostname = localhost
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    address = 127.0.0.1
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service ipc {{
  chroot =
}}
"""


@contextlib.contextmanager
def running_submissiond(certificate: ServerCertificate, relay: int) -> Iterator[int]:
    """Up and answering at the port that is the value; ended afterwards. Everybody's password is dovecot.PASSWORD."""
    binary = program("dovecot")
    if not os.path.exists("/usr/lib/dovecot/submission"):  # noqa: PTH110
        message = "dovecot-submissiond is not installed"
        pytest.fail(message) if os.environ.get("TUIMAIL_REQUIRE_REAL_SERVERS") == "1" else pytest.skip(message)
    root = os.geteuid() == 0
    mine = pwd.getpwuid(os.geteuid())
    keeper = pwd.getpwnam("dovecot") if root else mine
    users = "" if root else f"default_internal_user = {mine.pw_name}\ndefault_login_user = {mine.pw_name}"
    with short_folder("tms") as folder:
        (port,) = free_ports(1)
        for each in ("run", "mail"):
            (folder / each).mkdir(exist_ok=True)
        if root:
            os.chown(folder / "mail", keeper.pw_uid, keeper.pw_gid)
        (folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=folder,
                folder_name=folder.name,
                users=users,
                uid=keeper.pw_uid,
                gid=keeper.pw_gid,
                certificate=certificate.chain,
                key=certificate.key,
                password=PASSWORD,
                relay=relay,
                port=port,
            )
        )
        daemon = Daemon([binary, "-F", "-c", str(folder / "dovecot.conf")], log=folder / "dovecot.log")
        try:
            daemon.wait_for_ports(port)
            yield port
        finally:
            daemon.stop()
