"""A real Postfix on loopback: submission with TLS and sign-in, every letter delivered into Dovecot's Maildirs.

Nothing leaves the machine: whatever the recipient's domain, the letter goes to Dovecot's LMTP socket. Some
addresses and subjects are answered in a fixed way, for tests of refusals:

=======================  ==================================================================
RCPT ``nobody@``         550 5.1.1
RCPT ``later@``          450 4.2.0
RCPT ``stuffed@``        552 5.2.2
MAIL ``forged@``         553 5.7.1
MAIL ``quota@``          550 5.4.5
subject ``REFUSE-ME``    550 5.7.1 as the reply to the dot
more than 20 recipients  452 4.5.3 for the rest
over 3 000 000 bytes     552 5.3.4
=======================  ==================================================================
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.loopback import Daemon, DidNotStartError, cannot, free_ports, program, short_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import ServerCertificate
    from tests.support.dovecot import Dovecot

SIZE_LIMIT = 3_000_000
RECIPIENT_LIMIT = 20

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {programs}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {folder}
maillog_file = {folder}/postfix.log
myhostname = mx.example.org
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks =
relayhost =
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = lmtp:unix:{lmtp}
transport_maps = inline:{{ {{ mx.example.org = lmtp:unix:{lmtp} }} }}
lmtp_destination_recipient_limit = 100
message_size_limit = {size_limit}
smtpd_recipient_limit = {recipient_limit}
smtpd_recipient_overshoot_limit = 1000
smtpd_banner = $myhostname ESMTP
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = unix:{auth}
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_restrictions = check_sender_access inline:{{
  {{ forged@ = 553 5.7.1 not your address }}
  {{ quota@ = 550 5.4.5 Daily sending limit exceeded }} }}
smtpd_recipient_restrictions = check_recipient_access inline:{{
  {{ nobody@ = 550 5.1.1 no such user }}
  {{ later@ = 450 4.2.0 greylisted, come back later }}
  {{ stuffed@ = 552 5.2.2 mailbox full }} }}, permit_sasl_authenticated, reject
header_checks = regexp:{folder}/header_checks
"""

_MASTER = """
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:{submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"]


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running server."""

    folder: Path
    submission: int
    """Port for STARTTLS."""
    submissions: int
    """Port for TLS from the start."""
    ca_file: Path
    dovecot: Dovecot
    host: str = "localhost"

    def new_user(self, word: str = "user") -> str:
        """An address that can sign in (with ``password``) and receive."""
        return self.dovecot.new_user(word)

    @property
    def password(self) -> str:
        """Everybody's."""
        return self.dovecot.password

    def log(self) -> str:
        """What it logged."""
        return (self.folder / "postfix.log").read_text(errors="replace")

    def queued(self) -> int:
        """Letters it holds and has not delivered yet."""
        queues = (self.folder / "queue" / name for name in ("incoming", "active", "deferred"))
        return sum(1 for queue in queues for path in queue.rglob("*") if path.is_file())


@contextlib.contextmanager
def running_postfix(certificate: ServerCertificate, dovecot: Dovecot) -> Iterator[Postfix]:
    """Postfix, up and answering; ended afterwards."""
    master = program("master")
    if os.geteuid() != 0:
        cannot("Postfix starts only as root, and the tests run as an ordinary user")
    with short_folder("tmp") as folder:
        for attempts_left in (2, 1, 0):
            submission, submissions = free_ports(2)
            server = Postfix(folder, submission, submissions, ca_file=dovecot.ca_file, dovecot=dovecot)
            _write_config(server, certificate, programs=Path(master).parent)
            daemon = Daemon([master, "-c", str(folder / "config"), "-d"], log=folder / "postfix.log")
            try:
                daemon.wait_for_ports(server.submission, server.submissions)
            except DidNotStartError:  # somebody else took the port meanwhile
                daemon.stop()
                if not attempts_left:
                    raise
                continue
            try:
                yield server
            finally:
                daemon.stop()
            return


def _write_config(server: Postfix, certificate: ServerCertificate, *, programs: Path) -> None:
    folder = server.folder
    owner = pwd.getpwnam("postfix")
    for name, mine in [
        ("config", False),
        ("data", True),
        ("queue", False),
        ("queue/pid", False),
        ("queue/public", True),
        ("queue/maildrop", True),
        *((f"queue/{name}", True) for name in _QUEUES),
    ]:
        (folder / name).mkdir(exist_ok=True, mode=0o755)
        if mine:
            os.chown(folder / name, owner.pw_uid, -1)
    (folder / "header_checks").write_text("/^Subject:.*REFUSE-ME/ REJECT 5.7.1 content refused\n")
    main = _MAIN.format(
        folder=folder,
        programs=programs,
        lmtp=server.dovecot.lmtp_socket,
        auth=server.dovecot.auth_socket,
        certificate=certificate.chain,
        key=certificate.key,
        size_limit=SIZE_LIMIT,
        recipient_limit=RECIPIENT_LIMIT,
    )
    (folder / "config" / "main.cf").write_text(main)
    master = _MASTER.format(submission=server.submission, submissions=server.submissions)
    (folder / "config" / "master.cf").write_text(re.sub(r"^\n", "", master))
