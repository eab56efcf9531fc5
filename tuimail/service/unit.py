"""The text of the systemd user unit. Pure; the quoting is that of systemd.service(5) and systemd.syntax(7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuimail.service.environment import CARRIED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "tuimail-outbox.service"

MARK = "# Written by: tuimail outbox service install"
"""The first line of every unit that tuimail writes; a file without it is never replaced."""

HARDENING = ("NoNewPrivileges=yes", "LockPersonality=yes", "RestrictRealtime=yes", "SystemCallArchitectures=native")
"""For SMTP accounts only: all of these disable set-group-ID, which a local ``sendmail`` needs."""


def unit_text(
    command: Sequence[str], environment: Mapping[str, str], *, folder: str = "", hands_over: bool = False
) -> str:
    """The unit.

    Args:
        command: what to run, beginning with an absolute path.
        environment: what is set when it runs; only ``CARRIED`` names are taken, and no value of several lines.
        folder: where it runs; empty: the user's home.
        hands_over: an account hands its letters to a local program, so that ``HARDENING`` does not fit.
    """
    carried = [
        f"Environment={quoted(f'{name}={environment[name]}')}"
        for name in CARRIED
        if environment.get(name) and environment[name].isprintable()
    ]
    lines = [
        MARK,
        "# Changes are lost when it is installed again; your own go to: systemctl --user edit tuimail-outbox",
        "[Unit]",
        "Description=Send the letters in tuimail's outbox, and keep mail in step",
        "Documentation=man:systemd.service(5)",
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={' '.join(argument(each) for each in command)}",
        *([f"WorkingDirectory={folder.replace('%', '%%')}"] if folder else []),
        *carried,
        "Restart=on-failure",
        "RestartSec=10",
        "# A usage error or a config without an account will not go away by a restart.",
        "RestartPreventExitStatus=64 78",
        "# Gives a letter whose final dot was sent some seconds for the server's answer.",
        "TimeoutStopSec=30",
        "UMask=0077",
        *(() if hands_over else HARDENING),
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """``text`` as one word of a unit file: quotes and backslashes escaped, no specifier expanded."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def argument(text: str) -> str:
    """``text`` as one word of ExecStart, where a dollar sign would be expanded as well."""
    return text if re.fullmatch(r"[A-Za-z0-9_./:=@+-]+", text) else quoted(text).replace("$", "$$")
