"""A real Dovecot on loopback: IMAP with TLS, sign-in for Postfix, and delivery into Maildirs.

Every user name exists with the same password, so a test takes a fresh name and has mailboxes of its own. ``full_user``
has no room left; ``ODD_USER`` needs quoting on the wire.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import itertools
import os
import pwd
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.loopback import Daemon, DidNotStartError, free_ports, program, short_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.certificates import ServerCertificate

PASSWORD = "correct-horse"
ODD_USER = 'odd "user\\name'
ODD_PASSWORD = 'p"a\\ss wörd'

_FULL_USERS = tuple(f"full{number}@example.org" for number in range(100))
"""Named before the start: Dovecot reads the file again only now and then."""
_FEW = 50

_NO_DRAFTS = "userdb_namespace/inbox/mailbox/Drafts/auto=no userdb_namespace/inbox/mailbox/Drafts/name=Unused"
_WITHOUT_DRAFTS = {"bare": "", "below": "userdb_namespace/inbox/prefix=INBOX. userdb_namespace/inbox/separator=."}
"""Users who have no folder for drafts, by what their names begin with: the folders of "below" ones are below INBOX."""

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
instance_name = {folder_name}
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
{users}
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh =
login_trusted_networks =
auth_mechanisms = plain login {mechanisms}
auth_failure_delay = 0
auth_username_chars =
mail_location = maildir:~/Maildir
mail_plugins = quota
mail_save_crlf = yes
mail_fsync = never
mail_max_userip_connections = 1000
lda_original_recipient_header =
recipient_delimiter =
lmtp_save_to_detail_mailbox = no
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
}}
{tokens}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/rooms
  override_fields = home={folder}/mail/%{{sha1:user}}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%{{sha1:user}} allow_all_users=yes
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=1G
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  # One process for many clients: a new one for each costs more than what the client does there.
  service_count = 0
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 1000
}}
service imap-urlauth-login {{
  chroot =
}}
service anvil {{
  # Wrong passwords are part of the tests; nobody is to wait longer for each.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
service ipc {{
  chroot =
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
service stats {{
  chroot =
}}
"""


_TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/tokens
}}
"""
_INTROSPECTION = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """A running server."""

    folder: Path
    imap: int
    """Port for STARTTLS."""
    imaps: int
    """Port for TLS from the start."""
    ca_file: Path
    host: str = "localhost"
    password: str = PASSWORD
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _full: Iterator[str] = field(default_factory=lambda: iter(_FULL_USERS))
    _without: Iterator[int] = field(default_factory=lambda: iter(range(_FEW)))

    @property
    def auth_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.folder / "auth"

    @property
    def lmtp_socket(self) -> Path:
        """Where letters are delivered; every address is a user."""
        return self.folder / "lmtp"

    def new_user(self, word: str = "user") -> str:
        """An address nobody had before in this run."""
        return f"{word}{next(self._numbers)}.{os.getpid()}@example.org"

    def full_user(self) -> str:
        """A user with room for nothing."""
        return next(self._full)

    def user_without_drafts(self, kind: str) -> str:
        """A user without a folder for drafts; "bare" or "below"."""
        return f"{kind}{next(self._without)}@example.org"

    def maildir(self, user: str, mailbox: str = "INBOX") -> Path:
        """The Maildir of a mailbox; ``mailbox`` as IMAP spells it (modified UTF-7), ``/`` between levels."""
        home = self.folder / "mail" / hashlib.sha1(user.lower().encode(), usedforsecurity=False).hexdigest()
        return home / "Maildir" if mailbox == "INBOX" else home / "Maildir" / f".{mailbox.replace('/', '.')}"

    def files(self, user: str, mailbox: str = "INBOX") -> list[Path]:
        """The letters' files, oldest first."""
        folder = self.maildir(user, mailbox)
        found = [path for part in ("cur", "new") if (folder / part).is_dir() for path in (folder / part).iterdir()]
        return sorted(found, key=lambda path: path.name)

    def letters(self, user: str, mailbox: str = "INBOX") -> list[bytes]:
        """The letters' bytes as they lie on the disk, oldest first."""
        return [path.read_bytes() for path in self.files(user, mailbox)]

    def wait_for_letters(self, user: str, count: int = 1, mailbox: str = "INBOX", seconds: float = 20.0) -> list[bytes]:
        """The letters, as soon as there are ``count`` of them or the time is up."""
        deadline = time.monotonic() + seconds
        while len(letters := self.letters(user, mailbox)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return letters

    def log(self) -> str:
        """What it logged."""
        return (self.folder / "dovecot.log").read_text(errors="replace")


@contextlib.contextmanager
def running_dovecot(certificate: ServerCertificate, ca_file: Path, *, introspection: str = "") -> Iterator[Dovecot]:
    """Dovecot, up and answering; ended afterwards.

    It takes tokens as well if ``introspection`` is the URL where it may ask whether they are good (RFC 7662).
    """
    binary = program("dovecot")
    with short_folder("tmd") as folder:
        for attempts_left in (2, 1, 0):
            imap, imaps = free_ports(2)
            server = Dovecot(folder, imap, imaps, ca_file=ca_file)
            _write_config(server, certificate, introspection)
            daemon = Daemon([binary, "-F", "-c", str(folder / "dovecot.conf")], log=folder / "dovecot.log")
            try:
                daemon.wait_for_ports(server.imap, server.imaps)
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


def _write_config(server: Dovecot, certificate: ServerCertificate, introspection: str) -> None:
    folder = server.folder
    mine = pwd.getpwuid(os.geteuid())
    if os.geteuid() == 0:
        # Dovecot keeps no mail as root; its own user will do.
        keeper = pwd.getpwnam("dovecot")
        users = ""
    else:
        keeper = mine
        users = (
            "\n".join(f"{setting} = {mine.pw_name}" for setting in ("default_internal_user", "default_login_user"))
            + f"\ndefault_internal_group = {_group_name(mine.pw_gid)}"
        )
    mail = folder / "mail"
    mail.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        os.chown(mail, keeper.pw_uid, keeper.pw_gid)
    (folder / "run").mkdir(exist_ok=True)
    escaped = ODD_USER.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "users").write_text(f"{escaped}:{{PLAIN}}{ODD_PASSWORD}::::::\n", encoding="utf-8")
    rooms = [f"{user}:::::::userdb_quota_rule=*:bytes=10\n" for user in _FULL_USERS]
    for kind, fields in _WITHOUT_DRAFTS.items():
        rooms += [f"{kind}{number}@example.org:::::::{_NO_DRAFTS} {fields}\n" for number in range(_FEW)]
    (folder / "tokens").write_text(_INTROSPECTION.format(url=introspection))
    (folder / "rooms").write_text("".join(rooms))
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            folder_name=folder.name,
            users=users,
            mechanisms="xoauth2 oauthbearer" if introspection else "",
            tokens=_TOKENS.format(folder=folder) if introspection else "",
            uid=keeper.pw_uid,
            gid=keeper.pw_gid,
            certificate=certificate.chain,
            key=certificate.key,
            password=PASSWORD,
            imap=server.imap,
            imaps=server.imaps,
        )
    )


def _group_name(gid: int) -> str:
    return grp.getgrgid(gid).gr_name
