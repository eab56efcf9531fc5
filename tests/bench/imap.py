"""Mail on a server: the first sync of a large mailbox beside other programs, catching up, a distant server, and
what an idle day costs on the wire.

Wall time and processor time against a Dovecot on this machine, which has read all headers once before. Other programs
open the mailbox without a header cache. ``--letters`` is the number of messages.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import re
import shutil
import ssl
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.idle_bytes import idle_bytes
from tests.bench.line import delayed
from tests.bench.readers import shows
from tests.bench.reading import changes, has_rows
from tests.bench.terminal import terminal
from tests.journeys.program import Program
from tests.support.certificates import Authority
from tests.support.dovecot import running_dovecot
from tuimail.config import secrets
from tuimail.config.model import Account, Identity, KeepPolicy, Security, Server
from tuimail.demo.generated import MailGenerator
from tuimail.demo.maildir_files import make_folders, write_messages
from tuimail.engine.account_sync import AccountSync
from tuimail.engine.configured_source import MailSources
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyte

    from tests.support.dovecot import Dovecot

CHANGES = 200
DISTANT = 50.0
"""Milliseconds of a round trip."""
CONFIG = """
[accounts.work]
address = "ada@example.org"
submission.command = ["/bin/true"]
[accounts.work.imap]
host = "localhost"
port = {port}
username = "{user}"
password_command = ["echo", "{password}"]
ca_file = "{ca}"
[accounts.work.policy]
"*" = "headers"
[ui]
keymap = "mutt"
"""
MUTTRC = """set folder="imaps://localhost:{port}/" spoolfile="imaps://localhost:{port}/INBOX"
set imap_user="{user}" imap_pass="{password}" ssl_ca_certificates_file="{ca}" ssl_force_tls=yes
set sleep_time=0 quit=yes sort=mailbox-order mail_check=600 timeout=600
"""
AERC = "[work]\nsource = imaps://{user}:{password}@localhost:{port}\nfrom = Ada <ada@example.org>\ndefault = INBOX\n"
AERC_FILES = Path("/usr/share/aerc")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")


def measure(*, runs: int, letters: int) -> list[Section]:
    """The tables."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _server(Path(folder), letters) as server:
        return [_first_sync(server, runs), _catching_up(server, runs), _distant(server, runs), _idle(server)]


@dataclass(frozen=True)
class _Mailbox:
    """A mailbox of ``size`` messages at a server."""

    folder: Path
    dovecot: Dovecot
    user: str
    size: int

    def client(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context(cafile=str(self.dovecot.ca_file))
        made = imaplib.IMAP4_SSL("localhost", self.dovecot.imaps, ssl_context=context)
        made.login(self.user, self.dovecot.password)
        return made

    def home(self, name: str) -> Program:
        """An empty home."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return Program(self.folder / name, {"PYTHONDONTWRITEBYTECODE": ""})

    def words(self, port: int) -> dict[str, object]:
        """What configs name."""
        named = {"user": self.user, "password": self.dovecot.password, "ca": self.dovecot.ca_file}
        return {"port": port, **named}


@contextmanager
def _server(folder: Path, size: int) -> Iterator[_Mailbox]:
    authority = Authority(folder)
    with running_dovecot(authority.issue(), authority.ca_file) as dovecot:
        made = _Mailbox(folder, dovecot, dovecot.new_user(), size)
        maildir = dovecot.maildir(made.user)
        make_folders(maildir, ("INBOX",))
        write_messages(maildir, (replace(each, folder="INBOX") for each in MailGenerator(size, time.time()).messages()))
        keeper = pwd.getpwnam("dovecot")
        os.chown(maildir.parent, keeper.pw_uid, keeper.pw_gid)
        for above, folders, files in os.walk(maildir.parent):
            for name in (*folders, *files):
                os.chown(os.path.join(above, name), keeper.pw_uid, keeper.pw_gid)  # noqa: PTH118 - of many files
        with made.client() as client:
            client.select("INBOX")
            # Dovecot caches what it was asked for; the first program that asks is not to pay for all.
            client.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])")
        yield made


def _first_sync(mailbox: _Mailbox, runs: int) -> Section:
    port = mailbox.dovecot.imaps
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        program = mailbox.home("tuimail")
        program.configure(CONFIG.format(**mailbox.words(port)))
        with terminal(program.argv(), program.environment) as screen:
            start = time.perf_counter()
            screen.press(b"i")
            screen.wait(has_rows, seconds=300)
            found.setdefault("tuimail, first messages shown", []).append(time.perf_counter() - start)
            keys = sorted(changes(screen, b"kj"))
            screen.wait(lambda shown: not shows("Reading")(shown), seconds=3600)
            found.setdefault("tuimail, all of them", []).append(time.perf_counter() - start)
            found.setdefault("tuimail, a key meanwhile, p95", []).append(keys[int(0.95 * (len(keys) - 1))])
        program = mailbox.home("sync")
        program.configure(CONFIG.format(**mailbox.words(port)))
        start = time.perf_counter()
        program.run("sync", seconds=3600)
        found.setdefault("tuimail sync, without a screen", []).append(time.perf_counter() - start)
        for name, took in _peers(mailbox, port):
            found.setdefault(name, []).append(took)
    versus = "mutt, opened" if "mutt, opened" in found else ""
    title = f"The first sync of {mailbox.size:,} messages"
    return Section(title, [Figure(name, tuple(each), "s") for name, each in found.items()], versus=versus)


def _peers(mailbox: _Mailbox, port: int) -> Iterator[tuple[str, float]]:
    """Other programs, and the seconds until they show the mailbox."""
    program = mailbox.home("peers")
    program.home.mkdir()
    muttrc = program.home / "muttrc"
    muttrc.write_text(MUTTRC.format(**mailbox.words(port)))
    for name in ("mutt", "neomutt"):
        if shutil.which(name):
            argv = [name, "-F", str(muttrc)]
            yield f"{name}, opened", _until(argv, program.environment, shows("Msgs:"))
    if shutil.which("aerc") and AERC_FILES.is_dir():
        config = program.home / ".config" / "aerc"
        config.mkdir(parents=True)
        for name in ("aerc.conf", "binds.conf"):
            shutil.copy(AERC_FILES / name, config / name)
        words = {**mailbox.words(port), "user": mailbox.user.replace("@", "%40")}
        (config / "accounts.conf").write_text(AERC.format(**words) + "outgoing = /bin/true\n")
        (config / "accounts.conf").chmod(0o600)
        environment = {
            **program.environment,
            "XDG_CONFIG_HOME": str(config.parent),
            "SSL_CERT_FILE": str(mailbox.dovecot.ca_file),
        }
        yield (
            "aerc, first messages shown",
            _until(["aerc"], environment, lambda shown: sum(bool(_DAY.search(line)) for line in shown.display) > 4),
        )


def _until(argv: list[str], environment: dict[str, str], done: Callable[[pyte.Screen], bool]) -> float:
    start = time.perf_counter()
    with terminal(argv, environment) as screen:
        screen.wait(done, seconds=600)
        return time.perf_counter() - start


class _Silent:
    """A SyncProgress that tells nobody."""

    def read(self, folder: str, messages: int) -> None: ...

    def fetched(self, messages: int) -> None: ...

    def say(self, sentence: str) -> None: ...


def _account(mailbox: _Mailbox) -> Account:
    """Its account here, whose password is known."""
    server = Server(
        "localhost", mailbox.dovecot.imaps, Security.TLS, username=mailbox.user, ca_file=mailbox.dovecot.ca_file
    )
    secrets.remember(server, "work", mailbox.dovecot.password)
    return Account("work", (Identity("ada@example.org"),), server, server, policy={"*": KeepPolicy.HEADERS})


def _catching_up(mailbox: _Mailbox, runs: int) -> Section:
    """Processor time of this process for a sync, connecting included."""
    account = _account(mailbox)
    paths = Paths.under(mailbox.folder / "catching-up")
    found: dict[str, list[float]] = {}

    def synced() -> float:
        with closing(MailSources(paths)) as sources:
            before = time.process_time()
            report = AccountSync(account, paths, sources, _Silent()).run()
            if report.error is not None:
                raise report.error
            return (time.process_time() - before) * 1000

    synced()
    with mailbox.client() as client:
        client.select("INBOX")
        for number in range(max(runs, 3)):
            found.setdefault("nothing has changed", []).append(synced())
            sign = "+" if number % 2 == 0 else "-"
            client.store(f"1:{CHANGES}", f"{sign}FLAGS.SILENT", "(\\Flagged)")
            found.setdefault(f"{CHANGES} messages with other flags", []).append(synced())
    title = f"Catching up with {mailbox.size:,} messages, processor time"
    return Section(title, [Figure(name, tuple(each), "ms") for name, each in found.items()])


def _distant(mailbox: _Mailbox, runs: int) -> Section:
    """A mailbox that was read before, opened at a server that is far away."""
    found: dict[str, list[float]] = {}
    with delayed(mailbox.dovecot.imaps, DISTANT) as port:
        program = mailbox.home("distant")
        program.configure(CONFIG.format(**mailbox.words(port)))
        program.run("sync", seconds=3600)
        words = MUTTRC.format(**mailbox.words(port))
        peers = [name for name in ("mutt", "neomutt") if shutil.which(name)]
        for name in peers:
            (program.home / name).mkdir()
            (program.home / f"{name}rc").write_text(f'{words}set header_cache="{program.home / name}"\n')
        for number in range(max(runs, 3) + 1):
            took = {"tuimail": _opened(program)}
            for name in peers:
                argv = [name, "-F", str(program.home / f"{name}rc")]
                with terminal(argv, program.environment) as screen:
                    start = time.perf_counter()
                    screen.wait(shows("Msgs:"), seconds=600)
                    took[name] = time.perf_counter() - start
                    screen.press(b"q")
                    screen.finish()
            if number:  # the first one fills the header caches
                for name, seconds in took.items():
                    found.setdefault(name, []).append(seconds)
    title = f"A cached mailbox of {mailbox.size:,} opened at {DISTANT:.0f} ms of round trip, program start included"
    return Section(title, [Figure(name, tuple(each), "s") for name, each in found.items()], versus="tuimail")


def _idle(mailbox: _Mailbox) -> Section:
    """Counted once, for it is the same each time."""
    account = _account(mailbox)
    counted = idle_bytes(account, mailbox.dovecot.password, Paths.under(mailbox.folder / "idle"))
    figures = [
        Figure("one look at all folders", (counted.look,), "bytes"),
        Figure("IDLE renewed once", (counted.renewal,), "bytes"),
        Figure("a day", (counted.day / 1000,), "KB"),
    ]
    return Section(f"On the wire while nothing happens to {mailbox.size:,} messages, TLS included", figures)


def _opened(program: Program) -> float:
    start = time.perf_counter()
    with terminal(program.argv(), program.environment) as screen:
        screen.press(b"i")
        screen.wait(has_rows, seconds=120)
        return time.perf_counter() - start
