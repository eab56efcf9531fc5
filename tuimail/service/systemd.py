"""The user's systemd: the unit file and systemctl."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.durable import fsync_folder, storage_error, write_durably
from tuimail.errors import StorageError
from tuimail.private_files import make_private
from tuimail.service.unit import MARK, NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 60.0
"""Seconds before systemctl is given up; stopping waits for a letter whose dot was sent."""

RELOAD = ("daemon-reload",)
ENABLE = ("enable", NAME)
RESTART = ("restart", NAME)
DISABLE = ("disable", "--now", NAME)


@dataclass(frozen=True, slots=True)
class SystemctlResult:
    """The result of a systemctl call."""

    ok: bool
    output: str


class UnitFile:
    """The unit on disk."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Where ``environ`` says that the user's units are."""
        base = environ.get("XDG_CONFIG_HOME", "")
        root = Path(base) if base.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".config"
        self.path = root / "systemd" / "user" / NAME

    def installed(self) -> bool:
        """The unit exists and was written by tuimail."""
        return self._first_line() == MARK

    def foreign(self) -> bool:
        """A file that tuimail did not write has this name."""
        return self._first_line() not in (None, MARK)

    def write(self, text: str) -> None:
        """Write the unit; replaces an earlier one of tuimail.

        Raises:
            StorageError: the disk refuses, or a file that tuimail did not write has this name.
        """
        self._refuse_foreign("nothing was installed")
        try:
            make_private(self.path.parent)
        except OSError as error:
            raise storage_error(self.path, error) from error
        write_durably(self.path, text.encode())

    def remove(self) -> bool:
        """Delete the unit; returns whether it existed.

        Raises:
            StorageError: the disk refuses, or tuimail did not write the file.
        """
        self._refuse_foreign("nothing was removed")
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(self.path, error) from error
        fsync_folder(self.path.parent)
        return True

    def _refuse_foreign(self, so: str) -> None:
        if self.foreign():
            raise StorageError(
                f"{self.path} was not written by tuimail; {so}.", hint="Move it away if you do not need it."
            )

    def _first_line(self) -> str | None:
        """None: no such file. A link, even a dangling one, was not made by tuimail."""
        if self.path.is_symlink():
            return ""
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                return file.readline(200).rstrip("\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be read: {error.strerror}.", hint="Check the permissions of the folder."
            ) from error


def available() -> bool:
    """Whether this machine runs systemd."""
    return shutil.which("systemctl") is not None


def answers() -> SystemctlResult:
    """Whether the user's manager answers (not under ``su``, in most containers, or without a log-in)."""
    result = systemctl("is-system-running")
    # The exit code is about the whole session ("degraded"); only no output and a refused bus mean no manager.
    return SystemctlResult(result.output.split(" ")[0] in _RUNNING, result.output)


_RUNNING = ("initializing", "starting", "running", "degraded", "maintenance", "stopping")


def systemctl(*words: str) -> SystemctlResult:
    """``systemctl --user WORDS``; never raises."""
    program = shutil.which("systemctl")
    if program is None:
        return SystemctlResult(ok=False, output="systemctl is not installed")
    try:
        ran = subprocess.run(
            [program, "--user", *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""},
        )
    except subprocess.TimeoutExpired:
        return SystemctlResult(ok=False, output=f"systemctl gave no answer within {LIMIT:.0f} seconds")
    except OSError as error:
        return SystemctlResult(ok=False, output=f"systemctl cannot be run: {error.strerror}")
    return SystemctlResult(ok=ran.returncode == 0, output=" ".join((ran.stdout or ran.stderr).split()))


def typed(words: tuple[str, ...]) -> str:
    """The command as a user would type it."""
    return " ".join(("systemctl", "--user", *words))
