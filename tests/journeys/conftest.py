"""A config file for a user of the real Postfix and Dovecot, as somebody would write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.journeys.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tests.support.postfix import Postfix
    from tuimail.paths import Paths


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Ada, whose config file this is, and Bob, who reads."""

    ada: str
    bob: str
    paths: Paths
    postfix: Postfix

    @property
    def dovecot(self) -> Dovecot:
        """Where both have their mail."""
        return self.postfix.dovecot

    def write_config(self, *, port: int | None = None, imap: bool = True, undo_seconds: float = 0) -> Path:
        """Ada's config; ``port`` names another submission port than Postfix's."""
        file = self.paths.config_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        password = json.dumps(["printf", "%s", self.postfix.password])
        common = f"""
host = "{self.postfix.host}"
username = "{self.ada}"
password_command = {password}
ca_file = "{self.postfix.ca_file}"
"""
        text = f"""
default_account = "work"
[accounts.work]
address = "{self.ada}"
name = "Ada Lovelace"
[accounts.work.submission]
port = {port or self.postfix.submission}
security = "starttls"
{common}
"""
        if imap:
            text += f"""
[accounts.work.imap]
port = {self.dovecot.imaps}
security = "tls"
{common}
"""
        text += f"[outbox]\nundo_seconds = {undo_seconds}\n"
        file.write_text(text)
        return file


@pytest.fixture
def correspondence(postfix: Postfix, paths: Paths) -> Correspondence:
    """Two users nobody wrote to before."""
    return Correspondence(postfix.new_user("ada"), postfix.new_user("bob"), paths, postfix)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The real program, in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)
