"""Other programs that hand letters to a server: each function hands over so many and returns the seconds it took."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.scene import FROM, TO, content

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE_SCRIPT = Path("/usr/libexec/msmtp/msmtpqueue/msmtp-runqueue.sh")
"""Where Debian's msmtp puts the queue runner that comes with it."""

_RAW = """
import asyncio, sys, aiosmtplib
port, letters = int(sys.argv[1]), int(sys.argv[2])
body = sys.stdin.buffer.read()
async def main():
    server = dict(hostname="127.0.0.1", port=port, local_hostname="localhost")
    client = aiosmtplib.SMTP(**server, use_tls=False, start_tls=False)
    await client.connect()
    for _ in range(letters):
        await client.sendmail("{FROM}", ["{TO}"], body)
    await client.quit()
asyncio.run(main())
""".replace("{FROM}", FROM).replace("{TO}", TO)


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to hand over letters."""

    name: str
    send: Callable[[Path, int, int, int], float]
    """(a folder of its own, port, letters, bytes of each) -> seconds."""
    each_alone: bool
    """It starts a process or a connection for every letter, so a tenth of the letters will do."""
    needs: str
    """The program it needs."""

    @property
    def here(self) -> bool:
        """It is installed."""
        return bool(shutil.which(self.needs)) and (self.name != "msmtp-queue" or QUEUE_SCRIPT.exists())


def _timed(argv: list[str], *, times: int = 1, given: bytes = b"", home: Path | None = None) -> float:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **({"HOME": str(home)} if home else {})}
    start = time.perf_counter()
    for _ in range(times):
        subprocess.run(argv, input=given, stdout=subprocess.DEVNULL, env=environment, check=True)
    return time.perf_counter() - start


def _msmtp_options(port: int) -> list[str]:
    server = ["--host=127.0.0.1", f"--port={port}", f"--from={FROM}", "--auth=off", "--tls=off", "--domain=localhost"]
    return ["-C", "/dev/null", *server]


def _msmtp(folder: Path, port: int, letters: int, size: int) -> float:
    return _timed(["msmtp", *_msmtp_options(port), TO], times=letters, given=content(1, size), home=folder)


def _msmtp_queue(folder: Path, port: int, letters: int, size: int) -> float:
    queue = folder / ".msmtpqueue"
    queue.mkdir()
    for number in range(letters):
        (queue / f"{number:06}.mail").write_bytes(content(number, size))
        (queue / f"{number:06}.msmtp").write_text(" ".join([*_msmtp_options(port), "--", TO]))
    took = _timed(["sh", str(QUEUE_SCRIPT)], home=folder)
    left = len(list(queue.glob("*.mail")))
    if left:
        raise RuntimeError(f"msmtp-queue left {left} letters")
    return took


def _mutt(folder: Path, port: int, letters: int, size: int) -> float:
    rc = folder / "muttrc"
    rc.write_text(
        f"set smtp_url=smtp://127.0.0.1:{port}/\nset ssl_starttls=no ssl_force_tls=no copy=no from={FROM}\n"
        "set sleep_time=0 use_from=yes abort_nosubject=no hostname=localhost\n"
    )
    body = content(1, size).partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")
    return _timed(["mutt", "-n", "-F", str(rc), "-s", "bench", "--", TO], times=letters, given=body, home=folder)


def _raw_aiosmtplib(folder: Path, port: int, letters: int, size: int) -> float:
    argv = [sys.executable, "-c", _RAW, str(port), str(letters)]
    return _timed(argv, given=content(1, size), home=folder)


def _smtp_source(sessions: int) -> Callable[[Path, int, int, int], float]:
    def send(folder: Path, port: int, letters: int, size: int) -> float:
        options = ["-d", "-l", str(size), "-m", str(letters), "-s", str(sessions), "-f", FROM, "-t", TO]
        return _timed(["smtp-source", *options, f"127.0.0.1:{port}"], home=folder)

    return send


PEERS = (
    Peer("raw aiosmtplib, 1 connection", _raw_aiosmtplib, each_alone=False, needs=sys.executable),
    Peer("smtp-source, 1 session", _smtp_source(1), each_alone=False, needs="smtp-source"),
    Peer("smtp-source, 4 sessions", _smtp_source(4), each_alone=False, needs="smtp-source"),
    Peer("msmtp-queue", _msmtp_queue, each_alone=True, needs="msmtp"),
    Peer("msmtp, a process each", _msmtp, each_alone=True, needs="msmtp"),
    Peer("mutt, a process each", _mutt, each_alone=True, needs="mutt"),
)
