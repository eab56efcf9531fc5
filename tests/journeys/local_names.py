"""``tuimail`` in a world where DNS leads to this machine: its own process, with a resolver and ports for discovery.

``TUIMAIL_TEST_PORTS`` has the ports of a LoopbackProvider as JSON. All else is the program's own.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from tests.accounts.discovery.loopback_provider import OWN, ScriptedResolver
from tests.journeys.program import Program
from tuimail.accounts.discovery.network import Network
from tuimail.cli import main
from tuimail.tls import tls_context

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "TUIMAIL_TEST_PORTS"


@dataclass(frozen=True, slots=True)
class LocalProgram(Program):
    """The program of a user whose provider is on this machine."""

    def argv(self, *words: str) -> list[str]:
        """The command line of ``tuimail`` with ``words``."""
        return [sys.executable, "-m", "tests.journeys.local_names", *words]


async def _network(_ca_file: Path | None = None) -> Network:
    ports = {int(port): there for port, there in json.loads(os.environ[VARIABLE]).items()}
    return Network(ScriptedResolver(), tls_context(None), ports, OWN)


if __name__ == "__main__":
    import_module("tuimail.accounts.discovery.discover").__dict__["system_network"] = _network
    sys.exit(main())
