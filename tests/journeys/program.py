"""``python -m tuimail`` as a process of its own, with its own folders; as a user or a script starts it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuimail.paths import Paths

ROOT = Path(__file__).parents[2]

SECONDS = 60.0
"""The longest a command may take before the test fails."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """The program of one user; every command is a process."""

    home: Path
    more: dict[str, str] = field(default_factory=dict)
    """Further variables of its environment."""

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's but what Python needs."""
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.more,
        }

    @property
    def config_file(self) -> Path:
        """Where it looks for its config."""
        return self.home / ".config" / "tuimail" / "config.toml"

    @property
    def data(self) -> Path:
        """Where it keeps letters."""
        return self.home / ".local" / "share" / "tuimail"

    @property
    def outbox(self) -> Path:
        """Letters and their index."""
        return self.data / "outbox"

    @property
    def paths(self) -> Paths:
        """The same folders, for an engine in this process."""
        return Paths.from_environment({"HOME": str(self.home)})

    def configure(self, text: str) -> None:
        """Write the config file."""
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.config_file.write_text(text)
        self.config_file.chmod(0o600)

    def argv(self, *words: str) -> list[str]:
        """The command line of ``tuimail`` with ``words``."""
        return [sys.executable, "-m", "tuimail", *words]

    def run(self, *words: str, text: str | bytes = "hello\n", seconds: float = SECONDS) -> Ran:
        """Run a command to its end, with ``text`` on its standard input."""
        return self._ran(self.argv(*words), text, seconds)

    def shell(self, script: str, *, text: str | bytes = "hello\n", seconds: float = SECONDS) -> Ran:
        """Run a line of shell in which ``tuimail`` is the program."""
        command = f"""tuimail() {{ {shlex.join(self.argv())} "$@"; }}; {script}"""
        return self._ran(["bash", "-c", command], text, seconds)

    def _ran(self, argv: list[str], text: str | bytes, seconds: float) -> Ran:
        done = subprocess.run(
            argv,
            env=self.environment,
            input=text.encode() if isinstance(text, str) else text,
            capture_output=True,
            timeout=seconds,
            cwd=self.home,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
        # Whatever it is, a user never sees these.
        assert "Traceback" not in ran.err + ran.out, ran.err
        assert "Exception ignored" not in ran.err, ran.err
        return ran

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command and do not wait."""
        return subprocess.Popen(
            self.argv(*words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.home,
        )

    def items(self, *, everything: bool = True) -> list[dict[str, Any]]:
        """The outbox as JSON says it."""
        ran = self.run("outbox", "list", "--json", *(["--all"] if everything else []))
        assert ran.code == 0, ran
        found: list[dict[str, Any]] = ran.document
        return found


def account(port: int, *, more: str = "", outbox: str = "undo_seconds = 0") -> str:
    """A config whose only account sends to a server on ``port`` of this machine, without TLS and sign-in."""
    return f"""
default_account = "work"
[accounts.work]
address = "ada@example.org"
name = "Ada Lovelace"
[accounts.work.submission]
host = "127.0.0.1"
port = {port}
security = "none"
auth = "none"
{more}
[outbox]
{outbox}
"""
