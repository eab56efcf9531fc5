"""The crontab line for machines without a service manager. It is shown to the user, never installed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from tuimail.service.environment import LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT = 5.0
"""Seconds before the program crontab is given up."""


def line(command: Sequence[str], environment: Mapping[str, str], *, folder: str = "") -> str:
    """Every five minutes ``command`` (one that ends when what is due was tried)."""
    words = [f"{name}={shlex.quote(environment[name])}" for name in LOCATIONS if environment.get(name)]
    words += [shlex.quote(each) for each in command]
    inside = f"cd {shlex.quote(folder)} && " if folder else ""
    # cron takes a bare percent sign for the end of the line.
    return f"*/5 * * * * {inside}{' '.join(words)}".replace("%", "\\%")


def installed() -> bool:
    """Whether the user's crontab runs the outbox."""
    program = shutil.which("crontab")
    if program is None:
        return False
    try:
        ran = subprocess.run([program, "-l"], capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    lines = (each.strip() for each in ran.stdout.splitlines())
    return any("tuimail" in each and " run" in each and not each.startswith("#") for each in lines)
