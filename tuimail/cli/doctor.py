"""``tuimail doctor``: checks versions, folders, config, outbox, keyring and servers, and says how to fix problems."""

from __future__ import annotations

import os
import platform
import stat
import sys
from typing import TYPE_CHECKING

from tuimail import __version__
from tuimail.cli.output import BOLD, DIM, GREEN, RED, YELLOW, Style, print_json
from tuimail.cli.parser import Parser
from tuimail.cli.session import load_config, outbox_of
from tuimail.cli.session import run as run_loop
from tuimail.errors import EX_CANTCREAT, EX_CONFIG, EX_OK, TuimailError

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.accounts.finding import Finding
    from tuimail.config.model import Config
    from tuimail.paths import Paths

LIBRARIES = ("textual", "aiosmtplib", "aioimaplib", "keyring", "cryptography")


class DoctorReport:
    """Prints each line at once, or collects it for the JSON document."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.entries: list[dict[str, object]] = []
        self.code = EX_OK

    def section(self, title: str) -> None:
        """A heading."""
        if not self.json:
            sys.stdout.write(f"\n{Style(sys.stdout)(title, BOLD)}\n")

    def add(self, subject: str, words: str, *, ok: bool = True, hint: str = "", code: int = EX_OK) -> None:
        """Add one line; ``code`` is the exit code if it is bad; EX_OK makes it a warning."""
        self.entries.append({"subject": subject, "ok": ok, "words": words, "hint": hint})
        if not ok:
            self.code = self.code or code
        if self.json:
            return
        style = Style(sys.stdout)
        mark = style("ok", GREEN) if ok else style("!!", RED if code else YELLOW, BOLD)
        sys.stdout.write(f"  {mark}  {style(f'{subject:<12}')} {style(words)}\n")
        if hint and not ok:
            sys.stdout.write(f"      {style(hint, DIM)}\n")
        sys.stdout.flush()


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail doctor",
        description="Check versions, folders, config, outbox, keyring and every server, and say what to do about it.",
        examples=("tuimail doctor", "tuimail doctor --offline"),
    )
    made.add_argument("--offline", action="store_true", help="do not contact the servers")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    args = parser().parse_args(argv)
    report = DoctorReport(json=args.json)
    config = load_config(paths, quiet=True, on_screen=True)
    _versions(report)
    _folders(report, paths)
    _config(report, config, paths)
    _outbox(report, config, paths)
    if not args.offline:
        run_loop(_servers(report, config))
    if args.json:
        print_json({"ok": report.code == EX_OK, "findings": report.entries})
    return report.code


def _versions(report: DoctorReport) -> None:
    import sqlite3
    import ssl
    from importlib.metadata import PackageNotFoundError, version

    report.section("Versions")
    report.add("tuimail", __version__)
    report.add("python", f"{platform.python_version()} on {platform.system()}")
    report.add("sqlite", sqlite3.sqlite_version)
    report.add("openssl", ssl.OPENSSL_VERSION)
    for name in LIBRARIES:
        try:
            report.add(name, version(name))
        except PackageNotFoundError:
            report.add(name, "missing", ok=False, hint="Install tuimail again.", code=EX_CONFIG)


def _folders(report: DoctorReport, paths: Paths) -> None:
    report.section("Folders")
    report.add("config", str(paths.config_file))
    for name, folder in (("data", paths.data), ("cache", paths.cache), ("state", paths.state)):
        wrong, hint = folder_fault(folder)
        report.add(name, f"{folder}{wrong}", ok=not wrong, hint=hint, code=EX_CANTCREAT if name == "data" else EX_OK)


def folder_fault(folder: Path) -> tuple[str, str]:
    """What is wrong with a folder of tuimail and what to do; empty if nothing is wrong or it does not exist yet."""
    try:
        info = folder.stat()
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return f": {error.strerror}", "Check its permissions."
    if not stat.S_ISDIR(info.st_mode):
        return " is not a folder", "Move it away."
    if info.st_uid != os.geteuid():
        return " belongs to another user", "Name another folder with the XDG variables."
    if stat.S_IMODE(info.st_mode) & 0o077:
        return " is open to others", f"Run: chmod 700 {folder}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return " cannot be written to", f"Run: chmod 700 {folder}"
    return "", ""


def _config(report: DoctorReport, config: Config, paths: Paths) -> None:
    report.section("Config")
    if config.file is None:
        hint = "Add an account with: tuimail account add; or try: tuimail demo"
        report.add("file", "there is none yet", ok=False, hint=hint, code=EX_CONFIG)
    elif not config.accounts:
        hint = "Add one with: tuimail account add"
        report.add("account", "there is none that can be used", ok=False, hint=hint, code=EX_CONFIG)
    for problem in config.problems:
        report.add("problem", str(problem), ok=False, code=EX_OK if problem.warning else EX_CONFIG)
    for account in config.accounts.values():
        report.add("account", f"{account.name}: {account.identity} via {account.via}")
    from tuimail.config.theme_file import load_theme

    _, problems = load_theme(config.ui.theme, paths)
    for problem in problems:
        report.add("theme", str(problem), ok=False)


def _outbox(report: DoctorReport, config: Config, paths: Paths) -> None:
    from time import time

    from tuimail.cli.account_notices import notices_of
    from tuimail.cli.outbox_list import totals

    report.section("Outbox")
    try:
        with outbox_of(config, paths) as outbox:
            items = outbox.queries.items() if outbox is not None else []
            notices = notices_of(outbox, config)
    except TuimailError as error:
        report.add("outbox", str(error), ok=False, hint=error.hint, code=error.exit_code)
        return
    yours = [item for item in items if item.needs_you]
    report.add("outbox", totals(items) or "empty", ok=not yours, hint="See: tuimail outbox list")
    for notice in notices.values():
        report.add("account", f"{notice.title}. {notice.happened}", ok=False, hint=notice.what_to_do(time()))


async def _servers(report: DoctorReport, config: Config) -> None:
    from tuimail.cli.account import verdict
    from tuimail.cli.account_check import check

    for account in config.accounts.values():
        report.section(f"Account {account.name}")

        def tell(finding: Finding) -> None:
            report.add(finding.server, finding.words, ok=finding.ok, hint=finding.hint, code=verdict((finding,)))

        await check(account, tell=tell, show=not report.json)
