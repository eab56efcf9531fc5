"""A server that remembers every letter it took, and can be told to put people off or to misbehave by chance.

A process of its own, forked, so that nobody who forks has threads. What it took, it writes down before it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tests.support.smtp_sink import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter it took."""

    message_id: str
    to: tuple[str, ...]
    digest: str
    whole: bool
    """The seal in it fits the rest."""


def sealed(number: int, size: int = 200) -> bytes:
    """The text of a letter of about ``size`` bytes, with a seal at its end."""
    line = f"{number:08d} " + "abcdefghij" * 6 + "\n"
    text = (line * max(1, size // len(line))).encode()
    return text + b"seal " + hashlib.sha256(text).hexdigest().encode() + b"\n"


def _whole(letter: bytes) -> bool:
    _, _, text = letter.replace(b"\r\n", b"\n").partition(b"\n\n")
    body, found, seal = text.rpartition(b"seal ")
    return bool(found) and hashlib.sha256(body).hexdigest().encode() == seal.strip()


@dataclass(slots=True)
class Witness:
    """A running server."""

    port: int
    ledger: Path
    pid: int

    @property
    def talks(self) -> int:
        """How many connections there were."""
        path = self.ledger.with_suffix(".talks")
        return path.stat().st_size if path.exists() else 0

    def mark(self) -> int:
        """A moment to count from."""
        return self.ledger.stat().st_size if self.ledger.exists() else 0

    def taken(self, since: int = 0) -> list[Taken]:
        """What it took after ``since``, in order."""
        if not self.ledger.exists():
            return []
        with self.ledger.open("rb") as file:
            file.seek(since)
            lines = file.read().splitlines()
        return [Taken(d["id"], tuple(d["to"]), d["digest"], d["whole"]) for d in map(json.loads, lines)]


def copies(taken: Iterable[Taken]) -> Counter[tuple[str, str]]:
    """(Message-ID, recipient) -> how often that recipient got it."""
    return Counter((each.message_id, to) for each in taken for to in each.to)


@contextlib.contextmanager
def witness(ledger: Path, *, faults: float = 0.0, seed: int = 0, stop_at_dot: Path | None = None) -> Iterator[Witness]:
    """Run one. ``faults``: the share of commands that come to grief.

    People called ``later...`` are put off the first time. While the file ``stop_at_dot`` exists, no dot is answered.
    """
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(64)
    pid = os.fork()
    if pid == 0:
        _serve(sock, Service(ledger, faults, random.Random(seed), stop_at_dot))
    try:
        yield Witness(int(sock.getsockname()[1]), ledger, pid)
    finally:
        sock.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def sink(folder: Path) -> Iterator[Sink]:
    """Postfix's smtp-sink, written by others, which puts each letter it took into a file of its own."""
    folder.mkdir()
    folder.chmod(0o777)
    for each in folder.parents:
        if each.name.startswith("tuimail-proof-"):
            each.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    argv = [str(PROGRAM), *user, "-d", f"{folder}/%s.", f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            listening(port)
            yield Sink(port, folder, process.pid)
        finally:
            process.kill()


def listening(port: int) -> None:
    """Wait until somebody answers on ``port``."""
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


class Sink(Witness):
    """A running smtp-sink; its ``ledger`` is a folder."""

    def taken(self, since: int = 0) -> list[Taken]:
        """What it took."""
        return [_dumped(each.read_bytes()) for each in self.ledger.iterdir()]


def _dumped(data: bytes) -> Taken:
    """A letter as smtp-sink keeps it, with the envelope in lines of its own on top."""
    top, _, text = data.partition(b"\nReceived:")
    letter = text.partition(b"\n")[2]
    while letter.startswith((b"\t", b" ")):
        letter = letter.partition(b"\n")[2]
    to = tuple(each.decode() for each in re.findall(rb"^X-Rcpt-Args: <(.*?)>", top, re.MULTILINE))
    found = re.search(rb"^Message-ID: (\S+)", letter, re.MULTILINE | re.IGNORECASE)
    text = letter.rstrip(b"\n") + b"\n"
    return Taken(found.group(1).decode() if found else "", to, hashlib.sha256(letter).hexdigest(), _whole(text))


def _serve(sock: socket.socket, service: Service) -> NoReturn:
    """Until killed, or until the rig is gone."""
    parent = os.getppid()

    async def main() -> None:
        server = await asyncio.start_server(service.talk, sock=sock, limit=1 << 20)
        while os.getppid() == parent:  # noqa: ASYNC110  the system does not tell
            await asyncio.sleep(1.0)
        server.close()

    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        asyncio.run(main())
    finally:
        os._exit(0)


class Service:
    """The server's side of every dialogue."""

    def __init__(self, ledger: Path, faults: float, chance: random.Random, stop_at_dot: Path | None) -> None:
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._talks = os.open(ledger.with_suffix(".talks"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._faults = faults
        self._chance = chance
        self._stop_at_dot = stop_at_dot
        self._put_off: set[str] = set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        os.write(self._talks, b".")
        try:
            await self._dialogue(reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to: list[str] = []
        begun = False
        await self._say(writer, "220 witness.example ESMTP")
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "QUIT":
                await self._say(writer, "221 2.0.0 bye")
                return
            if fault := self._fault():
                if verb == "RCPT" and fault.startswith("4"):
                    await self._say(writer, fault)  # this recipient only
                    continue
                await self._misbehave(writer, fault)
                to.clear()
                begun = False
            elif verb in ("RCPT", "DATA") and not begun:
                await self._say(writer, "503 5.5.1 MAIL first")
            elif verb == "EHLO":
                await self._say(writer, "250-witness.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000")
            elif verb == "RCPT":
                await self._recipient(line, to, writer)
            elif verb == "DATA" and to:
                await self._say(writer, "354 go on")
                await self._letter(reader, writer, to)
                to.clear()
                begun = False
            elif verb == "DATA":
                await self._say(writer, "554 5.5.1 no valid recipients")
            else:
                if verb in ("MAIL", "RSET"):
                    to.clear()
                    begun = verb == "MAIL"
                await self._say(writer, "250 2.0.0 ok")

    async def _recipient(self, line: str, to: list[str], writer: asyncio.StreamWriter) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if address.startswith("later") and address not in self._put_off:
            self._put_off.add(address)
            await self._say(writer, "451 4.2.0 later, please")
        else:
            to.append(address)
            await self._say(writer, "250 2.1.5 ok")

    async def _letter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: list[str]) -> None:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise EOFError
            lines.append(line.removeprefix(b"."))
        fault = self._fault()
        # An answer of 4yz means that it was not taken; after any other failure it may have been.
        if not fault or (not fault.startswith("4") and self._chance.random() < 0.5):
            self._note(b"".join(lines), to)
        while self._stop_at_dot is not None and self._stop_at_dot.exists():  # noqa: ASYNC110  of another process
            await asyncio.sleep(0.01)
        if fault:
            await self._misbehave(writer, fault)
        else:
            await self._say(writer, "250 2.0.0 taken")

    def _note(self, letter: bytes, to: list[str]) -> None:
        found = re.search(rb"^Message-ID: (\S+)", letter, re.MULTILINE | re.IGNORECASE)
        digest = hashlib.sha256(letter).hexdigest()
        entry = {"id": found.group(1).decode() if found else "", "to": to, "digest": digest, "whole": _whole(letter)}
        os.write(self._ledger, json.dumps(entry).encode() + b"\n")

    def _fault(self) -> str:
        if self._chance.random() >= self._faults:
            return ""
        return self._chance.choice(("421 4.3.2 going down", "451 4.3.0 trouble", "close", "reset", "garbage"))

    async def _misbehave(self, writer: asyncio.StreamWriter, fault: str) -> None:
        if fault[0].isdigit():
            await self._say(writer, fault)
            if not fault.startswith("421"):
                return
        elif fault == "garbage":
            writer.write(b"\xff\xfenonsense\r\n")
            await writer.drain()
        elif fault == "reset":
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        raise EOFError

    async def _say(self, writer: asyncio.StreamWriter, reply: str) -> None:
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
