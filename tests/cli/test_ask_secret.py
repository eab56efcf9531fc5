"""A question on a terminal that is broken off: the terminal shows again what is typed."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.cli.conftest import CONFIG
from tuimail.config.password_file import PasswordFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.paths import Paths


def echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def test_it_echoes_again_after_an_interrupt(write_config: Callable[[str], None], home: Paths) -> None:
    write_config(CONFIG)
    PasswordFile(home.secrets_file).create("correct horse")
    master, terminal = os.openpty()
    try:
        run = subprocess.Popen(
            [sys.executable, "-m", "tuimail", "account", "passphrase"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        shown = b""
        while not shown.rstrip().endswith(b"password file:"):
            shown += os.read(master, 1000)
        while echoes(terminal):  # the prompt may be written before the echo is off
            pass
        run.send_signal(2)
        assert run.wait(30) == 130
        assert echoes(terminal)
    finally:
        os.close(master)
        os.close(terminal)
