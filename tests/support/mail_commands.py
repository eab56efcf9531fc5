"""Real local mail commands: Postfix's sendmail as installed; Exim, msmtp, dma and nullmailer out of Debian packages.

The packages conflict with each other, so they are not installed but unpacked (``.ci/run`` does it) below
``build/mail-commands``, or wherever ``TUIMAIL_MAIL_COMMANDS`` says. Exim, dma and nullmailer have the paths of their
files built in and look up users of their own: they run in a folder of the test's own that is the root of the file
system for them (chroot), so nothing of the machine is touched. Nothing is delivered: each only queues, and msmtp speaks
to a server that the test names.
"""

from __future__ import annotations

import contextlib
import os
import platform
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.loopback import cannot, program, short_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = Path(os.environ.get("TUIMAIL_MAIL_COMMANDS") or Path(__file__).parents[2] / "build" / "mail-commands")
LIBRARIES = f"usr/lib/{platform.machine()}-linux-gnu"

_EXIM = """
primary_hostname = mx.example.org
queue_only = true
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = out
begin transports
out:
  driver = smtp
"""
_POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.org
message_size_limit = 100000
"""
_USERS = "root:x:0:0::/:/bin/false\nmail:x:8:8::/:/bin/false\nDebian-exim:x:101:101::/:/bin/false\n"


@dataclass(frozen=True, slots=True)
class MailCommand:
    """One of them, and where it keeps what it took."""

    name: str
    argv: tuple[str, ...]
    spool: Path
    store: Path
    """Inside ``spool``; without it nothing can be queued."""
    pattern: str
    """The queued texts, below ``spool``."""
    reader: tuple[str, ...] = ()
    """Turns a queued file into text."""

    def queued(self) -> list[str]:
        """The texts it took, in no order."""
        found = [path for path in self.spool.rglob(self.pattern) if path.is_file()]
        if not self.reader:
            return [path.read_text() for path in found]
        return [
            subprocess.run([*self.reader, path], check=True, capture_output=True, text=True).stdout for path in found
        ]


def unpacked(path: str) -> Path:
    """A program of the unpacked packages. Skips the test when it is missing, or fails it where it is required."""
    found = UNPACKED / path
    if not found.exists():
        cannot(f"{path} is not unpacked below {UNPACKED}")
    return found


def msmtp(port: int) -> tuple[str, ...]:
    """msmtp for a server on loopback."""
    command = unpacked("usr/bin/msmtp")
    own = ("--file=/dev/null", "--host=127.0.0.1", f"--port={port}", "--auth=off", "--tls=off", "--timeout=20")
    return (program("env"), f"LD_LIBRARY_PATH={UNPACKED / LIBRARIES}", str(command), *own)


@contextlib.contextmanager
def mail_command(name: str) -> Iterator[MailCommand]:
    """``postfix``, ``exim``, ``dma`` or ``nullmailer``, ready to queue."""
    if os.geteuid() != 0:
        cannot(f"{name} can be run out of a folder only by root, and the tests run as an ordinary user")
    with short_folder("cmd") as folder:
        yield _postfix(folder) if name == "postfix" else _jailed(name, folder)


def _postfix(folder: Path) -> MailCommand:
    sendmail, reader = program("sendmail"), program("postcat")
    owner = pwd.getpwnam("postfix").pw_uid
    for each in ("config", "data", "queue", "queue/maildrop", "queue/public"):
        (folder / each).mkdir()
        if each != "config":
            os.chown(folder / each, owner, -1)
    (folder / "config/main.cf").write_text(_POSTFIX.format(folder=folder))
    (folder / "config/master.cf").touch()
    config = str(folder / "config")
    queue = folder / "queue"
    return MailCommand(
        name="postfix",
        argv=(sendmail, "-C", config),
        spool=queue,
        store=queue / "maildrop",
        pattern="maildrop/*",
        reader=(reader, "-b", "-h", "-c", config),
    )


def _jailed(name: str, root: Path) -> MailCommand:
    programs = {
        "exim": ["usr/sbin/exim4"],
        "dma": ["usr/sbin/dma"],
        "nullmailer": ["usr/sbin/sendmail", "usr/bin/nullmailer-inject", "usr/sbin/nullmailer-queue"],
    }[name]
    for each in programs:
        source = unpacked(each)
        _copy(source, root / each)
        for library in _libraries(source):
            inside = library.relative_to(UNPACKED) if library.is_relative_to(UNPACKED) else library.relative_to("/")
            _copy(library, root / inside)
    (root / "dev").mkdir()
    for number, device in ((3, "null"), (9, "urandom")):
        try:
            os.mknod(root / "dev" / device, stat.S_IFCHR | 0o666, os.makedev(1, number))
        except PermissionError:
            cannot(f"{name} needs /dev/{device} in its folder, and none can be made here")
    (root / "tmp").mkdir(mode=0o1777)
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text(_USERS)
    (etc / "group").write_text("root:x:0:\nmail:x:8:\nDebian-exim:x:101:\n")
    (etc / "mailname").write_text("mx.example.org\n")
    (etc / "hosts").write_text("127.0.0.1 localhost mx.example.org\n")
    chroot = (program("chroot"), str(root), f"/{programs[0]}")
    spool = root / "var/spool" / {"exim": "exim4"}.get(name, name)
    spool.mkdir(parents=True)
    if name == "exim":
        (etc / "exim4").mkdir()
        (etc / "exim4/exim4.conf").write_text(_EXIM)
        log = root / "var/log/exim4"
        log.mkdir(parents=True)
        (spool / "input").mkdir()
        for owned in (spool, spool / "input", log):
            os.chown(owned, 101, 101)
        return MailCommand(name, chroot, spool, spool / "input", "*-D")
    if name == "dma":
        (etc / "dma").mkdir()
        (etc / "dma/dma.conf").write_text("DEFER\n")
        os.chown(spool, 8, 8)
        return MailCommand(name, chroot, spool, spool, "M*")
    for each in ("queue", "tmp"):
        (spool / each).mkdir()
        os.chown(spool / each, 8, 8)
    (etc / "nullmailer").mkdir()
    return MailCommand(name, chroot, spool, spool / "tmp", "queue/*")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copyfile(source, target)
        target.chmod(0o755)


def _libraries(binary: Path) -> list[Path]:
    told = subprocess.run(
        [program("ldd"), binary],
        check=True,
        capture_output=True,
        text=True,
        env={"LD_LIBRARY_PATH": str(UNPACKED / LIBRARIES), "PATH": os.environ["PATH"]},
    ).stdout
    words = [line.split() for line in told.splitlines()]
    return [Path(each) for line in words for each in line if each.startswith("/")]
