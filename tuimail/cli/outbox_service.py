"""``tuimail outbox service install|remove|status``: keep sending without a screen, from log-in on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.cli.output import note, say, say_json
from tuimail.cli.session import load_config, no_account
from tuimail.config.model import SubmissionCommand
from tuimail.coordination.change_notifier import PeerRole, neighbours
from tuimail.errors import EX_OK, EX_UNAVAILABLE
from tuimail.service import crontab, systemd
from tuimail.service.unit import CARRIED, NAME, unit_text

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.config.model import Config
    from tuimail.paths import Paths

LINGER = "loginctl enable-linger"
"""Lets the user's services go on after the last log-out."""


def verb(args: Namespace, paths: Paths) -> int:
    """Carry out ``service``."""
    return {"install": _install, "remove": _remove, "status": _status}[args.action](args, paths)


def _install(args: Namespace, paths: Paths) -> int:
    config = load_config(paths)
    if not config.accounts:
        raise no_account(config, paths)
    if not systemd.available():
        return _offer_crontab(json=args.json)
    file = systemd.UnitFile(os.environ)
    command, folder = this_program()
    file.write(
        unit_text([*command, "outbox", "run", "--watch"], environment(), folder=folder, hands_over=_hands_over(config))
    )
    steps = (systemd.RELOAD, systemd.ENABLE, systemd.RESTART)
    # Restarted, not just started: a service that runs goes by the unit and the program of before.
    failed, left = _carry_out(*steps)
    document = {"unit": str(file.path), "installed": True, "running": not left, "to_type": left}
    if args.json:
        say_json({**document, "words": failed})
    elif left:
        say(f"written: {file.path}")
        note(f"tuimail: It does not run yet: {failed}.")
        note("  From a session of yours, type:")
        for each in left:
            note(f"    {each}")
    else:
        say(f"installed and running: {file.path}")
        note(f"It ends when you log out for the last time. To keep it running: {LINGER}")
    return EX_UNAVAILABLE if left else EX_OK


def _remove(args: Namespace, paths: Paths) -> int:
    file = systemd.UnitFile(os.environ)
    if file.foreign():
        file.remove()  # refuses, in words
    was = file.installed()
    failed, left = "", list[str]()
    if was and systemd.available():
        failed, left = _carry_out(systemd.DISABLE)
    file.remove()
    if was and systemd.available() and not left:
        _carry_out(systemd.RELOAD)
    going = [each.pid for each in neighbours(paths.outbox) if each.role is PeerRole.WATCH and each.here]
    if args.json:
        say_json({"unit": str(file.path), "removed": was, "to_type": left, "words": failed, "watching": going})
    elif was:
        say(f"removed: {file.path}")
        for each in left:
            note(f"tuimail: It may still run ({failed}). Type: {each}")
    else:
        say("There is no service of tuimail to remove.")
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
        say_json(
            {
                "unit": str(file.path), "installed": installed, "foreign": foreign, "manager": there,
                "enabled": enabled == "enabled", "active": active == "active", "crontab": cron, "watched": watched,
                "at_work": [{"role": str(each.role), "pid": each.pid, "here": each.here} for each in at_work],
            }
        )  # fmt: skip
        return EX_OK
    if foreign:
        say(f"service    {file.path} was not written by tuimail")
    elif not installed:
        say("service    not installed; to install it: tuimail outbox service install")
    elif not there:
        say(f"service    installed ({file.path}); the service manager cannot be asked from here")
    else:
        say(f"service    {active or 'unknown'}, {enabled or 'unknown'} ({file.path})")
    say(f"crontab    {'runs the outbox' if cron else 'nothing in it'}")
    for each in at_work:
        kind = "tuimail outbox run --watch" if each.role is PeerRole.WATCH else "tuimail with its screens"
        say(f"at work    {kind}, process {each.pid}{'' if each.here else ' of another machine'}")
    if not at_work:
        say("at work    nobody: letters wait until tuimail is opened, or for the crontab" if cron else
            "at work    nobody: letters wait until tuimail is opened")  # fmt: skip
    return EX_OK


def _carry_out(*steps: tuple[str, ...]) -> tuple[str, list[str]]:
    """Do them in order; what the first one that failed said, and what is left to type."""
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
    line = crontab.line([*command, "outbox", "run"], environment(), folder=folder)
    if json:
        say_json({"unit": None, "installed": False, "running": False, "crontab": line})
    else:
        note("tuimail: There is no systemd on this machine. Put this line into your crontab (crontab -e):")
        say(line)
        note("  Or leave this running: tuimail outbox run --watch")
    return EX_UNAVAILABLE


def this_program() -> tuple[list[str], str]:
    """How to start this very tuimail again, by absolute paths; and where, if it is found there alone."""
    script = shutil.which(sys.argv[0]) if sys.argv else None
    if script is not None and Path(script).name == "tuimail":
        return [str(Path(script).absolute())], ""
    import tuimail

    home = Path(tuimail.__file__).parent.parent
    packed = home.name in ("site-packages", "dist-packages")
    return [sys.executable, "-m", "tuimail"], "" if packed else str(home)


def environment() -> dict[str, str]:
    """What the service must see of this shell, with the config file by its absolute path."""
    found = {name: os.environ[name] for name in CARRIED if os.environ.get(name)}
    named = found.get("TUIMAIL_CONFIG")
    if named:
        found["TUIMAIL_CONFIG"] = str(Path(named).expanduser().absolute())
    return found


def _hands_over(config: Config) -> bool:
    return any(isinstance(each.submission, SubmissionCommand) for each in config.accounts.values())
