"""Other mail programs on a Maildir: how each is configured and started, and what shows that its messages are there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyte

    Shown = Callable[[pyte.Screen], bool]

MUTTRC = """set header_cache={folder}/headers mbox_type=Maildir folder={maildir} spoolfile={maildir} sort=mailbox-order
set sleep_time=0 quit=yes
"""
PINERC = """personal-name=Ada
user-domain=example.org
inbox-path={folder}/empty.mbox
last-time-prune-questioned=126.11
last-version-used=7.00
feature-list=quell-folder-internal-msg,quit-without-confirm,expunge-without-confirm,quell-lock-failure-warnings
"""
AERC = "[work]\nsource = maildir://{above}\nfrom = Ada <ada@example.org>\ndefault = INBOX\noutgoing = /bin/true\n"
AERC_FILES = Path("/usr/share/aerc")
_ALPINE = re.compile(r"Message [\d,]+ of [\d,]+")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")


class Reader(NamedTuple):
    """A program, and what its screen shows in the end."""

    argv: list[str]
    done: Shown
    keeps_headers: bool = False
    """It has a header cache, which the first run fills."""


def shows(words: str) -> Shown:
    """Whether a line of the screen has ``words``."""
    return lambda shown: any(words in line for line in shown.display)


def readers(folder: Path, maildir: Path) -> dict[str, Reader]:
    """Those that are installed, configured in ``folder`` for one Maildir called INBOX.

    Alpine reads the same messages as an mbox.
    """
    found: dict[str, Reader] = {}
    muttrc = folder / "muttrc"
    muttrc.write_text(MUTTRC.format(folder=folder, maildir=maildir))
    (folder / "headers").mkdir(exist_ok=True)
    for name in ("mutt", "neomutt"):
        if shutil.which(name):
            found[name] = Reader([name, "-F", str(muttrc), "-f", str(maildir)], shows("Msgs:"), keeps_headers=True)
    if shutil.which("aerc") and AERC_FILES.is_dir():
        _configure_aerc(folder, maildir)
        found["aerc"] = Reader(["aerc"], lambda shown: sum(bool(_DAY.search(line)) for line in shown.display) > 4)
    if shutil.which("alpine"):
        found["alpine, mbox"] = Reader(_alpine(folder, maildir), lambda shown: any(map(_ALPINE.search, shown.display)))
    return found


def _configure_aerc(folder: Path, maildir: Path) -> None:
    """Its account, where it looks for it with ``XDG_CONFIG_HOME`` in ``folder``; the Maildir is its INBOX."""
    config = folder / ".config" / "aerc"
    config.mkdir(parents=True, exist_ok=True)
    for name in ("aerc.conf", "binds.conf"):
        shutil.copy(AERC_FILES / name, config / name)
    (config / "accounts.conf").write_text(AERC.format(above=maildir.parent))
    (config / "accounts.conf").chmod(0o600)


def _alpine(folder: Path, maildir: Path) -> list[str]:
    pinerc, mbox = folder / "pinerc", folder / "all.mbox"
    pinerc.write_text(PINERC.format(folder=folder))
    (folder / "empty.mbox").touch()
    if not mbox.exists():
        with mbox.open("wb") as file:
            for each in sorted(each for part in ("cur", "new") for each in (maildir / part).iterdir()):
                body = re.sub(rb"^(>*From )", rb">\1", each.read_bytes(), flags=re.MULTILINE)
                file.write(b"From ada@example.org Thu Jan  1 00:00:00 2026\n" + body.rstrip(b"\n") + b"\n\n")
    return ["alpine", "-p", str(pinerc), "-o", "-i", "-f", str(mbox)]
