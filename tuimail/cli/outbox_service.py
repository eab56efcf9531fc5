"""``tuimail outbox service install|remove|status``: the background service that sends from log-in on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.cli.output import print_json, print_line, print_note
from tuimail.cli.session import load_config, no_account
from tuimail.config.model import SubmissionCommand
from tuimail.coordination.change_notifier import PeerRole, neighbours
from tuimail.errors import EX_OK, EX_UNAVAILABLE
from tuimail.service import crontab, systemd
from tuimail.service.environment import CARRIED
from tuimail.service.unit import NAME, unit_text

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.config.model import Config
    from tuimail.paths import Paths

LINGER = "loginctl enable-linger"
"""Command that keeps the user's services running after the last log-out."""


def verb(args: Namespace, paths: Paths) -> int:
    """Run ``service``."""
    return {"install": _install, "remove": _remove, "status": _status}[args.action](args, paths)


def _install(args: Namespace, paths: Paths) -> int:
    config = load_config(paths)
    if not config.accounts:
        raise no_account(config, paths)
    if not systemd.available():
        return _offer_crontab(json=args.json)
    file = systemd.UnitFile(os.environ)
    command, folder = this_program()
    file.write(unit_text([*command, "run"], environment(), folder=folder, hands_over=_hands_over(config)))
    steps = (systemd.RELOAD, systemd.ENABLE, systemd.RESTART)
    # Restarted, not just started: a running service still uses the old unit and program.
    failed, left = _carry_out(*steps)
    document = {"unit": str(file.path), "installed": True, "running": not left, "to_type": left}
    if args.json:
        print_json({**document, "words": failed})
    elif left:
        print_line(f"written: {file.path}")
        print_note(f"tuimail: The service does not run yet: {failed}.")
        print_note("  Log in as this user and type:")
        for each in left:
            print_note(f"    {each}")
    else:
        print_line(f"installed and running: {file.path}")
        print_note(f"It ends when you log out for the last time. To keep it running: {LINGER}")
    return EX_UNAVAILABLE if left else EX_OK


def _remove(args: Namespace, paths: Paths) -> int:
    file = systemd.UnitFile(os.environ)
    if file.foreign():
        file.remove()  # raises an error that says why
    was = file.installed()
    failed, left = "", list[str]()
    if was and systemd.available():
        failed, left = _carry_out(systemd.DISABLE)
    file.remove()
    if was and systemd.available() and not left:
        _carry_out(systemd.RELOAD)
    going = [each.pid for each in neighbours(paths.outbox) if each.role is PeerRole.WATCH and each.here]
    if args.json:
        print_json({"unit": str(file.path), "removed": was, "to_type": left, "words": failed, "watching": going})
    elif was:
        print_line(f"removed: {file.path}")
        for each in left:
            print_note(f"tuimail: It may still run ({failed}). Type: {each}")
    else:
        print_line("The service is not installed.")
    return EX_OK


def _status(args: Namespace, paths: Paths) -> int:
    file = systemd.UnitFile(os.environ)
    installed, foreign = file.installed(), file.foreign()
    there = systemd.available() and systemd.answers().ok
    enabled = systemd.systemctl("is-enabled", NAME).output if there and installed else ""
    active = systemd.systemctl("is-active", NAME).output if there and installed else ""
    at_work = neighbours(paths.outbox)
    cron = crontab.installed()
    watched = any(each.role is PeerRole.WATCH for each in at_work)
    if args.json:
        print_json(
            {
                "unit": str(file.path), "installed": installed, "foreign": foreign, "manager": there,
                "enabled": enabled == "enabled", "active": active == "active", "crontab": cron, "watched": watched,
                "at_work": [{"role": str(each.role), "pid": each.pid, "here": each.here} for each in at_work],
            }
        )  # fmt: skip
        return EX_OK
    if foreign:
        print_line(f"service    {file.path} was not written by tuimail")
    elif not installed:
        print_line("service    not installed; to install it: tuimail outbox service install")
    elif not there:
        print_line(f"service    installed ({file.path}); the service manager does not answer here")
    else:
        print_line(f"service    {active or 'unknown'}, {enabled or 'unknown'} ({file.path})")
    print_line(f"crontab    {'runs the outbox' if cron else 'nothing in it'}")
    for each in at_work:
        kind = "tuimail run, or outbox run --watch" if each.role is PeerRole.WATCH else "tuimail with its screens"
        print_line(f"at work    {kind}, process {each.pid}{'' if each.here else ' of another machine'}")
    if not at_work:
        print_line("at work    no process: letters wait until tuimail is opened, or for the crontab" if cron else
            "at work    no process: letters wait until tuimail is opened")  # fmt: skip
    return EX_OK


def _carry_out(*steps: tuple[str, ...]) -> tuple[str, list[str]]:
    """Run the steps in order; returns the output of the first that failed, and the commands left for the user."""
    there = systemd.answers()
    if not there.ok:
        return _short(there.output) or "the service manager does not answer", [systemd.typed(each) for each in steps]
    for place, step in enumerate(steps):
        answer = systemd.systemctl(*step)
        if not answer.ok:
            return _short(answer.output) or "systemctl refused", [systemd.typed(each) for each in steps[place:]]
    return "", []


def _short(words: str) -> str:
    return words[:200].rstrip(". ")


def _offer_crontab(*, json: bool) -> int:
    command, folder = this_program()
    line = crontab.line([*command, "run", "--once"], environment(), folder=folder)
    if json:
        print_json({"unit": None, "installed": False, "running": False, "crontab": line})
    else:
        print_note("tuimail: There is no systemd on this machine. Put this line into your crontab (crontab -e):")
        print_line(line)
        print_note("  Or leave this running: tuimail run")
    return EX_UNAVAILABLE


def this_program() -> tuple[list[str], str]:
    """The command that starts this installation of tuimail, and the folder it must run in, if any."""
    script = shutil.which(sys.argv[0]) if sys.argv else None
    if script is not None and Path(script).name == "tuimail":
        return [str(Path(script).absolute())], ""
    import tuimail

    home = Path(tuimail.__file__).parent.parent
    packed = home.name in ("site-packages", "dist-packages")
    return [sys.executable, "-m", "tuimail"], "" if packed else str(home)


def environment() -> dict[str, str]:
    """The environment variables for the service, with an absolute path to the config file."""
    found = {name: os.environ[name] for name in CARRIED if os.environ.get(name)}
    named = found.get("TUIMAIL_CONFIG")
    if named:
        found["TUIMAIL_CONFIG"] = str(Path(named).expanduser().absolute())
    return found


def _hands_over(config: Config) -> bool:
    return any(isinstance(each.submission, SubmissionCommand) for each in config.accounts.values())
